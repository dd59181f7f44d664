"""Z85: the examples of RFC 32, what pyzmq says of the same octets, and what is no Z85."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zmq.utils import z85 as theirs

from antiphon.zmq.utils import z85

OCTETS = st.binary(max_size=64).map(lambda octets: octets[: len(octets) // 4 * 4])


def test_the_example_of_the_rfc() -> None:
    octets = bytes([0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B])
    assert z85.encode(octets) == b"HelloWorld"
    assert z85.decode(b"HelloWorld") == z85.decode("HelloWorld") == octets


@given(OCTETS)
def test_there_and_back_is_what_pyzmq_makes_of_it(octets: bytes) -> None:
    text = z85.encode(octets)
    assert text == theirs.encode(octets)
    assert z85.decode(text) == z85.decode(text.decode()) == octets


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_buffers(kind: type) -> None:
    assert z85.encode(kind(b"abcd")) == b"vpA.S"
    assert z85.decode(kind(b"vpA.S")) == b"abcd"


def test_the_tables() -> None:
    assert (z85.Z85CHARS, z85.Z85MAP) == (theirs.Z85CHARS, theirs.Z85MAP)


@pytest.mark.parametrize("octets", [b"a", b"abcde"])
def test_lengths_that_cannot_be_encoded(octets: bytes) -> None:
    with pytest.raises(ValueError, match="multiple"):
        theirs.encode(octets)
    with pytest.raises(ValueError, match="multiple"):
        z85.encode(octets)


def test_what_is_no_z85() -> None:
    for text in (b"abcd", "abcd", b"abcdef"):
        with pytest.raises(ValueError, match="multiple of 5"):
            z85.decode(text)
    for text in (b"abc d", "abc\xe9", "#####", "ab\xe9d"):
        with pytest.raises(ValueError, match="no Z85"):
            z85.decode(text)
    with pytest.raises(TypeError):
        z85.encode("abcd")  # type: ignore[arg-type]
