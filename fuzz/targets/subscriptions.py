"""SUBSCRIBE and CANCEL from peers of either version, as a publisher takes them (Z20).

The bytes are a list of ``verb (1) | size (1) | topic``; an odd verb cancels.
"""

from collections.abc import Iterator

from antiphon.wire.command import encode_cancel, encode_ready, encode_subscribe
from antiphon.wire.connection import TRAFFIC, Connection
from antiphon.wire.framing import encode_command, encode_message
from antiphon.wire.greeting import encode_greeting
from antiphon.wire.mechanism import Local, NullMechanism
from fuzz.feeding import splits

__all__ = ("check",)

_OPENING = encode_greeting(b"NULL", False) + encode_command(
    encode_ready([(b"Socket-Type", b"SUB")])
)


def check(data: bytes) -> None:
    """Say the same in commands and in messages."""
    wanted = [bytes([not verb & 1]) + topic for verb, topic in _requests(data)]
    commands: list[bytes] = []
    messages: list[bytes] = []
    for request in wanted:
        encode = encode_subscribe if request[0] else encode_cancel
        commands.append(encode_command(encode(request[1:])))
        encode_message([request], messages)
    for stream in (b"".join(commands), b"".join(messages)):
        for pieces in splits(stream):
            _check_stream(pieces, wanted)


def _requests(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 1 < len(data):
        size = data[position + 1]
        yield data[position], data[position + 2 : position + 2 + size]
        position += 2 + size


def _check_stream(pieces: list[bytes], wanted: list[bytes]) -> None:
    connection = Connection(NullMechanism(Local(b"XPUB", b"", True, [])), 300, 6)
    connection.receive(_OPENING, 1)
    taken: list[bytes] = []
    for piece in pieces:
        connection.receive(piece, len(wanted) + 1)
        for message in connection.decoder.messages:
            taken += message
        connection.decoder.messages.clear()
    assert connection.state == TRAFFIC
    assert taken == wanted
