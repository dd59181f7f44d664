"""The asyncio sockets, under pyzmq's names: ``import antiphon.zmq.asyncio``.

The loop watches the reactor's descriptor; it works on the standard loop and on uvloop. Cancelling
a coroutine that receives loses no message.
"""

import warnings
from asyncio import SelectorEventLoop
from collections.abc import Callable, Sequence
from typing import Any

from antiphon.hosts.aio import AioHost
from antiphon.hosts.lent import LentHost
from antiphon.hosts.signal import AioSignalling
from antiphon.hosts.tasks import Turns
from antiphon.hosts.threads import Host
from antiphon.zmq import MessageTracker
from antiphon.zmq import Socket as BlockingSocket
from antiphon.zmq.awaiting import Awaiting
from antiphon.zmq.base import BaseSocket
from antiphon.zmq.contents import (
    address_arguments,
    dump_json,
    encode_text,
    fill,
    load_json,
    pickling_for,
    window,
)
from antiphon.zmq.context import BaseContext
from antiphon.zmq.events import AsyncEventStream as EventStream
from antiphon.zmq.poller import BasePoller, Round

__all__ = ("Context", "EventStream", "Poller", "Socket", "ZMQEventLoop", "install")


class Socket(Awaiting, BaseSocket):
    """An asyncio socket; made by Context.socket(), or from a context and a type.

    Made of a blocking socket, or in a blocking context, it waits for what other threads may use
    too; that costs more.

    It is used from one event loop. No method that waits is made of another one's override.

    What waits is a coroutine; it raises Again after SNDTIMEO or RCVTIMEO milliseconds,
    ContextTerminated when the context ends, SocketClosed when the socket is closed, and StateError
    where the socket type does not allow it now.
    """

    _host: AioHost
    _host_class = AioHost
    _signalling_class = AioSignalling
    _repr_name = "zmq.asyncio.Socket"

    def __init__(
        self,
        ctx_or_socket: Any = None,
        socket_type: int = -1,
        io_loop: object = None,
        *,
        shadow: Any = None,
        copy_threshold: int | None = None,
        **options: Any,
    ) -> None:
        if io_loop is not None:
            _tell_deprecated("io_loop is of no use: the running loop is found")
        super().__init__(
            ctx_or_socket, socket_type, shadow=shadow, copy_threshold=copy_threshold, **options
        )

    def _open(self, context: Any, socket_type: int) -> None:
        super()._open(context, socket_type)
        self._turns = Turns()

    def _share(self, shadow: Any) -> None:
        super()._share(shadow)
        self._turns = getattr(self._original, "_turns", None) or Turns()

    def _adapted(self, host: Any, shared: bool) -> Any:
        del shared
        return _on_a_loop(host)

    @classmethod
    def from_socket(cls, socket: BaseSocket, io_loop: object = None) -> "Socket":
        """Return a socket a second time; ``io_loop`` is of no use: the running loop is found."""
        del io_loop
        return cls(shadow=socket)

    async def recv_into(
        self, buffer: bytearray | memoryview, /, *, nbytes: int = 0, flags: int = 0
    ) -> int:
        """Receive a frame into a buffer, at most ``nbytes`` of it (0: what the buffer holds).

        Returns the size of the frame; what does not fit is cut off. Raises ValueError for more
        ``nbytes`` than the buffer has, and BufferError for one that cannot be written to.
        """
        view = window(buffer, nbytes)
        return fill(view, await Socket.recv(self, flags))

    async def send_string(
        self, u: str, flags: int = 0, copy: bool = True, encoding: str = "utf-8", **options: Any
    ) -> MessageTracker | None:
        """Send text."""
        return await Socket.send(
            self, self._messages.made(encode_text, u, encoding), flags, copy, **options
        )

    async def recv_string(self, flags: int = 0, encoding: str = "utf-8") -> str:
        """Receive text."""
        return (await Socket.recv(self, flags)).decode(encoding)

    send_unicode = send_string
    recv_unicode = recv_string

    async def send_json(self, obj: object, flags: int = 0, **options: Any) -> None:
        """Send an object as JSON."""
        others = address_arguments(options)
        await Socket.send(self, self._messages.made(dump_json, obj, options), flags, **others)

    async def recv_json(self, flags: int = 0, **options: Any) -> Any:
        """Receive JSON. Raises ValueError if it is none."""
        return load_json(await Socket.recv(self, flags), options)

    async def send_serialized(
        self,
        msg: Any,
        serialize: Callable[[Any], Sequence[object]],
        flags: int = 0,
        copy: bool = True,
        **options: Any,
    ) -> MessageTracker | None:
        """Send the frames that ``serialize`` makes of a message."""
        return await Socket.send_multipart(
            self, self._messages.made(serialize, msg), flags, copy, **options
        )

    async def recv_serialized(
        self, deserialize: Callable[[list[Any]], Any], flags: int = 0, copy: bool = True
    ) -> Any:
        """Return what ``deserialize`` makes of a message's frames."""
        return deserialize(await Socket.recv_multipart(self, flags, copy))

    async def send_pyobj(
        self, obj: object, flags: int = 0, protocol: int | None = None, **options: Any
    ) -> MessageTracker | None:
        """Send an object pickled. Raises TypeError unless ``allow_pickle`` was set."""
        pickling = self._messages.made(pickling_for, self, "send_pyobj")
        return await Socket.send(
            self, self._messages.made(pickling.dump, obj, protocol), flags, **options
        )

    async def recv_pyobj(self, flags: int = 0) -> Any:
        """Receive a pickled object, which runs what its sender wants to be run.

        Raises TypeError unless ``allow_pickle`` was set on the socket, its class or its context.
        """
        pickling = pickling_for(self, "recv_pyobj")
        return pickling.load(await Socket.recv(self, flags))

    async def poll(self, timeout: float | None = None, flags: int = 1) -> int:
        """Wait for events, at most ``timeout`` milliseconds (None: without end); returns them."""
        rest = flags & 1 if self._messages.incoming else 0
        limit = 0 if rest else -1 if timeout is None else int(timeout)
        found = await self._host.poll([(self._core, int(flags))], limit)
        return rest | (found[0][1] if found else 0)

    def event_stream(self, limit: int = 1000) -> EventStream:
        """Return what happens to the socket from now on, for ``async for``.

        At most ``limit`` of them wait; those that come on top are counted as ``missed``. Raises
        SocketClosed, and ValueError for a limit below 1.
        """
        return EventStream(self._host, self._core, limit)


