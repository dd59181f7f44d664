"""CURVE key pairs in Z85, under pyzmq's names."""

from typing import Final

from antiphon.errors import ENOTSUP, ZMQError
from antiphon.keys import KEY_SIZE, make_key_pair, public_key, z85_decode, z85_encode

__all__ = ("curve_keypair", "curve_public")

_MISSING: Final = "CURVE needs PyNaCl: pip install antiphon[curve]"


def curve_keypair() -> tuple[bytes, bytes]:
    """Return a new public key and its secret key, 40 characters of Z85 each.

    Raises ZMQError (ENOTSUP) without PyNaCl.
    """
    try:
        public, secret = make_key_pair()
    except ImportError:
        raise ZMQError(ENOTSUP, _MISSING) from None
    return z85_encode(public), z85_encode(secret)


def curve_public(secret_key: str | bytes) -> bytes:
    """Return the public key that belongs to a secret one, both in Z85.

    Raises ValueError for what is no key, ZMQError (ENOTSUP) without PyNaCl.
    """
    text = secret_key.encode() if isinstance(secret_key, str) else secret_key
    secret = z85_decode(text)
    if len(secret) != KEY_SIZE:
        raise ValueError("a secret key is 40 characters of Z85")
    try:
        return z85_encode(public_key(secret))
    except ImportError:
        raise ZMQError(ENOTSUP, _MISSING) from None
