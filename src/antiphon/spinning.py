"""Looking again and again for a moment before sleeping, where an answer may be about to come.

To be woken by the system takes longer than most peers take to answer. Where looking has been in
vain it is tried more and more rarely: a slow peer, or a processor that has other work, costs
nearly nothing.
"""

import os
import time
from typing import Any, Final

__all__ = ("Spinner",)

#: How long to look before sleeping, in seconds.
_MOMENT: Final = 0.0001
#: After so many spins in vain, one after the other, the waits without one are not doubled further.
_MAX_DOUBLINGS: Final = 6


class Spinner:
    """Looks at a poll object again and again, for ``moment`` seconds; for one thread at a time."""

    def __init__(self, poller: Any, max_events: int, moment: float = _MOMENT) -> None:
        self._poller = poller
        self._max_events = max_events
        #: For how long to look, in seconds.
        self.moment = moment
        # A peer on the only processor has to wait until we sleep.
        self._pays = _processors() > 1
        self._in_vain = 0
        # How many waits are to begin with sleep.
        self._resting = 0

    def poll(self, seconds: float) -> list[tuple[int, int]]:
        """Return the events that come within a moment, or ``seconds`` if those are less."""
        if not self.begin():
            return []
        end = time.monotonic() + min(seconds, self.moment)
        while True:
            events: list[tuple[int, int]] = self._poller.poll(0.0, self._max_events)
            if events or time.monotonic() >= end:
                self.end(bool(events))
                return events

    def begin(self) -> bool:
        """Tell whether to look before this wait; whoever does calls end() afterwards."""
        if self._resting:
            self._resting -= 1
            return False
        return self._pays

    def end(self, found: bool) -> None:
        """Take note of whether something has come."""
        if found:
            self._in_vain = 0
            return
        self._in_vain = min(self._in_vain + 1, _MAX_DOUBLINGS)
        self._resting = 1 << self._in_vain


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
