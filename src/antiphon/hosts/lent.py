"""Sockets of the blocking API on an event loop: whoever waits for one is a task.

For programs that make asyncio sockets of blocking ones, or in a blocking context, as pyzmq allows:
``zmq.asyncio.Socket(socket)``, ``zmq.asyncio.Context(context)``. The blocking host does the work,
and is only ever asked for what it can do at once; other threads may use the same sockets meanwhile.
Where there is a choice, a context of asyncio costs less.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

from antiphon.engine.events import EventQueue
from antiphon.engine.socket import SocketCore
from antiphon.errors import Again
from antiphon.hosts.contract import AwaitingHost, Received
from antiphon.hosts.sleeping import Chained
from antiphon.hosts.tasks import wake
from antiphon.hosts.threads import Host
from antiphon.hosts.waiting import Wanted
from antiphon.instrument import SocketEvent

__all__ = ("LentHost",)

#: Operations that may complete at once, one after the other, before other tasks get a turn.
_MAX_AT_ONCE: Final = 128

T = TypeVar("T")


class _Bell(Chained):
    """Wakes a task that waits for a socket, from whatever thread changes it."""

    def __init__(self) -> None:
        super().__init__()
        #: Changed and read with the host's lock.
        self.futures: list[asyncio.Future[None]] = []

    def socket_changed(self) -> None:
        """Let all of them look again."""
        for future in self.futures:
            # A loop that was closed while tasks waited runs them no more.
            with suppress(RuntimeError):
                future.get_loop().call_soon_threadsafe(wake, future)
        super().socket_changed()


class LentHost(AwaitingHost):
    """What may wait with the sockets of one blocking context, as coroutines.

    Times are milliseconds, -1 meaning without end. What never waits is the blocking host's.
    """

    def __init__(self, blocking: Host) -> None:
        #: Whose sockets they are.
        self.blocking = blocking
        self._at_once = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.blocking, name)

    async def send(self, core: SocketCore, parts: list[bytes], timeout_ms: int) -> None:
        """Send as the blocking host does."""
        await self._until(core, lambda: self.blocking.send(core, parts, 0), timeout_ms)

    async def recv(self, core: SocketCore, timeout_ms: int) -> list[bytes]:
        """Receive as the blocking host does."""
        return await self._until(core, lambda: self.blocking.recv(core, 0), timeout_ms)

    async def recv_from(self, core: SocketCore, timeout_ms: int) -> Received:
        """Receive as the blocking host does."""
        return await self._until(core, lambda: self.blocking.recv_from(core, 0), timeout_ms)

    async def poll(self, wanted: Wanted, timeout_ms: int) -> Wanted:
        """Wait for one of the events of a socket, the only one in ``wanted``; returns what came."""
        [(core, _)] = wanted
        assert isinstance(core, SocketCore)

        def look() -> Wanted:
            found = self.blocking.poll(wanted, 0)
            if not found:
                raise Again
            return found

        try:
            return await self._until(core, look, timeout_ms)
        except Again:
            return []

    async def next_event(self, queue: EventQueue, timeout_ms: int) -> SocketEvent | None:
        """Return the next event of a socket; None after the last. Raises Again."""
        bell = _Bell()
        self.blocking.call(lambda: queue.watchers.append(bell))
        try:
            return await self._ask(bell, lambda: self.blocking.next_event(queue, 0), timeout_ms)
        finally:
            self.blocking.call(lambda: queue.watchers.remove(bell))

    async def _until(self, core: SocketCore, attempt: Callable[[], T], timeout_ms: int) -> T:
        """Return what ``attempt`` returns once it does not raise Again."""
        self._at_once += 1
        if self._at_once > _MAX_AT_ONCE:
            self._at_once = 0
            await asyncio.sleep(0)
        try:
            return attempt()
        except Again:
            if timeout_ms == 0:
                raise
        bell = _Bell()
        self.blocking.watch(core, bell)
        try:
            return await self._ask(bell, attempt, timeout_ms)
        finally:
            self.blocking.unwatch(core, bell)

    async def _ask(self, bell: _Bell, attempt: Callable[[], T], timeout_ms: int) -> T:
        self._at_once = 0
        loop = asyncio.get_running_loop()
        deadline = time.monotonic() + timeout_ms / 1000
        while True:
            future: asyncio.Future[None] = loop.create_future()
            expiry = None
            if timeout_ms >= 0:
                delay = max(deadline - time.monotonic(), 0.0)
                expiry = loop.call_later(delay, wake, future)
            # Before it looks: what changes from then on is told.
            self.blocking.call(partial(bell.futures.append, future))
            try:
                with suppress(Again):
                    return attempt()
                if timeout_ms >= 0 and time.monotonic() >= deadline:
                    raise Again
                await future
            finally:
                self.blocking.call(partial(bell.futures.remove, future))
                if expiry is not None:
                    expiry.cancel()
