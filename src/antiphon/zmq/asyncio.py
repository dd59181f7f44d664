"""The asyncio sockets, under pyzmq's names: ``import antiphon.zmq.asyncio``.

The loop watches the reactor's descriptor; it works on the standard loop and on uvloop. Cancelling
a coroutine that receives loses no message.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from antiphon.engine.socket import SocketCore
from antiphon.errors import HostUnreachable
from antiphon.hosts.aio import AioHost
from antiphon.zmq.base import BaseSocket, dump_json, load_json, refuse_pickle, require_copy
from antiphon.zmq.context import BaseContext
from antiphon.zmq.poller import BasePoller

__all__ = ("Context", "Poller", "Socket")


class Socket(BaseSocket):
    """An asyncio socket; made by Context.socket(), used from one event loop.

    What waits is a coroutine; it raises Again after SNDTIMEO or RCVTIMEO milliseconds,
    ContextTerminated when the context ends, SocketClosed when the socket is closed, and StateError
    where the socket type does not allow it now.
    """

    _host: AioHost

    def __init__(self, context: object, host: AioHost, core: SocketCore) -> None:
        super().__init__(context, host, core)

    def send(
        self, data: object, flags: int = 0, copy: bool = True, track: bool = False
    ) -> Coroutine[Any, Any, None]:
        """Send a frame; with SNDMORE in ``flags`` it waits for the frames that follow.

        ``copy`` and ``track`` are accepted: bytes are never copied.
        """
        del copy, track
        return self._send(self._assemble(data, flags), flags)

    def send_multipart(
        self, msg_parts: Sequence[object], flags: int = 0, copy: bool = True, track: bool = False
    ) -> Coroutine[Any, Any, None]:
        """Send a message of several frames, whole or not at all. Raises TypeError before that."""
        del copy, track
        return self._send(self._assemble_all(msg_parts, flags), flags)

    def _send(self, parts: list[bytes] | None, flags: int) -> Coroutine[Any, Any, None]:
        # One coroutine per call, not one per layer: that is what a message costs here.
        if parts is None:
            return _nothing()
        if self._partial.outgoing:
            return self._send_rest(parts, flags)
        return self._host.send(self._core, parts, self._send_timeout(flags))

    async def _send_rest(self, parts: list[bytes], flags: int) -> None:
        try:
            await self._host.send(self._core, parts, self._send_timeout(flags))
        except HostUnreachable:
            self._sent()
            raise
        self._sent()

    async def recv(self, flags: int = 0, copy: bool = True, track: bool = False) -> bytes:
        """Receive a frame; RCVMORE then tells whether the message has more."""
        del track
        require_copy(copy)
        incoming = self._partial.incoming
        if incoming:
            return incoming.popleft()
        return self._first(await self._host.recv(self._core, self._receive_timeout(flags)))

    def recv_multipart(
        self, flags: int = 0, copy: bool = True, track: bool = False
    ) -> Coroutine[Any, Any, list[bytes]]:
        """Receive a message; what recv() has left of one comes first."""
        del track
        require_copy(copy)
        if self._partial.incoming:
            return self._take_rest()
        return self._host.recv(self._core, self._receive_timeout(flags))

    async def _take_rest(self) -> list[bytes]:
        return self._rest()

    async def recv_into(
        self, buffer: bytearray | memoryview, /, *, nbytes: int = 0, flags: int = 0
    ) -> int:
        """Receive a frame into a buffer; returns its size, what does not fit is cut off."""
        return self._copy_into(await self.recv(flags), buffer, nbytes)

    async def send_string(
        self, u: str, flags: int = 0, copy: bool = True, encoding: str = "utf-8", **_options: Any
    ) -> None:
        """Send text."""
        if not isinstance(u, str):
            raise TypeError(f"send_string() sends str, not {type(u).__name__}")
        await self.send(u.encode(encoding), flags, copy)

    async def recv_string(self, flags: int = 0, encoding: str = "utf-8") -> str:
        """Receive text."""
        return (await self.recv(flags)).decode(encoding)

    send_unicode = send_string
    recv_unicode = recv_string

    async def send_json(self, obj: object, flags: int = 0, **options: Any) -> None:
        """Send an object as JSON."""
        await self.send(dump_json(obj, options), flags)

    async def recv_json(self, flags: int = 0, **options: Any) -> Any:
        """Receive JSON. Raises ValueError if it is none."""
        return load_json(await self.recv(flags), options)

    async def send_serialized(
        self,
        msg: Any,
        serialize: Callable[[Any], Sequence[object]],
        flags: int = 0,
        copy: bool = True,
        **_options: Any,
    ) -> None:
        """Send the frames that ``serialize`` makes of a message."""
        await self.send_multipart(serialize(msg), flags, copy)

    async def recv_serialized(
        self, deserialize: Callable[[list[bytes]], Any], flags: int = 0, copy: bool = True
    ) -> Any:
        """Return what ``deserialize`` makes of a message's frames."""
        return deserialize(await self.recv_multipart(flags, copy))

    async def send_pyobj(self, obj: object, flags: int = 0, protocol: int = -1) -> None:
        """Refuse: pickle is not offered. Raises TypeError."""
        del obj, flags, protocol
        refuse_pickle("send_pyobj")

    async def recv_pyobj(self, flags: int = 0) -> Any:
        """Refuse: pickle is not offered. Raises TypeError."""
        del flags
        refuse_pickle("recv_pyobj")

    async def poll(self, timeout: float | None = None, flags: int = 1) -> int:
        """Wait for events, at most ``timeout`` milliseconds (None: without end); returns them."""
        if self._partial.incoming and flags & 1:
            return 1
        limit = -1 if timeout is None else int(timeout)
        found = await self._host.poll([(self._core, int(flags))], limit)
        return found[0][1] if found else 0


class Context(BaseContext[Socket]):
    """A context of asyncio sockets; it belongs to the event loop that first waits on one."""

    _host: AioHost

    def __init__(self, io_threads: int = 1) -> None:
        super().__init__(io_threads)
        object.__setattr__(self, "_host", AioHost())

    @property
    def closed(self) -> bool:
        """Whether the context has been terminated."""
        return self._host.closed

    @property
    def foreign(self) -> bool:
        """Whether the context was made before a fork(), by the parent of this process."""
        return self._host.foreign()

    def term(self) -> None:
        """End the context; tasks that wait see ContextTerminated. The loop stands meanwhile."""
        self._host.term()

    def destroy(self, linger: int | None = None) -> None:
        """Close every socket with ``linger`` milliseconds and end the context."""
        self._host.destroy(linger)

    def _make(self, socket_type: int) -> Socket:
        return Socket(self, self._host, self._host.open(socket_type, self._options))


async def _nothing() -> None:
    """Complete at once: a frame has been kept for the message it belongs to."""


class Poller(BasePoller):
    """Waits for asyncio sockets and descriptors."""

    async def poll(self, timeout: float | None = None) -> list[tuple[Any, int]]:
        """Wait at most ``timeout`` milliseconds (None or negative: without end).

        Returns the sockets and descriptors that are ready, with their events.
        """
        ready = self._ready_already()
        if ready:
            return ready
        host, wanted, items = self._wanted()
        limit = -1 if timeout is None or timeout < 0 else int(timeout)
        own = host is None
        if own:
            host = AioHost()
        try:
            found = await host.poll(wanted, limit)
        finally:
            if own:
                host.destroy(0)
        return [(items[key], events) for key, events in found]
