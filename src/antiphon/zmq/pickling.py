"""Pickle, for sockets whose peers are trusted: imported when the first of them needs it.

What is received is run: whoever can connect to such a socket can do what the program can.
"""

import pickle

__all__ = ("dump", "load")


def dump(obj: object, protocol: int | None) -> bytes:
    """Return an object pickled; ``protocol`` None is pickle's default. Raises PicklingError."""
    return pickle.dumps(obj, protocol)


def load(data: bytes) -> object:
    """Return what was pickled. Raises whatever the data wants to."""
    return pickle.loads(data)  # noqa: S301
