"""CURVE keys: their Z85 text (RFC 32), key pairs, and whether there is a library to use them.

*Called by*: options, wire, the ``zmq`` front, the command line. *Calls*: PyNaCl, when it is used.
"""

from typing import Any, Final

__all__ = (
    "KEY_SIZE",
    "curve_available",
    "make_key_pair",
    "nacl_bindings",
    "nacl_error",
    "nacl_library",
    "public_key",
    "z85_decode",
    "z85_encode",
)

#: The length of a public and of a secret key, in octets.
KEY_SIZE: Final = 32

_Z85: Final = (
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
)


def z85_encode(data: bytes) -> bytes:
    """Return the Z85 form of ``data``, whose length must be a multiple of 4.

    Raises ValueError for another length.
    """
    if len(data) % 4:
        raise ValueError(f"Z85 encodes multiples of 4 octets, not {len(data)}")
    encoded = bytearray()
    for start in range(0, len(data), 4):
        word = int.from_bytes(data[start : start + 4], "big")
        for divisor in (52200625, 614125, 7225, 85, 1):
            encoded.append(_Z85[word // divisor % 85])
    return bytes(encoded)


def z85_decode(text: bytes) -> bytes:
    """Return the octets that ``text`` stands for in Z85; ``b""`` if it is no Z85."""
    if len(text) % 5:
        return b""
    decoded = bytearray()
    for start in range(0, len(text), 5):
        word = 0
        for octet in text[start : start + 5]:
            digit = _Z85.find(octet)
            if digit < 0:
                return b""
            word = word * 85 + digit
        if word > 0xFFFFFFFF:
            return b""
        decoded += word.to_bytes(4, "big")
    return bytes(decoded)


def nacl_bindings() -> Any:
    """Return the module of PyNaCl that has the primitives. Raises ImportError without PyNaCl."""
    import nacl.bindings

    return nacl.bindings


def nacl_error() -> Any:
    """Return the class of the errors that PyNaCl raises. Raises ImportError without PyNaCl."""
    import nacl.exceptions

    return nacl.exceptions.CryptoError


def nacl_library() -> Any:
    """Return PyNaCl's ``ffi`` and ``lib``, which call libsodium; None if it has no such inside."""
    try:
        from nacl import _sodium
    except ImportError:
        return None
    needed = ("crypto_box_afternm", "crypto_box_open_afternm")
    found = all(hasattr(_sodium.lib, name) for name in needed)
    return (_sodium.ffi, _sodium.lib) if found else None


def curve_available() -> bool:
    """Tell whether PyNaCl is installed, so that CURVE can be used."""
    try:
        nacl_bindings()
    except ImportError:
        return False
    return True


def make_key_pair() -> tuple[bytes, bytes]:
    """Return a new public key and its secret key, 32 octets each. Raises ImportError."""
    public, secret = nacl_bindings().crypto_box_keypair()
    return bytes(public), bytes(secret)


def public_key(secret: bytes) -> bytes:
    """Return the public key that belongs to a secret one. Raises ImportError."""
    return bytes(nacl_bindings().crypto_scalarmult_base(secret))
