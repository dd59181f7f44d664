"""The host of the blocking API: what the sockets of one context can be asked to do.

A thread that waits runs the reactor itself: see hosts/running.py.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from antiphon.engine.events import EventQueue
from antiphon.engine.socket import SocketCore
from antiphon.errors import Again
from antiphon.hosts.caretaker import Caretaker
from antiphon.hosts.contract import Received
from antiphon.hosts.log import attend
from antiphon.hosts.running import Runner
from antiphon.hosts.sleeping import Chained, Watchers
from antiphon.hosts.waiting import (
    Files,
    Wanted,
    check_routable,
    look,
    take,
)
from antiphon.instrument import SocketEvent
from antiphon.options import SocketOptions

__all__ = ("Host",)

#: A burst of sends is written when about this much is queued (bytes).
_BURST: Final = 65536

T = TypeVar("T")


class Host(Runner):
    """The blocking operations of all sockets of one context; every method is thread-safe.

    Times are milliseconds, -1 meaning without end.
    """

    def __init__(self, caretaker: type[Caretaker] = Caretaker) -> None:
        super().__init__(caretaker)
        self._burst = 0
        self._burst_pass = -1

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
            attend(core)
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
            self.reactor.flush()

    def get_option(self, core: SocketCore, option: int) -> int | bytes | str:
        """Return an option. Raises OptionError."""
        self._descent.check()
        with self.lock:
            self._check(core)
            return core.get_option(option)

    def call(self, action: Callable[[], T]) -> T:
        """Return what an action on a socket returns that never waits; it has the lock."""
        self._descent.check()
        with self.lock:
            try:
                return action()
            finally:
                if self.watched:
                    self._tend()

    def act(self, core: SocketCore, action: Callable[[], T]) -> T:
        """Return what an action on an open socket returns that never waits, and write what it says.

        Raises SocketClosed, and what the action raises.
        """
        self._descent.check()
        with self.lock:
            self._enter(core)
            try:
                return action()
            finally:
                self.reactor.flush()

    def watch(self, core: SocketCore, signal: Chained) -> None:
        """Let a signal follow a socket from now on."""
        self._descent.check()
        with self.lock:
            self._enter(core)
            self.watched = True
            watcher = core.pattern.watcher
            if isinstance(watcher, Watchers):
                signal.other, watcher.other = watcher.other, signal
            else:
                signal.other, core.pattern.watcher = watcher, signal

    def unwatch(self, core: SocketCore, signal: Chained) -> None:
        """Let a signal follow a socket no longer."""
        with self.lock:
            watcher = core.pattern.watcher
            if watcher is signal:
                core.pattern.watcher = signal.other
            while isinstance(watcher, Chained):
                if watcher.other is signal:
                    watcher.other = signal.other
                watcher = watcher.other

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
            self._admit(core)
            if not core.front.try_send(parts):
                self._await_room(core, parts, timeout_ms)
            self._write(parts)

    def _await_room(self, core: SocketCore, parts: list[bytes], timeout_ms: int) -> None:
        front = core.front
        self._wait(core, lambda: front.try_send(parts), timeout_ms)

    def recv(self, core: SocketCore, timeout_ms: int) -> list[bytes]:
        """Receive a message. Raises Again when none comes in time, StateError, and others."""
        self._descent.check()
        with self.lock:
            self._admit(core)
            message = core.front.try_recv()
            if message is None:
                return self._wait(core, core.front.try_recv, timeout_ms)
            if self.watched:
                self._tend()
            return message

    def recv_from(self, core: SocketCore, timeout_ms: int) -> Received:
        """Receive as recv() does; returns what is known of the sender, too."""
        self._descent.check()
        with self.lock:
            self._admit(core)
            received = take(core) or self._wait(core, lambda: take(core), timeout_ms)
            if self.watched:
                self._tend()
            return received

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
            sleeper = self._sleeper()
            files = Files(self.reactor, wanted, sleeper)
            sleeper.aside = not files and all(core.meets_inproc() for core in cores)
            try:
                if files and not self.running:
                    self.reactor.poll(0.0)
                found = look(wanted, files)
                if found:
                    return found
                return self._wait_for(cores, lambda: look(wanted, files), timeout_ms, sleeper)
            except Again:
                return []
            finally:
                files.close()
                self._dismiss(sleeper)

    def next_event(self, queue: EventQueue, timeout_ms: int) -> SocketEvent | None:
        """Return the next event of a socket; None after the last. Raises Again."""
        self._descent.check()
        with self.lock:
            if not queue.ready():
                self._enter()
                sleeper = self._sleeper()
                queue.watchers.append(sleeper)
                try:
                    self._wait_for([], queue.ready, timeout_ms, sleeper)
                finally:
                    queue.watchers.remove(sleeper)
                    self._dismiss(sleeper)
            return queue.take()

    def _write(self, parts: list[bytes]) -> None:
        # The first message since the last pass goes out at once, those of a burst together.
        reactor = self.reactor
        if self._burst_pass != reactor.passes:
            self._burst_pass = reactor.passes
            self._burst = 0
            reactor.flush()
            reactor.expectant = True
            return
        self._burst += len(parts[-1]) + 64
        if self._burst >= _BURST:
            self._burst = 0
            reactor.flush()
        elif self._caretaker.parked:
            self._caretaker.unpark()
        elif self.watched:
            self._tend()

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
            self._close(self._abandoned.pop(), None)
        if not self._orphaned:
            return False
        self._spare.clear()
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
            self.reactor.exchange.end()
            for core in list(self._keeper.cores):
                if linger_ms is not None or not core.closed:
                    self._close(core, linger_ms)
            sleeper = self._sleeper()
            self._spare.clear()
            self._sleepers.append(sleeper)
            try:
                while self._keeper.cores:
                    sleeper.changed = False
                    # Another thread may run the reactor: look again soon rather than be woken.
                    self._run_or_sleep(sleeper, -1.0 if not self.running else 0.01)
            finally:
                self._sleepers.remove(sleeper)
                self._hand_over()
            self._caretaker.stop()
