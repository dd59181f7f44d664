"""Commands and their metadata: taken apart completely or refused, and put together again."""

from antiphon.errors import ProtocolError
from antiphon.wire.command import (
    decode_command,
    decode_error,
    decode_metadata,
    decode_ping,
    encode_error,
    encode_metadata,
)

__all__ = ("check",)

#: How libzmq's CURVE server begins an ERROR command.
_MISSPELT = b"^RROR"
_REASONS = ("bad-command", "bad-metadata", "malformed-error")


def check(data: bytes) -> None:
    """Take the bytes as a command, and as the data of each kind of command."""
    for part in (_check_command, _check_metadata, _check_ping, _check_error):
        try:
            part(data)
        except ProtocolError as error:
            assert error.reason in _REASONS
            assert len(error.detail) < 300
    said = encode_error(data.decode("latin-1"))
    assert said[:6] == b"\x05ERROR"
    assert decode_error(said[6:]).isprintable()


def _check_command(body: bytes) -> None:
    command = decode_command(body)
    assert 1 <= len(command.name) <= 255
    if body.startswith(_MISSPELT):
        assert (command.name, command.data) == (b"ERROR", body[5:])
    else:
        assert bytes([len(command.name)]) + command.name + command.data == body


def _check_metadata(data: bytes) -> None:
    properties = decode_metadata(data)
    again = encode_metadata(list(properties.items()))
    assert len(again) == len(data), "something of the metadata was left out"
    assert again.lower() == data.lower()


def _check_ping(data: bytes) -> None:
    ttl_ms, context = decode_ping(data)
    assert 0 <= ttl_ms <= 6_553_500
    assert context == data[2:18]


def _check_error(data: bytes) -> None:
    assert len(decode_error(data)) <= 255 * 4
