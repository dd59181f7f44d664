"""Waiting for what must come about, where nothing tells of it: the only polling in the tests."""

import time
from collections.abc import Callable

__all__ = ("PATIENCE_S", "until")

#: How long anything may take, in seconds; far more than it ever does.
PATIENCE_S = 20.0
_PAUSE_S = 0.001


def until(condition: Callable[[], object], seconds: float = PATIENCE_S) -> float:
    """Look again and again until a condition holds; returns how long that took, in seconds."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() < start + seconds, "it did not come about in time"
        time.sleep(_PAUSE_S)
    return time.monotonic() - start
