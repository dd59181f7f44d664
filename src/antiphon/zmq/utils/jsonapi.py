"""JSON as bytes, under pyzmq's names."""

import json
import json as jsonmod
from typing import Any

__all__ = ("dumps", "jsonmod", "loads")


def dumps(o: object, **kwargs: Any) -> bytes:
    """Return an object as JSON in UTF-8; ``kwargs`` are those of json.dumps().

    Raises TypeError or ValueError for what JSON cannot say.
    """
    return json.dumps(o, **kwargs).encode()


def loads(s: bytes | str, **kwargs: Any) -> Any:
    """Return what JSON in UTF-8 says; ``kwargs`` are those of json.loads(). Raises ValueError."""
    return json.loads(s if isinstance(s, str) else s.decode(), **kwargs)
