"""The 64 bytes that open a connection: literal, and what is refused as early as possible."""

import pytest

from antiphon.errors import ProtocolError
from antiphon.wire.greeting import (
    GREETING_SIZE,
    check_signature,
    decode_greeting,
    encode_greeting,
)

SIGNATURE = bytes.fromhex("ff00000000000000007f")
NULL = b"NULL" + bytes(16)


def test_our_greeting_literally() -> None:
    """Z1."""
    assert encode_greeting(b"NULL", False) == SIGNATURE + b"\x03\x01" + NULL + bytes(32)
    assert encode_greeting(b"CURVE", True)[10:33] == b"\x03\x01CURVE" + bytes(15) + b"\x01"


@pytest.mark.parametrize(("major", "minor"), [(3, 0), (3, 1), (3, 9), (4, 0)])
def test_versions_from_3_0_on_are_accepted(major: int, minor: int) -> None:
    greeting = decode_greeting(SIGNATURE + bytes([major, minor]) + NULL + bytes(32))
    assert (greeting.major, greeting.minor) == (major, minor)
    assert greeting.mechanism == b"NULL"
    assert not greeting.as_server


REFUSED = [
    ("http", b"GET / HTTP/1.1\r\n\r\n"),
    ("http", b"POST /x HTTP/1.1\r\n"),
    ("tls", bytes.fromhex("160301020001000001fc0303")),
    ("ssh", b"SSH-2.0-OpenSSH_9.2\r\n"),
    ("not-zmtp", b"\x00" * 64),
    ("not-zmtp", b"hello, who are you?"),
    ("not-zmtp", bytes.fromhex("ff0000000000000000ff")),
    ("old-version", b"\x01\x00"),
    ("old-version", SIGNATURE + b"\x01\x05"),
    ("old-version", SIGNATURE + b"\x00"),
    ("old-version", bytes.fromhex("ff000000000000000000")),
]


@pytest.mark.parametrize(("reason", "data"), REFUSED)
def test_strangers_are_named_at_the_same_byte_whole_or_byte_by_byte(
    reason: str, data: bytes
) -> None:
    with pytest.raises(ProtocolError) as whole:
        check_signature(data)
    assert whole.value.reason == reason
    for size in range(1, len(data) + 1):
        try:
            check_signature(data[:size])
        except ProtocolError as error:
            assert error.reason == reason
            return
    pytest.fail("accepted byte by byte")


def test_every_beginning_of_a_good_greeting_is_good() -> None:
    greeting = encode_greeting(b"NULL", False)
    for size in range(GREETING_SIZE + 1):
        check_signature(greeting[:size])


@pytest.mark.parametrize(
    "mechanism", [b"", b"null", b"NU\x00LL", b"N LL", bytes([0xC3]) * 20, b"\x00NULL"]
)
def test_a_mechanism_that_is_no_name_is_refused(mechanism: bytes) -> None:
    with pytest.raises(ProtocolError) as info:
        decode_greeting(SIGNATURE + b"\x03\x01" + mechanism.ljust(20, b"\x00") + bytes(32))
    assert info.value.reason == "bad-greeting"


def test_a_role_other_than_0_and_1_is_refused() -> None:
    with pytest.raises(ProtocolError) as info:
        decode_greeting(SIGNATURE + b"\x03\x01" + NULL + b"\x02" + bytes(31))
    assert info.value.reason == "bad-greeting"
