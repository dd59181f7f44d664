"""The host of the asyncio API: what the sockets of one context can be asked to do on a loop.

The first message after something has come is written at once, those that follow at the end of the
loop's turn. A send with room and a receive with a message ready complete without a future; now and
then they let other tasks run all the same. How tasks wait: see hosts/looping.py.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeVar

from antiphon.engine.events import EventQueue
from antiphon.engine.socket import SocketCore
from antiphon.errors import Again, ContextTerminated
from antiphon.hosts.contract import Received
from antiphon.hosts.log import attend
from antiphon.hosts.looping import LoopRunner
from antiphon.hosts.sleeping import Chained
from antiphon.hosts.tasks import Waiters
from antiphon.hosts.waiting import Files, Wanted, check_routable, hoping, look, take
from antiphon.instrument import SocketEvent
from antiphon.options import SocketOptions

__all__ = ("AioHost",)

#: Operations that may complete at once, one after the other, before other tasks get a turn.
_MAX_AT_ONCE: Final = 128
_BURST: Final = 65536

T = TypeVar("T")


class AioHost(LoopRunner):
    """The operations of all sockets of one context on one event loop.

    Sockets may be made, bound and connected before there is a loop; the first operation that may
    wait binds the host to the loop that runs it, and to another one once that is closed. Every
    method is called from the loop's thread. Times are milliseconds, -1 without end.
    """

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
