"""Looking again and again for a moment before sleeping, where an answer may be about to come.

To be woken by the system takes longer than most peers take to answer. Where looking has been in
vain it is tried more and more rarely: a slow peer, or a processor that has other work, costs
nearly nothing.
"""

import os
import time
from typing import Any, Final

__all__ = ("Spinner", "processors")

#: How long to look before sleeping, in seconds.
_MOMENT: Final = 0.0001
#: After so many spins in vain, one after the other, the waits without one are not doubled further.
_MAX_DOUBLINGS: Final = 6
_UNBOUNDED: Final = float("inf")
#: Where Linux says what a container may use: control groups of version 2, and of version 1.
_QUOTA_FILES: Final = (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"))


class Spinner:
    """Looks at a poll object again and again, for ``moment`` seconds; for one thread at a time.

    ``usable`` is how many processors may be kept busy: with fewer than two it never looks.
    """

    def __init__(
        self,
        poller: Any,
        max_events: int,
        moment: float = _MOMENT,
        usable: float | None = None,
    ) -> None:
        self._poller = poller
        self._max_events = max_events
        #: For how long to look, in seconds.
        self.moment = moment
        # A peer on the only processor has to wait until we sleep.
        self._pays = (processors() if usable is None else usable) >= 2
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


def processors(control_groups: str = "/sys/fs/cgroup") -> float:
    """Return how many processors this process may keep busy, by the quota of its container, too."""
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    return min(count, _quota(control_groups))


def _quota(folder: str) -> float:
    for files in _QUOTA_FILES:
        try:
            quota, period = " ".join(_read(f"{folder}/{name}") for name in files).split()
            return int(quota) / int(period) if quota.isdigit() else _UNBOUNDED
        except (OSError, ValueError, ZeroDivisionError):
            continue
    return _UNBOUNDED


def _read(path: str) -> str:
    with open(path, encoding="ascii") as file:
        return file.read()
