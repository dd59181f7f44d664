"""Text and bytes as programs named them that ran on Python 2 as well, under pyzmq's names."""

from builtins import bytes  # noqa: A004, UP029
from builtins import str as unicode

__all__ = (
    "asbytes",
    "b",
    "basestring",
    "bytes",
    "cast_bytes",
    "cast_unicode",
    "u",
    "unicode",
)

basestring = (str,)


def cast_bytes(s: str | bytes, encoding: str = "utf8", errors: str = "strict") -> bytes:
    """Return text encoded, and bytes as they are. Raises TypeError for all else."""
    if isinstance(s, bytes):
        return s
    if isinstance(s, str):
        return s.encode(encoding, errors)
    raise TypeError(f"str or bytes can be cast to bytes, not {s!r}")


def cast_unicode(s: str | bytes, encoding: str = "utf8", errors: str = "strict") -> str:
    """Return bytes decoded, and text as it is. Raises TypeError for all else."""
    if isinstance(s, bytes):
        return s.decode(encoding, errors)
    if isinstance(s, str):
        return s
    raise TypeError(f"str or bytes can be cast to str, not {s!r}")


b = asbytes = cast_bytes
u = cast_unicode
