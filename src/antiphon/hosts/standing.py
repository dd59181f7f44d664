"""Blocking calls on sockets of asyncio: whoever waits runs the reactor, and the loop stands.

For programs that treat a socket of asyncio as a blocking one for a moment, as Jupyter does for each
message that it sends: ``zmq.Socket.shadow(socket.underlying)``.
"""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from antiphon.engine.socket import SocketCore
from antiphon.errors import Again
from antiphon.hosts.aio import AioHost
from antiphon.hosts.contract import BlockingHost, Received
from antiphon.hosts.waiting import Files, Wanted, look, take
from antiphon.patterns.base import Watcher

__all__ = ("StandingHost",)

T = TypeVar("T")


class StandingHost(BlockingHost):
    """The blocking operations of the sockets of one context of asyncio, in its loop's thread.

    Times are milliseconds, -1 meaning without end. What never waits is the other host's.
    """

    def __init__(self, host: AioHost) -> None:
        self._host = host

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)

    def send(self, core: SocketCore, parts: list[bytes], timeout_ms: int) -> None:
        """Send a message. Raises Again when no peer takes it in time, StateError, and others."""
        self._until([core], lambda: core.front.try_send(parts) or None, timeout_ms)
        self._host.reactor.flush()

    def recv(self, core: SocketCore, timeout_ms: int) -> list[bytes]:
        """Receive a message. Raises Again when none comes in time, StateError, and others."""
        return self._until([core], core.front.try_recv, timeout_ms)

    def recv_from(self, core: SocketCore, timeout_ms: int) -> Received:
        """Receive as recv() does; returns what is known of the sender, too."""
        return self._until([core], lambda: take(core), timeout_ms)

    def poll(self, wanted: Wanted, timeout_ms: int) -> Wanted:
        """Wait until a socket or a descriptor (an int) is ready; returns those that are."""
        files = Files(self._host.reactor, wanted, Watcher())
        cores = [item for item, _ in wanted if isinstance(item, SocketCore)]
        try:
            return self._until(cores, lambda: look(wanted, files) or None, timeout_ms)
        except Again:
            return []
        finally:
            files.close()

    def _until(
        self, cores: list[SocketCore], attempt: Callable[[], T | None], timeout_ms: int
    ) -> T:
        """Return what ``attempt`` returns once it is something. Raises Again after the time-out."""
        deadline = time.monotonic() + timeout_ms / 1000
        remaining = -1.0
        while True:
            for core in cores:
                self._host._check(core)  # noqa: SLF001
            result = self._host.call(attempt)
            if result is not None:
                return result
            if remaining == 0.0:
                raise Again
            if timeout_ms >= 0:
                remaining = max(deadline - time.monotonic(), 0.0)
            self._host.reactor.poll(remaining)
