"""The host of the blocking API: a thread that waits runs the reactor itself.

One lock per context guards all sockets; it is let go only while the reactor waits in poll. One
thread at a time has the role of the runner. A waiter that finds the role taken sleeps, and the
runner wakes it when its socket changed; a runner that leaves hands the role to a sleeper. When no
thread is inside, the caretaker takes over (see hosts/caretaker.py).
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, TypeVar

from antiphon.engine.events import EventQueue
from antiphon.engine.socket import SocketCore
from antiphon.errors import Again, ContextTerminated, SocketClosed
from antiphon.hosts.caretaker import Caretaker
from antiphon.hosts.lines import LINES
from antiphon.hosts.log import Log
from antiphon.hosts.resolver import ThreadResolver
from antiphon.hosts.sleeping import Sleeper, Watchers
from antiphon.hosts.waiting import (
    Descent,
    Files,
    Keeper,
    Received,
    Wanted,
    check_routable,
    look,
    receive_from,
)
from antiphon.instrument import SocketEvent
from antiphon.options import SocketOptions
from antiphon.reactor import Reactor, acquire

__all__ = ("Host",)

#: A burst of sends is written when about this much is queued (bytes).
_BURST: Final = 65536

T = TypeVar("T")


class Host:
    """The blocking operations of all sockets of one context; every method is thread-safe.

    Times are milliseconds, -1 meaning without end.
    """

    def __init__(self) -> None:
        self.reactor = Reactor(ThreadResolver())
        self.lock = threading.Lock()
        self.reactor.lock = self.lock
        self.closed = False
        #: Whether the process is about to end: nothing waits any longer.
        self.exiting = False
        #: Whether a thread, or the caretaker, runs the reactor.
        self.running = False
        #: Counts calls, so that the caretaker knows when the program is elsewhere.
        self.activity = 0
        self._burst = 0
        self._burst_pass = -1
        self._keeper = Keeper()
        self._watchers: dict[SocketCore, Watchers] = {}
        self._sleepers: list[Sleeper] = []
        self._descent = Descent()
        # Sockets that were garbage collected: the collector runs anywhere, also under the lock.
        self._abandoned: deque[SocketCore] = deque()
        self._orphaned = False
        self._caretaker = Caretaker(self)

    def foreign(self) -> bool:
        """Tell whether this is a child of the process that the context belongs to."""
        return self._descent.foreign()

    # Sockets.

    def open(self, socket_type: int, options: SocketOptions) -> SocketCore:
        """Make a socket. Raises OptionError for an unknown type, ContextTerminated."""
        self._descent.check()
        with self.lock:
            self._enter()
            core = SocketCore(self.reactor, socket_type, options)
            self._keeper.add(core)
            core.add_instrument(Log(core, LINES))
            self._caretaker.start()
            return core

    def bind(self, core: SocketCore, endpoint: str) -> str:
        """Bind; returns the endpoint with its real port or path. Raises EndpointError."""
        self._descent.check()
        with self.lock:
            self._enter(core)
            return core.bind(endpoint)

    def connect(self, core: SocketCore, endpoint: str) -> None:
        """Connect. Raises EndpointError."""
        self._descent.check()
        with self.lock:
            self._enter(core)
            core.connect(endpoint)
            if not self.running:
                self.reactor.poll(0.0)

    def unbind(self, core: SocketCore, endpoint: str) -> None:
        """Stop listening. Raises EndpointError (ENOENT)."""
        self._descent.check()
        with self.lock:
            self._enter(core)
            core.unbind(endpoint)

    def disconnect(self, core: SocketCore, endpoint: str) -> None:
        """Give a connection up. Raises EndpointError (ENOENT)."""
        self._descent.check()
        with self.lock:
            self._enter(core)
            core.disconnect(endpoint)

    def set_option(self, core: SocketCore, option: int, value: object) -> None:
        """Set an option. Raises OptionError."""
        self._descent.check()
        with self.lock:
            self._enter(core)
            core.set_option(option, value)

    def get_option(self, core: SocketCore, option: int) -> int | bytes | str:
        """Return an option. Raises OptionError."""
        self._descent.check()
        with self.lock:
            self._enter(core)
            return core.get_option(option)

    def call(self, action: Callable[[], T]) -> T:
        """Return what an action on a socket returns that never waits; it has the lock."""
        self._descent.check()
        with self.lock:
            return action()

    def begin(self, core: SocketCore, first_frame: bytes) -> None:
        """Raise what a message that begins so would end in: StateError, HostUnreachable (R10)."""
        self._descent.check()
        with self.lock:
            self._enter(core)
            core.pattern.check_send()
            check_routable(core, first_frame)

    # Messages.

    def send(self, core: SocketCore, parts: list[bytes], timeout_ms: int) -> None:
        """Send a message. Raises Again when no peer takes it in time, StateError, and others."""
        self._descent.check()
        with self.lock:
            self._enter(core)
            pattern = core.pattern
            if not pattern.try_send(parts):
                self._wait(core, lambda: pattern.try_send(parts), timeout_ms)
            self._write(parts)

    def recv(self, core: SocketCore, timeout_ms: int) -> list[bytes]:
        """Receive a message. Raises Again when none comes in time, StateError, and others."""
        self._descent.check()
        with self.lock:
            self._enter(core)
            message = core.pattern.try_recv()
            if message is not None:
                return message
            received: list[list[bytes]] = []

            def receive() -> bool:
                message = core.pattern.try_recv()
                if message is None:
                    return False
                received.append(message)
                return True

            self._wait(core, receive, timeout_ms)
            return received[0]

    def recv_from(self, core: SocketCore, timeout_ms: int) -> Received:
        """Receive as recv() does; returns what is known of the sender, too."""
        self._descent.check()
        with self.lock:
            self._enter(core)
            received: list[Received] = []

            def receive() -> bool:
                return receive_from(core, received)

            if not receive():
                self._wait(core, receive, timeout_ms)
            return received[0]

    def poll(self, wanted: Wanted, timeout_ms: int) -> Wanted:
        """Wait until a socket or a descriptor (an int) is ready; returns those that are.

        Events are zmq's: 1 readable, 2 writable, 4 error.
        """
        self._descent.check()
        with self.lock:
            self._enter()
            cores = [item for item, _ in wanted if isinstance(item, SocketCore)]
            for core in cores:
                self._check(core)
            sleeper = Sleeper(self.reactor)
            files = Files(self.reactor, wanted, sleeper)
            found: Wanted = []

            def attempt() -> bool:
                found.extend(look(wanted, files))
                return bool(found)

            try:
                if files and not self.running:
                    self.reactor.poll(0.0)
                if not attempt():
                    self._wait_for(cores, attempt, timeout_ms, sleeper)
            except Again:
                return []
            finally:
                files.close()
            return found

    def next_event(self, queue: EventQueue, timeout_ms: int) -> SocketEvent | None:
        """Return the next event of a socket; None after the last. Raises Again."""
        self._descent.check()
        with self.lock:
            if not queue.ready():
                self._enter()
                sleeper = Sleeper(self.reactor)
                queue.watchers.append(sleeper)
                try:
                    self._wait_for([], queue.ready, timeout_ms, sleeper)
                finally:
                    queue.watchers.remove(sleeper)
            return queue.take()

    def _write(self, parts: list[bytes]) -> None:
        # The first message since the last pass goes out at once, those of a burst together.
        reactor = self.reactor
        if self._burst_pass != reactor.passes:
            self._burst_pass = reactor.passes
            self._burst = 0
            reactor.flush()
            return
        self._burst += len(parts[-1]) + 64
        if self._burst >= _BURST:
            self._burst = 0
            reactor.flush()
        elif self._caretaker.parked:
            self._caretaker.unpark()

    # Waiting.

    def _enter(self, core: SocketCore | None = None) -> None:
        if self.closed:
            raise ContextTerminated
        if self._abandoned:
            self.sweep()
        if core is not None and core.closed:
            raise SocketClosed("the socket is closed")
        self.activity += 1
        if self._caretaker.runs:
            self._caretaker.step_aside()

    def _check(self, core: SocketCore) -> None:
        if self.closed:
            raise ContextTerminated
        if core.closed:
            raise SocketClosed("the socket is closed")

    def _wait(self, core: SocketCore, attempt: Callable[[], bool], timeout_ms: int) -> None:
        self._wait_for([core], attempt, timeout_ms, Sleeper(self.reactor))

    def _wait_for(
        self,
        cores: list[SocketCore],
        attempt: Callable[[], bool],
        timeout_ms: int,
        sleeper: Sleeper,
    ) -> None:
        """Return once ``attempt`` succeeds. Raises Again after the time-out."""
        deadline = -1.0 if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000
        remaining = -1.0
        self._register(cores, sleeper)
        self.reactor.flush()
        try:
            while True:
                if deadline >= 0:
                    remaining = max(deadline - time.monotonic(), 0.0)
                self._run_or_sleep(sleeper, remaining)
                for core in cores:
                    self._check(core)
                if self.closed:
                    raise ContextTerminated
                if attempt():
                    return
                if remaining == 0.0:
                    raise Again
        finally:
            self._unregister(cores, sleeper)
            self._hand_over()

    def _run_or_sleep(self, sleeper: Sleeper, seconds: float) -> None:
        if not self.running:
            self.running = True
            try:
                self.reactor.poll(seconds)
            finally:
                self.running = False
        elif seconds != 0.0:
            sleeper.asleep = True
            self.lock.release()
            try:
                sleeper.alarm.acquire(timeout=seconds)
            finally:
                acquire(self.lock)
                if not sleeper.asleep:
                    # Woken: the alarm was released; have it locked again for the next time.
                    sleeper.alarm.acquire(blocking=False)
                sleeper.asleep = False

    def _register(self, cores: list[SocketCore], sleeper: Sleeper) -> None:
        self._sleepers.append(sleeper)
        for core in cores:
            watchers = self._watchers.get(core)
            if watchers is None:
                watchers = Watchers(core.pattern.watcher)
                self._watchers[core] = watchers
                core.pattern.watcher = watchers
            watchers.sleepers.append(sleeper)

    def _unregister(self, cores: list[SocketCore], sleeper: Sleeper) -> None:
        self._sleepers.remove(sleeper)
        for core in cores:
            watchers = self._watchers[core]
            watchers.sleepers.remove(sleeper)
            if not watchers.sleepers:
                core.pattern.watcher = watchers.other
                del self._watchers[core]

    def _hand_over(self) -> None:
        if self.running:
            return
        for sleeper in self._sleepers:
            if sleeper.asleep:
                sleeper.wake()
                return
        if self._caretaker.parked:
            self._caretaker.unpark()

    def hand_over(self) -> None:
        """Let a sleeping thread run the reactor; the caretaker calls this as it leaves."""
        self._hand_over()

    def waiting(self) -> bool:
        """Tell whether a thread is inside that runs the reactor, or could."""
        return bool(self._sleepers)

    def empty(self) -> bool:
        """Tell whether no thread is inside."""
        return not self.running and not self._sleepers

    # Closing.

    def close(self, core: SocketCore, linger_ms: int | None) -> None:
        """Close a socket; ``linger_ms`` None means as its LINGER option says."""
        if self._descent.foreign() or self.exiting:
            return
        with self.lock:
            if not core.closed:
                self._close(core, linger_ms)

    def _close(self, core: SocketCore, linger_ms: int | None) -> None:
        self.activity += 1
        if self._caretaker.runs:
            self._caretaker.step_aside()
        core.close(core.options.linger if linger_ms is None else linger_ms)
        self.reactor.flush()

    def abandon(self, core: SocketCore) -> None:
        """Close a socket that nobody holds any longer, soon; never waits."""
        self._abandoned.append(core)
        self._wake()

    def abandon_all(self) -> None:
        """End a context that nobody holds any longer, soon; never waits."""
        self._orphaned = True
        self._wake()

    def _wake(self) -> None:
        if not self._descent.foreign():
            self.reactor.wake()

    def exit(self) -> None:
        """Write what the system takes now; from here on every call is refused and none waits."""
        if self._descent.foreign():
            return
        with self.lock:
            if not self.reactor.closed:
                self.reactor.flush()
            self.exiting = self.closed = True

    def sweep(self) -> bool:
        """Close what was abandoned; returns whether nothing is left of an abandoned context."""
        while self._abandoned:
            self._close(self._abandoned.popleft(), None)
        if not self._orphaned:
            return False
        for core in list(self._keeper.cores):
            self._close(core, None)
        return not self._keeper.cores

    def term(self) -> None:
        """End the context: every blocked call raises ContextTerminated, sockets close.

        Returns once their messages are away or their LINGER is over.
        """
        self._end(None)

    def destroy(self, linger_ms: int | None) -> None:
        """End the context as term() does, with another LINGER."""
        self._end(linger_ms)

    def _end(self, linger_ms: int | None) -> None:
        if self._descent.foreign() or self.exiting:
            return
        with self.lock:
            if self.closed and not self._keeper.cores:
                return
            self.closed = True
            for sleeper in self._sleepers:
                sleeper.socket_changed()
            for core in list(self._keeper.cores):
                self._close(core, linger_ms)
            sleeper = Sleeper(self.reactor)
            self._sleepers.append(sleeper)
            try:
                while self._keeper.cores:
                    # Another thread may run the reactor: look again soon rather than be woken.
                    self._run_or_sleep(sleeper, -1.0 if not self.running else 0.01)
            finally:
                self._sleepers.remove(sleeper)
                self._hand_over()
            self._caretaker.stop()
