"""How an event loop runs the reactor, and how tasks wait for its sockets.

The loop watches the reactor's descriptor: one add_reader(), one call_at() for the next timer. Who
awaits an answer looks for it for a moment before the loop sleeps.
"""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from antiphon.engine.socket import SocketCore
from antiphon.errors import Again, ContextTerminated, SocketClosed
from antiphon.hosts.contract import AwaitingHost
from antiphon.hosts.resolver import ThreadResolver
from antiphon.hosts.tasks import Waiters, wake
from antiphon.hosts.waiting import Descent, Keeper
from antiphon.reactor import Reactor
from antiphon.spinning import Spinner

__all__ = ("LoopRunner",)

T = TypeVar("T")


class LoopRunner(AwaitingHost):
    """The reactor of one context on an event loop, and the tasks that wait for its sockets."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.reactor = Reactor(ThreadResolver())
        self.closed = False
        self._keeper = Keeper()
        self._descent = Descent()
        self._waiters: dict[SocketCore, Waiters] = {}
        self._turn_scheduled = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_deadline = -1.0
        self._at_once = 0
        self._burst = 0
        #: Says when a task looks again and again for an answer.
        self.spinner = Spinner(self.reactor.poller, 1)
        # Sockets that were garbage collected: the collector runs anywhere.
        self._abandoned: list[SocketCore] = []

    # The loop.

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if self.loop is not loop:
            self._attach(loop)
        return loop

    def _attach(self, loop: asyncio.AbstractEventLoop) -> None:
        if self.loop is not None and not self.loop.is_closed():
            raise RuntimeError(
                "this context's sockets are used by another event loop: make one each"
            )
        self.loop = loop
        self._timer = None
        self._timer_deadline = -1.0
        self._turn_scheduled = False
        loop.add_reader(self.reactor.fileno(), self._on_ready)
        self._schedule_turn()

    def _on_ready(self) -> None:
        self._at_once = 0
        self._burst = 0
        self.reactor.poll(0.0)
        self._arm()

    def _turn(self) -> None:
        self._turn_scheduled = False
        while self._abandoned:
            self.close(self._abandoned.pop(), None)
        self._at_once = 0
        self._burst = 0
        self.reactor.flush()
        self._arm()

    def _schedule_turn(self) -> None:
        if not self._turn_scheduled and self.loop is not None and not self.loop.is_closed():
            self._turn_scheduled = True
            self.loop.call_soon(self._turn)

    def _arm(self) -> None:
        deadline = self.reactor.next_deadline()
        if deadline == self._timer_deadline:
            return
        self._timer_deadline = deadline
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if deadline >= 0 and self.loop is not None and not self.loop.is_closed():
            delay = max(deadline - self.reactor.now(), 0.0)
            self._timer = self.loop.call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._timer_deadline = -1.0
        self._on_ready()

    def close(self, core: SocketCore, linger_ms: int | None) -> None:
        """Close a socket; ``linger_ms`` None means as its LINGER option says."""
        raise NotImplementedError

    # Waiting.

    async def _let_others_run(self) -> None:
        self._at_once = 0
        self.reactor.poll(0.0)
        self._arm()
        await asyncio.sleep(0)

    async def _wait(
        self,
        loop: asyncio.AbstractEventLoop,
        cores: list[SocketCore],
        attempt: Callable[[], T | None],
        timeout_ms: int,
        files: Waiters | None = None,
    ) -> T:
        """Return what ``attempt`` returns once that is something. Raises Again after the time-out.

        Nothing is what counts as false.
        """
        if timeout_ms == 0:
            self.reactor.poll(0.0)
            self._arm()
            result = self._look_again(attempt)
            if result:
                return result
            raise Again
        deadline = -1.0 if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000
        if cores and self._may_look():
            result = await self._look_for_a_moment(loop, cores, attempt)
            if result:
                return result
        while True:
            future: asyncio.Future[None] = loop.create_future()
            expiry = None
            if deadline >= 0:
                delay = max(deadline - time.monotonic(), 0.0)
                expiry = loop.call_later(delay, wake, future)
            self._register(cores, future, files)
            try:
                await future
            finally:
                self._unregister(cores, future, files)
                if expiry is not None:
                    expiry.cancel()
            for core in cores:
                self._check(core)
            result = self._look_again(attempt)
            if result:
                return result
            if deadline >= 0 and time.monotonic() >= deadline:
                raise Again

    def _may_look(self) -> bool:
        # With several tasks that wait there is enough to do, or an answer is not all that may come.
        return self.reactor.expectant and not self._waiters and self.spinner.begin()

    async def _look_for_a_moment(
        self,
        loop: asyncio.AbstractEventLoop,
        cores: list[SocketCore],
        attempt: Callable[[], T | None],
    ) -> T | None:
        """Return what ``attempt`` returns once that is something, or None after a moment.

        An answer may be about to come, and to be woken takes longer. Other tasks run meanwhile.
        """
        self.reactor.expectant = False
        end = time.monotonic() + self.spinner.moment
        # Whoever looks waits: what comes of a peer that leaves meanwhile is kept.
        future = loop.create_future()
        self._register(cores, future, None)
        try:
            while True:
                await asyncio.sleep(0)
                for core in cores:
                    self._check(core)
                self._on_ready()
                result = self._look_again(attempt)
                if result or time.monotonic() >= end:
                    self.spinner.end(bool(result))
                    return result
        finally:
            self._unregister(cores, future, None)

    def _look_again(self, attempt: Callable[[], T | None]) -> T | None:
        result = attempt()
        # To take a message may have made room, and a link read on and answer a PING.
        if self.reactor.dirty:
            self._schedule_turn()
        return result

    def _register(
        self, cores: list[SocketCore], future: "asyncio.Future[None]", files: Waiters | None
    ) -> None:
        if self.reactor.dirty or self.reactor.patient:
            self._schedule_turn()
        else:
            self._arm()
        if files is not None:
            files.futures.append(future)
        for core in cores:
            waiters = self._waiters.get(core)
            if waiters is None:
                waiters = Waiters(core.pattern.watcher)
                self._waiters[core] = waiters
                core.pattern.watcher = waiters
            waiters.futures.append(future)

    def _unregister(
        self, cores: list[SocketCore], future: "asyncio.Future[None]", files: Waiters | None
    ) -> None:
        if files is not None:
            files.futures.remove(future)
        for core in cores:
            waiters = self._waiters[core]
            waiters.futures.remove(future)
            if not waiters.futures:
                core.pattern.watcher = waiters.other
                del self._waiters[core]

    def _check(self, core: SocketCore) -> None:
        self._descent.check()
        if self.closed:
            raise ContextTerminated
        if core.closed:
            raise SocketClosed("the socket is closed")
