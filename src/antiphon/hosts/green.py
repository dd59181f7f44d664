"""The host of the gevent API: a greenlet that waits lets the others run.

gevent's loop watches the reactor's descriptor, as asyncio's does. The blocking API's host does the
work, and is only ever asked for what it can do at once: when it has nothing, the greenlet sleeps
until the socket changes.
"""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from gevent import get_hub, sleep
from gevent.event import Event

from antiphon.engine.socket import SocketCore
from antiphon.errors import Again
from antiphon.hosts.caretaker import Caretaker
from antiphon.hosts.contract import BlockingHost, Received
from antiphon.hosts.sleeping import Chained
from antiphon.hosts.threads import Host
from antiphon.hosts.waiting import Wanted
from antiphon.patterns.proxy import Task

__all__ = ("GreenHost",)

T = TypeVar("T")


class _GreenCaretaker(Caretaker):
    """Runs the reactor in gevent's loop instead of a thread."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._loop: Any = get_hub().loop
        self._watcher: Any = None
        self._timer: Any = None
        self._deadline = -1.0
        self._scheduled = False
        # Then every call is told of by step_aside().
        self.runs = True

    def _begin(self) -> None:
        self._watcher = self._loop.io(self._host.reactor.fileno(), 1)
        self._watcher.start(self._turn)
        self.step_aside()

    def step_aside(self) -> None:
        """Look soon at what a call has changed."""
        if not self._scheduled:
            self._scheduled = True
            self._loop.run_callback(self._turn)

    def stop(self) -> None:
        """End; the context may have ended in a thread of its own."""
        self._stopped = True
        self._loop.run_callback_threadsafe(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        host = self._host
        with host.lock:
            if host.reactor.closed or host.running:
                return
            host.reactor.poll(0.0)
            self._stopped |= host.sweep()
            if self._stopped:
                self._end()
            else:
                self._arm()

    def _arm(self) -> None:
        deadline = self._host.reactor.next_deadline()
        if deadline == self._deadline:
            return
        self._deadline = deadline
        if self._timer is not None:
            self._timer.close()
            self._timer = None
        if deadline >= 0:
            delay = max(deadline - self._host.reactor.now(), 0.0)
            self._timer = self._loop.timer(delay)
            self._timer.start(self._expire)

    def _expire(self) -> None:
        self._deadline = -1.0
        self._turn()

    def _end(self) -> None:
        for watcher in (self._watcher, self._timer):
            if watcher is not None:
                watcher.close()
        super()._end()


class _Bell(Chained):
    """Rings in the greenlets that wait for one socket."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []
        self._loop: Any = get_hub().loop

    def socket_changed(self) -> None:
        """Let all of them look again, soon: this may be the thread that ends the context."""
        if self.events:
            self._loop.run_callback_threadsafe(self._ring)
        super().socket_changed()

    def _ring(self) -> None:
        for event in self.events:
            event.set()


class GreenHost(BlockingHost):
    """The operations of all sockets of one context in the greenlets of one thread.

    Times are milliseconds, -1 meaning without end. What never waits is the blocking host's.
    """

    def __init__(self) -> None:
        self._host = Host(_GreenCaretaker)
        self._bells: dict[SocketCore, _Bell] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)

    def send(self, core: SocketCore, parts: list[bytes], timeout_ms: int) -> None:
        """Send as the blocking host does."""
        self._until([core], lambda: self._host.send(core, parts, 0), timeout_ms)

    def recv(self, core: SocketCore, timeout_ms: int) -> list[bytes]:
        """Receive as the blocking host does."""
        return self._until([core], lambda: self._host.recv(core, 0), timeout_ms)

    def recv_from(self, core: SocketCore, timeout_ms: int) -> Received:
        """Receive as the blocking host does."""
        return self._until([core], lambda: self._host.recv_from(core, 0), timeout_ms)

    def poll(self, wanted: Wanted, timeout_ms: int) -> Wanted:
        """Wait as the blocking host does, for sockets and descriptors.

        Something may always be ready: what has come for the others is seen all the same.
        """
        self._host.call(self._pass)

        def look() -> Wanted:
            found = self._host.poll(wanted, 0)
            if not found:
                raise Again
            return found

        cores = [item for item, _ in wanted if isinstance(item, SocketCore)]
        files: Wanted = [(item, mask) for item, mask in wanted if isinstance(item, int)]
        try:
            return self._until(cores, look, timeout_ms, files)
        except Again:
            return []

    def _pass(self) -> None:
        host = self._host
        if not (host.running or host.reactor.closed):
            host.reactor.poll(0.0)

    def serve(self, cores: list[SocketCore], task: Task) -> None:
        """Do a task as the blocking host does; other greenlets run meanwhile."""

        def turn() -> bool:
            for core in cores:
                self._host._check(core)  # noqa: SLF001
            more = task.step()
            self._host.reactor.flush()
            return more or task.done

        def attempt() -> None:
            if not self._host.call(turn):
                raise Again

        try:
            while not task.done:
                self._until(cores, attempt, -1)
                sleep(0)
        finally:
            self._host.call(task.ended)

    def close(self, core: SocketCore, linger_ms: int | None) -> None:
        """Close a socket; greenlets that wait for it see SocketClosed."""
        self._host.close(core, linger_ms)
        self._bells.pop(core, None)

    def term(self) -> None:
        """End the context as the blocking host does; other greenlets run meanwhile."""
        get_hub().threadpool.apply(self._host.term)

    def destroy(self, linger_ms: int | None) -> None:
        """End the context as term() does, with another LINGER."""
        get_hub().threadpool.apply(self._host.destroy, (linger_ms,))

    def _until(
        self,
        cores: list[SocketCore],
        attempt: Callable[[], T],
        timeout_ms: int,
        files: Wanted | None = None,
    ) -> T:
        """Return what ``attempt`` returns once it does not raise Again."""
        try:
            return attempt()
        except Again:
            if timeout_ms == 0:
                raise
        deadline = None if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000
        event = Event()
        bells = [self._bell(core) for core in cores]
        watchers = [get_hub().loop.io(fd, mask & 3) for fd, mask in files or []]
        for bell in bells:
            bell.events.append(event)
        for watcher in watchers:
            watcher.start(event.set)
        try:
            return _retry(attempt, event, deadline)
        finally:
            for bell in bells:
                bell.events.remove(event)
            for watcher in watchers:
                watcher.close()

    def _bell(self, core: SocketCore) -> _Bell:
        bell = self._bells.get(core)
        if bell is None:
            bell = _Bell()
            self._host.watch(core, bell)
            self._bells[core] = bell
        return bell


def _retry(attempt: Callable[[], T], event: Event, deadline: float | None) -> T:
    while True:
        event.clear()
        try:
            return attempt()
        except Again:
            remaining = None if deadline is None else deadline - time.monotonic()
            if remaining is not None and remaining <= 0:
                raise
        event.wait(remaining)
