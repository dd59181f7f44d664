"""The lock of a context: cheap for who finds it free, which is nearly everybody.

A lock of the standard library reads the clock and parses its arguments at each call, which costs
more than most of what is done under it. Here the free lock is a token in a list; taking it out is
one step of the interpreter, and only who finds none waits for a lock of the system.
"""

from itertools import starmap
from typing import Any, Final

from antiphon.unpatched import Lock as SystemLock

__all__ = ("Bell", "Lock", "acquire", "make_lock")


#: Between two bytecodes a signal may raise KeyboardInterrupt or another thread go on; compiled code
#: has none.
_COMPILED: Final = not __file__.endswith(".py")


class Bell:
    """Something to be told when a lock is let go."""

    def sound(self) -> None:
        """Be told."""


class _Waiter:
    """A thread that waits for a lock."""

    def __init__(self) -> None:
        self.alarm = SystemLock()
        self.alarm.acquire()
        #: Whether it was woken when others had already taken the lock again.
        self.in_vain = False
        #: Whether the lock was handed to it.
        self.has_it = False


class Lock:
    """A lock that one thread at a time has; it belongs to no thread, and is not reentrant.

    Whoever comes while it is free has it, before those that are being woken: to wait for them
    would cost more than what is done under it. But it is handed to who was woken in vain.

    Only for code that runs no bytecode between its steps: see make_lock().
    """

    def __init__(self) -> None:
        self._token: list[None] = [None]
        #: Those that were woken in vain, then the others, who came first being first.
        self._waiting: list[_Waiter] = []
        #: Told when it is let go next; to be added to by who has it.
        self.bells: list[Bell] = []

    def acquire(self, blocking: bool = True) -> bool:
        """Have the lock, now or, if ``blocking``, when whoever has it lets it go.

        Returns whether it is had.
        """
        if self._take():
            return True
        if blocking:
            self._wait()
        return blocking

    def release(self) -> None:
        """Let the lock go; one of those that wait may try again, or has it."""
        waiting = self._waiting
        if waiting and waiting[0].in_vain:
            waiter = waiting.pop(0)
            waiter.has_it = True
            waiter.alarm.release()
        else:
            self._token.append(None)
            if waiting:
                waiting.pop(0).alarm.release()
        if self.bells:
            self._sound(self.bells)

    def _sound(self, bells: list[Bell]) -> None:
        self.bells = []
        for bell in bells:
            bell.sound()

    def _take(self) -> bool:
        try:
            self._token.pop()
        except IndexError:
            return False
        return True

    def __enter__(self) -> None:
        self.acquire()

    # Three arguments by name: mypyc makes a tuple of those that come as *exception.
    def __exit__(self, _kind: object, _error: object, _traceback: object) -> None:
        self.release()

    def _wait(self) -> None:
        waiter = _Waiter()
        self._waiting.append(waiter)
        # Whoever let it go before the waiter was there saw nobody to wake.
        while not self._take():
            try:
                waiter.alarm.acquire()
            except BaseException:
                self._leave(waiter)
                raise
            if waiter.has_it or self._take():
                return
            waiter.in_vain = True
            self._waiting.insert(0, waiter)
        if waiter in self._waiting:
            self._waiting.remove(waiter)

    def _leave(self, waiter: _Waiter) -> None:
        """Forget who waits no longer; what he was woken for is for the next one."""
        if waiter in self._waiting:
            self._waiting.remove(waiter)
        elif waiter.has_it:
            self.release()
        elif self._token and self._waiting:
            self._token.pop()
            self.release()


def make_lock() -> Lock:
    """Return a lock for the build that runs.

    Interpreted, it is the system's, which has the same methods.
    """
    if _COMPILED:
        return Lock()
    lock: Any = SystemLock()
    return lock  # type: ignore[no-any-return]


def acquire(lock: Lock) -> None:
    """Acquire a lock even when a signal's handler raises meanwhile; then raise what it raised."""
    if _COMPILED and lock.acquire(blocking=False):
        return
    interrupt: BaseException | None = None
    taken: list[bool] = []
    while not taken:
        try:
            # One step of the interpreter: who is interrupted right after it knows that it has it.
            taken += starmap(lock.acquire, [()])
        except BaseException as error:  # noqa: BLE001 - raised below
            interrupt = error
    if interrupt is not None:
        raise interrupt
