"""What ends the sleep of a thread.

Who lets a lock of the system go is still the thread that Python runs: the one which that wakes has
to sleep again until it has its turn. An epoll is told by a system call, during which Python runs
whoever can: two threads that wake each other in turn take half the time.
"""

from typing import Any, Final

from antiphon.lock import Bell, Lock
from antiphon.unpatched import Lock as SystemLock
from antiphon.unpatched import epoll

__all__ = ("Alarm", "Alarms")

_WRITABLE: Final = 4
#: Told once, until it is asked for again.
_ONCE: Final = 1 << 30
#: How many alarms of a context take a descriptor; programs need theirs for other things.
_MAX_POLLERS: Final = 16


class Alarm(Bell):
    """Wakes one thread; what is rung while it is awake ends its next sleep."""

    def ring(self) -> None:
        """Wake it, at the latest when the context's lock is let go."""
        raise NotImplementedError

    def sleep(self, seconds: float) -> None:
        """Sleep until the alarm is rung, for at most so long; without the context's lock."""
        raise NotImplementedError


class _LockAlarm(Alarm):
    """A lock that is let go to wake who waits for it; interpreted, there are no other alarms."""

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

    def __init__(self, lock: Lock, steady: int) -> None:
        self._lock = lock
        self._steady = steady
        self._poller: Any = epoll()
        self._poller.register(self._steady, 0)

    def ring(self) -> None:
        # Not at once: who is woken wants the lock.
        self._lock.bells.append(self)

    def sound(self) -> None:
        try:  # noqa: SIM105 (suppress() would cost a third of the call)
            self._poller.modify(self._steady, _WRITABLE | _ONCE)
        except OSError:
            # The context has ended meanwhile, and has woken everybody.
            pass

    def sleep(self, seconds: float) -> None:
        self._poller.poll(seconds, 1)


class Alarms:
    """Makes the alarms of one context's threads.

    ``steady`` is a descriptor of the context that is always writable, or -1 if there is none.
    """

    def __init__(self, lock: Lock, steady: int) -> None:
        self._lock = lock
        self._steady = steady
        # Interpreted, the lock is the system's, which rings no bells.
        usable = epoll is not None and steady >= 0 and isinstance(lock, Lock)
        self._pollers_left = _MAX_POLLERS if usable else 0

    def make(self) -> Alarm:
        """Return an alarm for a thread that sleeps without the context's lock."""
        if self._pollers_left:
            self._pollers_left -= 1
            try:
                return _PollAlarm(self._lock, self._steady)
            except OSError:
                # There are no descriptors left.
                pass
        return _LockAlarm()
