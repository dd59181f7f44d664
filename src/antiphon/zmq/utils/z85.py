"""Z85: octets as printable text, four as five characters (RFC 32), under pyzmq's names."""

from typing import Final

from antiphon.keys import z85_decode, z85_encode

__all__ = ("Z85CHARS", "Z85MAP", "decode", "encode")

Z85CHARS: Final = (
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
)
"""The characters, by the digit that each stands for."""

Z85MAP: Final = {character: digit for digit, character in enumerate(Z85CHARS)}
"""The digits, by the number of their character."""


def encode(rawbytes: bytes | bytearray | memoryview) -> bytes:
    """Return octets as Z85. Raises ValueError unless there is a multiple of 4 of them."""
    return z85_encode(bytes(memoryview(rawbytes)))


def decode(z85bytes: str | bytes | bytearray | memoryview) -> bytes:
    """Return the octets that Z85 stands for.

    Raises ValueError unless there is a multiple of 5 characters, all of them are of Z85, and every
    five of them stand for 32 bits.
    """
    if isinstance(z85bytes, str):
        z85bytes = z85bytes.encode()
    text = bytes(memoryview(z85bytes))
    if len(text) % 5:
        raise ValueError(f"Z85 has a multiple of 5 characters, not {len(text)}")
    octets = z85_decode(text)
    if text and not octets:
        raise ValueError("this is no Z85: see RFC 32 for its characters, and for what five may be")
    return octets
