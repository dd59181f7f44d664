"""A descriptor per socket for programs that wait in select() or in a loop of their own (FD).

libzmq's descriptor becomes readable when something may have changed, and whoever then leaves a
message unread waits in vain for the next event. Programs written for that rule work here, and so
do those that are not: while a message waits after a receive or a send, the descriptor is readable.
"""

import contextlib
import os
from typing import TYPE_CHECKING, Any, Final

from antiphon.engine.options import EVENTS, events
from antiphon.engine.socket import SocketCore
from antiphon.hosts.contract import AwaitingHost, BlockingHost, Received
from antiphon.hosts.sleeping import Chained
from antiphon.reactor import wake_pipe
from antiphon.unpatched import Lock

if TYPE_CHECKING:
    # Whoever blocks has no use for asyncio: it is not imported for that.
    from antiphon.hosts.aio import AioHost
    from antiphon.hosts.threads import Host

__all__ = ("AioSignalling", "Signal", "Signalling")

_ONE: Final = b"\x01\0\0\0\0\0\0\0"


class Signal(Chained):
    """A descriptor that is readable from a change of its socket on, until that is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._closed = False
        self._read, self._write = wake_pipe()

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._read

    def socket_changed(self) -> None:
        """Be readable, and tell who watches besides."""
        self.set()
        super().socket_changed()

    def set(self) -> None:
        """Be readable."""
        with self._lock:
            if not self._closed:
                # A full pipe is readable already.
                with contextlib.suppress(BlockingIOError):
                    os.write(self._write, _ONE)

    def clear(self) -> None:
        """Be readable no longer."""
        with self._lock:
            if not self._closed:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._read, 4096)

    def used(self, core: SocketCore) -> None:
        """Be readable only if a message waits: the program has just used the socket."""
        self.clear()
        if core.closed or core.pattern.can_recv():
            self.set()

    def close(self) -> None:
        """Give the descriptor back."""
        with self._lock:
            if not self._closed:
                self._closed = True
                for fd in {self._read, self._write}:
                    os.close(fd)

    def __del__(self) -> None:
        self.close()


class _Signalling:
    """The host of one socket whose descriptor is watched: it keeps the signal right."""

    def __init__(self, host: Any, core: SocketCore) -> None:
        self._host = host
        self._signal = Signal()
        host.watch(core, self._signal)
        if events(core):
            self._signal.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._signal.fileno()

    def get_option(self, core: SocketCore, option: int) -> int | bytes | str:
        """Return an option; EVENTS as they are now have then been seen."""
        if option == EVENTS:
            # First: what changes meanwhile is told again.
            self._signal.clear()
        value: int | bytes | str = self._host.get_option(core, option)
        return value

    def abandon(self, core: SocketCore) -> None:
        """Close the socket soon, and its descriptor."""
        self._signal.close()
        self._host.abandon(core)

    def close(self, core: SocketCore, linger_ms: int | None) -> None:
        """Close the socket, and its descriptor."""
        self._host.close(core, linger_ms)
        self._signal.close()


class Signalling(_Signalling, BlockingHost):
    """The same in front of the host of the blocking API."""

    _host: "Host"

    def send(self, core: SocketCore, parts: list[bytes], timeout_ms: int) -> None:
        """Send as the host does."""
        try:
            self._host.send(core, parts, timeout_ms)
        finally:
            self._signal.used(core)

    def recv(self, core: SocketCore, timeout_ms: int) -> list[bytes]:
        """Receive as the host does."""
        try:
            return self._host.recv(core, timeout_ms)
        finally:
            self._signal.used(core)

    def recv_from(self, core: SocketCore, timeout_ms: int) -> Received:
        """Receive as the host does."""
        try:
            return self._host.recv_from(core, timeout_ms)
        finally:
            self._signal.used(core)


class AioSignalling(_Signalling, AwaitingHost):
    """The same in front of the host of the asyncio API."""

    _host: "AioHost"

    async def send(self, core: SocketCore, parts: list[bytes], timeout_ms: int) -> None:
        """Send as the host does."""
        try:
            await self._host.send(core, parts, timeout_ms)
        finally:
            self._signal.used(core)

    async def recv(self, core: SocketCore, timeout_ms: int) -> list[bytes]:
        """Receive as the host does."""
        try:
            return await self._host.recv(core, timeout_ms)
        finally:
            self._signal.used(core)

    async def recv_from(self, core: SocketCore, timeout_ms: int) -> Received:
        """Receive as the host does."""
        try:
            return await self._host.recv_from(core, timeout_ms)
        finally:
            self._signal.used(core)
