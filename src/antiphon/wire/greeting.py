"""The 64 bytes that open a ZMTP 3 connection (RFC 37 sections "Formal Grammar" and "Versions").

signature (10) | version (2) | mechanism (20) | as-server (1) | filler (31)
"""

from typing import Final

from antiphon.errors import ProtocolError

__all__ = ("GREETING_SIZE", "Greeting", "check_signature", "decode_greeting", "encode_greeting")

GREETING_SIZE: Final = 64
_SIGNATURE_FIRST: Final = 0xFF
_SIGNATURE_LAST: Final = 0x7F
_SIGNATURE_SIZE: Final = 10
_MECHANISM_START: Final = 12
_MECHANISM_STOP: Final = 32

#: What strangers send first, so that the reason for closing can name them.
_STRANGERS: Final = (
    (b"GET ", "http"),
    (b"POST", "http"),
    (b"HEAD", "http"),
    (b"PUT ", "http"),
    (b"\x16\x03", "tls"),
    (b"SSH-", "ssh"),
)


class Greeting:
    """What a peer's greeting says: version, mechanism name and role."""

    def __init__(self, major: int, minor: int, mechanism: bytes, as_server: bool) -> None:
        self.major = major
        self.minor = minor
        self.mechanism = mechanism
        self.as_server = as_server


def encode_greeting(mechanism: bytes, as_server: bool) -> bytes:
    """Return our 64-byte ZMTP 3.1 greeting (Z1)."""
    signature = b"\xff" + bytes(8) + b"\x7f"
    role = b"\x01" if as_server else b"\x00"
    return signature + b"\x03\x01" + mechanism.ljust(20, b"\x00") + role + bytes(31)


def check_signature(data: bytes) -> None:
    """Refuse as early as possible a peer that does not speak ZMTP 3.

    ``data`` is the beginning of what the peer sent, of any length. Raises ProtocolError with the
    reason ``http``, ``tls``, ``ssh``, ``not-zmtp`` or ``old-version``.
    """
    if not data:
        return
    if data[0] != _SIGNATURE_FIRST:
        _refuse_stranger(data)
    if len(data) >= _SIGNATURE_SIZE and data[_SIGNATURE_SIZE - 1] != _SIGNATURE_LAST:
        if data[_SIGNATURE_SIZE - 1] & 1:
            raise ProtocolError("not-zmtp", "the signature does not end in 7F")
        raise ProtocolError("old-version", "the peer speaks ZMTP 1.0; 3.0 or newer is needed")
    if len(data) > _SIGNATURE_SIZE and data[_SIGNATURE_SIZE] < 3:
        raise ProtocolError("old-version", "the peer speaks ZMTP 2.0; 3.0 or newer is needed")


def _refuse_stranger(data: bytes) -> None:
    for start, name in _STRANGERS:
        if data.startswith(start):
            raise ProtocolError(name, f"the peer speaks {name.upper()}, not ZMTP")
        if start.startswith(data):
            return
    if data[0] == 0x01 and len(data) > 1 and data[1] == 0x00:
        raise ProtocolError("old-version", "the peer speaks ZMTP 1.0; 3.0 or newer is needed")
    if data[0] == 0x01 and len(data) == 1:
        return
    raise ProtocolError("not-zmtp", f"the peer's first bytes are {data[:16]!r}")


def decode_greeting(data: bytes) -> Greeting:
    """Decode 64 bytes. Raises ProtocolError if they are no ZMTP 3 greeting."""
    check_signature(data)
    mechanism = data[_MECHANISM_START:_MECHANISM_STOP].rstrip(b"\x00")
    if not mechanism or b"\x00" in mechanism or not _is_mechanism_name(mechanism):
        raise ProtocolError("bad-greeting", f"the mechanism field is {mechanism[:20]!r}")
    if data[_MECHANISM_STOP] > 1:
        raise ProtocolError("bad-greeting", "the as-server field is neither 0 nor 1")
    return Greeting(data[10], data[11], mechanism, data[_MECHANISM_STOP] == 1)


def _is_mechanism_name(name: bytes) -> bool:
    return all(65 <= c <= 90 or 48 <= c <= 57 or c in b"-_.+" for c in name)
