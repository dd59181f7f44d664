"""Commands: literal bytes, round trips, and lengths that lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import ProtocolError
from antiphon.wire.command import (
    decode_command,
    decode_error,
    decode_metadata,
    decode_ping,
    encode_error,
    encode_metadata,
    encode_ping,
    encode_pong,
    encode_ready,
)

NAMES = st.text("abcdefghijklmnopqrstuvwxyz-.+", min_size=1, max_size=40).map(str.encode)


def reason_of(call: object, *arguments: object) -> str:
    assert callable(call)
    with pytest.raises(ProtocolError) as info:
        call(*arguments)
    return info.value.reason


def test_ready_literally() -> None:
    """Z13."""
    body = encode_ready([(b"Socket-Type", b"REQ"), (b"Identity", b"")])
    assert body == b"\x05READY\x0bSocket-Type\x00\x00\x00\x03REQ\x08Identity\x00\x00\x00\x00"


def test_ping_and_pong_literally() -> None:
    """Z21."""
    assert encode_ping(3000, b"ctx") == b"\x04PING\x00\x1ectx"
    assert encode_pong(b"ctx") == b"\x04PONGctx"
    assert decode_ping(b"\x00\x1ectx") == (3000, b"ctx")
    assert decode_ping(b"\x00\x00" + b"x" * 17) == (0, b"x" * 16)
    assert encode_ping(10**9, b"")[5:] == b"\xff\xff"


def test_error_literally_and_only_printable() -> None:
    assert encode_error("no") == b"\x05ERROR\x02no"
    assert decode_error(b"\x02no") == "no"
    assert encode_error("tab\tand \N{SNOWMAN}")[7:] == b"tab?and ?"
    assert len(encode_error("x" * 1000)) == 7 + 255
    assert decode_error(b"\x01\xff") == "\\xff"


@pytest.mark.parametrize(
    "body", [b"", b"\x00", b"\x00READY", b"\x06READY", b"\x01", b"\x02\xff\xfe", b"\x03R D"]
)
def test_a_command_without_a_name_is_refused(body: bytes) -> None:
    assert reason_of(decode_command, body) == "bad-command"


@pytest.mark.parametrize("data", [b"", b"\x05no", b"\x01no"])
def test_an_error_whose_length_lies_is_refused(data: bytes) -> None:
    assert reason_of(decode_error, data) == "malformed-error"


def test_a_ping_without_time_to_live_is_refused() -> None:
    assert reason_of(decode_ping, b"\x00") == "bad-command"


@given(st.dictionaries(NAMES, st.binary(max_size=300)))
def test_metadata_round_trip(properties: dict[bytes, bytes]) -> None:
    assert decode_metadata(encode_metadata(list(properties.items()))) == properties


def test_names_of_properties_know_no_case() -> None:
    data = encode_metadata([(b"SOCKET-type", b"REQ"), (b"X-Hello", b"World")])
    assert decode_metadata(data) == {b"socket-type": b"REQ", b"x-hello": b"World"}
    assert reason_of(decode_metadata, encode_metadata([(b"A", b""), (b"a", b"")])) == "bad-metadata"


@pytest.mark.parametrize(
    "data",
    [
        b"\x00",
        b"\x05ab",
        b"\x01a\x00\x00\x00",
        b"\x01a\x00\x00\x00\x02x",
        b"\x01a\xff\xff\xff\xff",
        b"\x01a\x80\x00\x00\x00",
    ],
)
def test_lengths_that_run_past_the_end_are_refused(data: bytes) -> None:
    assert reason_of(decode_metadata, data) == "bad-metadata"


def test_libzmqs_spelling_of_error_is_understood() -> None:
    command = decode_command(b"^RROR\x03400")
    assert (command.name, decode_error(command.data)) == (b"ERROR", "400")
    assert reason_of(decode_command, b"^RRO") == "bad-command"


@given(st.binary(max_size=200))
def test_whatever_comes_is_decoded_or_refused(data: bytes) -> None:
    for call in (decode_command, decode_metadata, decode_error, decode_ping):
        try:
            call(data)
        except ProtocolError as error:
            assert error.reason in ("bad-command", "bad-metadata", "malformed-error")
