"""Tasks that wait for sockets."""

import asyncio
import time
from collections import deque

from antiphon.errors import Again
from antiphon.hosts.sleeping import Chained
from antiphon.patterns.base import Watcher

__all__ = ("Turns", "Waiters", "wake")


class Waiters(Chained):
    """The tasks that wait for one socket, and who watches it besides; all look again."""

    def __init__(self, other: Watcher | None = None) -> None:
        super().__init__()
        self.futures: list[asyncio.Future[None]] = []
        self.other = other

    def socket_changed(self) -> None:
        """Let all of them look again."""
        for future in self.futures:
            # A loop that was closed while tasks waited runs them no more.
            if not (future.done() or future.get_loop().is_closed()):
                future.set_result(None)
        super().socket_changed()


def wake(future: "asyncio.Future[None]") -> None:
    """End the wait of a task."""
    if not future.done():
        future.set_result(None)


class Turns:
    """Lets tasks receive the frames of a socket one after the other.

    Whoever has the turn may leave the rest of a message behind, which is for the next one.
    """

    def __init__(self) -> None:
        #: True while a task has the turn; one that finds it free may take it at once.
        self.taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self, timeout_ms: int) -> int:
        """Wait until the turn is free and take it; returns what is left of the time.

        Raises Again after ``timeout_ms`` milliseconds (-1: never).
        """
        deadline = time.monotonic() + timeout_ms / 1000
        remaining = timeout_ms
        while self.taken:
            if remaining == 0:
                raise Again
            await self._sleep(remaining)
            if timeout_ms > 0:
                remaining = max(int((deadline - time.monotonic()) * 1000), 0)
        self.taken = True
        return remaining

    async def _sleep(self, timeout_ms: int) -> None:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        expiry = loop.call_later(timeout_ms / 1000, wake, future) if timeout_ms > 0 else None
        self._waiting.append(future)
        try:
            await future
        except BaseException:
            # It may have been woken in the same moment in which it was cancelled.
            if future.done() and not future.cancelled():
                self._wake_next()
            raise
        finally:
            if future in self._waiting:
                self._waiting.remove(future)
            if expiry is not None:
                expiry.cancel()

    def give(self) -> None:
        """Let the next task have the turn."""
        self.taken = False
        if self._waiting:
            self._wake_next()

    def _wake_next(self) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            # A loop that was closed while tasks waited runs them no more.
            if not (future.done() or future.get_loop().is_closed()):
                future.set_result(None)
                return
