"""What ends the sleep of a thread.

Who lets a lock of the system go is still the thread that Python runs: the one which that wakes has
to sleep again until it has its turn. An epoll is told by a system call, during which Python runs
whoever can: two threads that wake each other in turn take half the time.
"""

import os
from typing import Any, Final

from antiphon.lock import Bell, Lock
from antiphon.unpatched import Lock as SystemLock
from antiphon.unpatched import epoll

__all__ = ("Alarm", "make_alarm")

_WRITABLE: Final = 4
#: Told once, until it is asked for again.
_ONCE: Final = 1 << 30


class Alarm(Bell):
    """Wakes one thread; what is rung while it is awake ends its next sleep."""

    def ring(self) -> None:
        """Wake it, at the latest when the context's lock is let go."""
        raise NotImplementedError

    def sleep(self, seconds: float) -> None:
        """Sleep until the alarm is rung, for at most so long; without the context's lock."""
        raise NotImplementedError


class _LockAlarm(Alarm):
    """A lock that is let go to wake who waits for it."""

    def __init__(self) -> None:
        self._lock = SystemLock()
        self._lock.acquire()

    def ring(self) -> None:
        self._lock.acquire(blocking=False)
        self._lock.release()

    def sleep(self, seconds: float) -> None:
        self._lock.acquire(timeout=seconds)


class _PollAlarm(Alarm):
    """An epoll of something that is always ready, and is asked for when the alarm is rung."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._steady = _STEADY.get()
        self._poller: Any = epoll()
        self._poller.register(self._steady, 0)

    def ring(self) -> None:
        # Not at once: who is woken wants the lock.
        self._lock.bells.append(self)

    def sound(self) -> None:
        self._poller.modify(self._steady, _WRITABLE | _ONCE)

    def sleep(self, seconds: float) -> None:
        self._poller.poll(seconds, 1)


class _Steady:
    """A descriptor that is always writable, for the whole process."""

    def __init__(self) -> None:
        self._fd = -1

    def get(self) -> int:
        if self._fd < 0:
            self._fd = os.eventfd(0)
        return self._fd


_STEADY: Final = _Steady()


def make_alarm(lock: Lock) -> Alarm:
    """Return an alarm for a thread that sleeps without a context's lock."""
    # Interpreted, that is a lock of the system, which rings no bells.
    if epoll is None or not isinstance(lock, Lock):
        return _LockAlarm()
    try:
        return _PollAlarm(lock)
    except OSError:
        # There are no descriptors left.
        return _LockAlarm()
