"""The host of the asyncio API: the event loop watches the reactor's descriptor.

One add_reader(), one call_at() for the next timer; the first message after something has come is
written at once, those that follow at the end of the loop's turn. A send with room and a receive
with a message ready complete without a future; now and then they let other tasks run all the same.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, TypeVar

from antiphon.engine.events import EventQueue
from antiphon.engine.socket import SocketCore
from antiphon.errors import Again, ContextTerminated, SocketClosed
from antiphon.hosts.contract import AwaitingHost, Received
from antiphon.hosts.log import attend
from antiphon.hosts.resolver import ThreadResolver
from antiphon.hosts.sleeping import Chained
from antiphon.hosts.tasks import Waiters, wake
from antiphon.hosts.waiting import (
    Descent,
    Files,
    Keeper,
    Wanted,
    check_routable,
    hoping,
    look,
    take,
)
from antiphon.instrument import SocketEvent
from antiphon.options import SocketOptions
from antiphon.reactor import Reactor
from antiphon.spinning import Spinner

__all__ = ("AioHost",)

#: Operations that may complete at once, one after the other, before other tasks get a turn.
_MAX_AT_ONCE: Final = 128
_BURST: Final = 65536
#: How long to look for an answer before sleeping, in seconds: most peers that wait in a loop answer
#: in less.
_MOMENT: Final = 0.0003

T = TypeVar("T")


class AioHost(AwaitingHost):
    """The operations of all sockets of one context on one event loop.

    Sockets may be made, bound and connected before there is a loop; the first operation that may
    wait binds the host to the loop that runs it, and to another one once that is closed. Every
    method is called from the loop's thread. Times are milliseconds, -1 without end.
    """

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
        #: Says when a task looks again and again for an answer; whether one does.
        self.spinner = Spinner(self.reactor.poller, 1, _MOMENT)
        self._looking = False
        # Sockets that were garbage collected: the collector runs anywhere.
        self._abandoned: deque[SocketCore] = deque()

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
            self.close(self._abandoned.popleft(), None)
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

    def foreign(self) -> bool:
        """Tell whether this is a child of the process that the context belongs to."""
        return self._descent.foreign()

    # Sockets.

    def open(self, socket_type: int, options: SocketOptions) -> SocketCore:
        """Make a socket. Raises OptionError for an unknown type, ContextTerminated."""
        self._descent.check()
        if self.closed:
            raise ContextTerminated
        core = SocketCore(self.reactor, socket_type, options)
        self._keeper.add(core)
        attend(core)
        return core

    def bind(self, core: SocketCore, endpoint: str) -> str:
        """Bind; returns the endpoint with its real port or path. Raises EndpointError."""
        self._check(core)
        self._schedule_turn()
        return core.bind(endpoint)

    def connect(self, core: SocketCore, endpoint: str) -> None:
        """Connect. Raises EndpointError."""
        self._check(core)
        self._schedule_turn()
        core.connect(endpoint)

    def unbind(self, core: SocketCore, endpoint: str) -> None:
        """Stop listening. Raises EndpointError (ENOENT)."""
        self._check(core)
        self._schedule_turn()
        core.unbind(endpoint)

    def disconnect(self, core: SocketCore, endpoint: str) -> None:
        """Give a connection up. Raises EndpointError (ENOENT)."""
        self._check(core)
        self._schedule_turn()
        core.disconnect(endpoint)

    def set_option(self, core: SocketCore, option: int, value: object) -> None:
        """Set an option. Raises OptionError."""
        self._check(core)
        core.set_option(option, value)
        self._schedule_turn()

    def get_option(self, core: SocketCore, option: int) -> int | bytes | str:
        """Return an option. Raises OptionError."""
        self._check(core)
        return core.get_option(option)

    def call(self, action: Callable[[], T]) -> T:
        """Return what an action on a socket returns that never waits."""
        self._descent.check()
        if not self.closed:
            self._schedule_turn()
        return action()

    def act(self, core: SocketCore, action: Callable[[], T]) -> T:
        """Return what an action on an open socket returns that never waits, and write what it says.

        Raises SocketClosed, and what the action raises.
        """
        self._check(core)
        self._schedule_turn()
        return action()

    def watch(self, core: SocketCore, signal: Chained) -> None:
        """Let a signal follow a socket from now on; the loop has to run for that."""
        self._check(core)
        self._schedule_turn()
        waiters = self._waiters.get(core)
        if waiters is not None:
            signal.other, waiters.other = waiters.other, signal
        else:
            signal.other, core.pattern.watcher = core.pattern.watcher, signal

    def begin(self, core: SocketCore, first_frame: bytes) -> None:
        """Raise what a message that begins so would end in: StateError, HostUnreachable (R10)."""
        self._check(core)
        core.pattern.check_send()
        check_routable(core, first_frame)

    # Messages.

    async def send(self, core: SocketCore, parts: list[bytes], timeout_ms: int) -> None:
        """Send a message. Raises Again when no peer takes it in time, StateError, and others."""
        self._check(core)
        loop = asyncio.get_running_loop()
        if loop is not self.loop:
            self._attach(loop)
        self._at_once += 1
        if self._at_once > _MAX_AT_ONCE:
            await self._let_others_run()
        front = core.front
        if not front.try_send(parts):
            await self._wait(loop, [core], hoping(core, lambda: front.try_send(parts)), timeout_ms)
        first = self._burst == 0
        self._burst += len(parts[-1]) + 64
        if first or self._burst >= _BURST:
            self._burst = 1
            self.reactor.expectant = True
            self.reactor.flush()
            self._arm()
        elif not self._turn_scheduled:
            self._turn_scheduled = True
            loop.call_soon(self._turn)

    async def recv(self, core: SocketCore, timeout_ms: int) -> list[bytes]:
        """Receive a message. Raises Again when none comes in time, StateError, and others.

        A message is taken by the task itself, never handed to it: cancelling loses none.
        """
        self._check(core)
        loop = asyncio.get_running_loop()
        if loop is not self.loop:
            self._attach(loop)
        self._at_once += 1
        if self._at_once > _MAX_AT_ONCE:
            await self._let_others_run()
        front = core.front
        message = front.try_recv()
        if message is None:
            return await self._wait(loop, [core], hoping(core, front.try_recv), timeout_ms)
        # Room in a full queue may have made a link read on and answer a PING.
        if self.reactor.dirty:
            self._schedule_turn()
        return message

    async def recv_from(self, core: SocketCore, timeout_ms: int) -> Received:
        """Receive as recv() does; returns what is known of the sender, too."""
        self._check(core)
        loop = self._running_loop()
        self._at_once += 1
        if self._at_once > _MAX_AT_ONCE:
            await self._let_others_run()
        received = take(core)
        if received is None:
            return await self._wait(loop, [core], hoping(core, lambda: take(core)), timeout_ms)
        if self.reactor.dirty:
            self._schedule_turn()
        return received

    async def poll(self, wanted: Wanted, timeout_ms: int) -> Wanted:
        """Wait until a socket or a descriptor (an int) is ready; returns those that are.

        Events are zmq's: 1 readable, 2 writable, 4 error.
        """
        loop = self._running_loop()
        cores = [item for item, _ in wanted if isinstance(item, SocketCore)]
        for core in cores:
            self._check(core)
        waiters = Waiters()
        files = Files(self.reactor, wanted, waiters)
        try:
            self._at_once += 1
            if self._at_once > _MAX_AT_ONCE:
                await self._let_others_run()
            elif files:
                self.reactor.poll(0.0)
                self._arm()
            found = look(wanted, files)
            if found:
                return found
            return await self._wait(loop, cores, lambda: look(wanted, files), timeout_ms, waiters)
        except Again:
            return []
        finally:
            files.close()

    async def next_event(self, queue: EventQueue, timeout_ms: int) -> SocketEvent | None:
        """Return the next event of a socket; None after the last. Raises Again."""
        loop = self._running_loop()
        if not queue.ready():
            waiters = Waiters()
            queue.watchers.append(waiters)
            try:
                await self._wait(loop, [], queue.ready, timeout_ms, waiters)
            finally:
                queue.watchers.remove(waiters)
        return queue.take()

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
            result = await self._look_for_a_moment(cores, attempt)
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
        expectant = self.reactor.expectant and not (self._waiters or self._looking)
        return expectant and self.spinner.begin()

    async def _look_for_a_moment(
        self, cores: list[SocketCore], attempt: Callable[[], T | None]
    ) -> T | None:
        """Return what ``attempt`` returns once that is something, or None after a moment.

        An answer may be about to come, and to be woken takes longer. Other tasks run meanwhile.
        """
        reactor = self.reactor
        reactor.expectant = False
        end = time.monotonic() + self.spinner.moment
        self._looking = True
        try:
            while True:
                await asyncio.sleep(0)
                for core in cores:
                    self._check(core)
                reactor.poll(0.0)
                self._arm()
                result = self._look_again(attempt)
                if result or time.monotonic() >= end:
                    self.spinner.end(bool(result))
                    return result
        finally:
            self._looking = False

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

    # Closing.

    def close(self, core: SocketCore, linger_ms: int | None) -> None:
        """Close a socket; ``linger_ms`` None means as its LINGER option says."""
        if core.closed or self._descent.foreign():
            return
        core.close(core.options.linger if linger_ms is None else linger_ms)
        self.reactor.flush()
        self._schedule_turn()

    def abandon(self, core: SocketCore) -> None:
        """Close a socket that nobody holds any longer, soon; may be called from any thread."""
        self._abandoned.append(core)
        loop = self.loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._schedule_turn)

    def term(self) -> None:
        """End the context: waiting tasks see ContextTerminated, sockets close.

        Returns once their messages are away or their LINGER is over; the loop stands meanwhile.
        """
        self.destroy(None)

    def destroy(self, linger_ms: int | None) -> None:
        """End the context as term() does, with another LINGER."""
        if self.closed or self._descent.foreign():
            return
        self.closed = True
        for waiters in list(self._waiters.values()):
            waiters.socket_changed()
        self.reactor.exchange.end()
        for core in list(self._keeper.cores):
            if linger_ms is not None or not core.closed:
                core.close(core.options.linger if linger_ms is None else linger_ms)
        self.reactor.flush()
        while self._keeper.cores:
            self.reactor.poll(-1.0)
        if self._timer is not None:
            self._timer.cancel()
        # uvloop returns None where the standard loop returns a bool: Any, for the compiled build.
        loop: Any = self.loop
        if loop is not None and not loop.is_closed():
            loop.remove_reader(self.reactor.fileno())
        self.reactor.close()