class Context(BaseContext[Socket]):
    """A context of asyncio sockets; it belongs to the event loop that first waits on one.

    With a blocking context as the first argument, or as ``shadow``, its sockets are in that one:
    they meet over inproc, and any loop may wait for them.
    """

    _host: AioHost
    _host_class = AioHost
    _socket_class = Socket
    _repr_name = "zmq.asyncio.Context"

    def _adapted(self, host: Any) -> Any:
        return _on_a_loop(host)

    @property
    def closed(self) -> bool:
        """Whether the context has been terminated."""
        return "_host" not in self.__dict__ or self._host.closed

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


def _on_a_loop(host: object) -> AioHost | LentHost | None:
    """Return who lets tasks wait for the sockets of a host; None if it can be nobody."""
    if isinstance(host, AioHost | LentHost):
        return host
    return LentHost(host) if isinstance(host, Host) else None


class ZMQEventLoop(SelectorEventLoop):
    """The standard loop, under the name that programs for old versions of pyzmq know."""

    def __init__(self, selector: Any = None) -> None:
        _tell_deprecated("ZMQEventLoop is deprecated: any event loop does")
        super().__init__(selector)


def install() -> None:
    """Do nothing, as pyzmq does: any event loop works with sockets."""
    _tell_deprecated("zmq.asyncio.install() is deprecated: any event loop does")


def _tell_deprecated(what: str) -> None:
    warnings.warn(what, DeprecationWarning, stacklevel=3)


class Poller(BasePoller):
    """Waits for asyncio sockets, blocking ones and descriptors."""

    _socket_classes = (Socket, BlockingSocket)
    _host_class = AioHost

    async def poll(self, timeout: float | None = None) -> list[tuple[Any, int]]:
        """Wait at most ``timeout`` milliseconds (None or negative: without end).

        Returns the sockets and descriptors that are ready, with their events; of objects with a
        fileno() it returns that number, as pyzmq does.
        """
        polled = Round(self.sockets, timeout, self._host_class)
        if polled.host is not None:
            return await self._poll(polled, polled.host)
        host = AioHost()
        try:
            return await self._poll(polled, host)
        finally:
            host.destroy(0)

    async def _poll(self, polled: Round, host: AioHost) -> list[tuple[Any, int]]:
        while not polled.over:
            ready = polled.ready(await host.poll(polled.wanted, polled.limit()))
            if ready:
                return ready
        return []
