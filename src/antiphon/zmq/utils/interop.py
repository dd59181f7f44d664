"""Addresses of sockets made by other bindings, under pyzmq's name."""

from typing import Any

__all__ = ("cast_int_addr",)


def cast_int_addr(n: Any) -> int:
    """Return an address as a number; a number is returned as it is.

    Raises ValueError for all else. The pointers of cffi are refused too: there is no C socket
    here that could be shared.
    """
    if isinstance(n, int):
        return n
    raise ValueError(f"{n!r} is no address: it must be an int")
