"""The lock of a context: cheap for who finds it free, which is nearly everybody.

A lock of the standard library reads the clock and parses its arguments at each call, which costs
more than most of what is done under it. Here the free lock is a token in a list; taking it out is
one step of the interpreter, and only who finds none waits for a lock of the system.
"""

import threading
from itertools import starmap
from typing import Any

from antiphon.unpatched import Lock as SystemLock

__all__ = ("Lock", "acquire", "make_lock")


class Lock:
    """A lock that one thread at a time has; it belongs to no thread, and is not reentrant.

    Only for code that runs no bytecode between its steps: see make_lock().
    """

    def __init__(self) -> None:
        self._token: list[None] = [None]
        #: The alarms of those that wait, who came first being first.
        self._waiting: list[threading.Lock] = []

    def acquire(self) -> None:
        """Have the lock, now or when whoever has it lets it go."""
        try:
            self._token.pop()
        except IndexError:
            self._wait()

    def release(self) -> None:
        """Let the lock go; one of those that wait may try again."""
        self._token.append(None)
        if self._waiting:
            self._waiting.pop(0).release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_exception: object) -> None:
        self.release()

    def _wait(self) -> None:
        alarm = SystemLock()
        alarm.acquire()
        while True:
            self._waiting.append(alarm)
            # Whoever let it go before the alarm was there saw nobody to wake.
            if self._token:
                self._token.pop()
                self._withdraw(alarm)
                return
            try:
                alarm.acquire()
            except BaseException:
                self._withdraw(alarm)
                # Whoever has rung this alarm has rung no other.
                if self._token and self._waiting:
                    self._waiting.pop(0).release()
                raise
            if self._token:
                self._token.pop()
                return

    def _withdraw(self, alarm: threading.Lock) -> None:
        if alarm in self._waiting:
            self._waiting.remove(alarm)


def make_lock() -> Lock:
    """Return a lock for the build that runs.

    Between two bytecodes a signal may raise KeyboardInterrupt or another thread go on; compiled
    code has none. Interpreted, it is the system's lock, which has the same methods.
    """
    if not __file__.endswith(".py"):
        return Lock()
    lock: Any = SystemLock()
    return lock  # type: ignore[no-any-return]


def acquire(lock: Lock) -> None:
    """Acquire a lock even when Ctrl-C interrupts the wait for it; then raise the interrupt."""
    interrupt: BaseException | None = None
    taken: list[None] = []
    while not taken:
        try:
            # One step of the interpreter: who is interrupted right after it knows that it has it.
            taken += starmap(lock.acquire, [()])
        except KeyboardInterrupt as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt
