"""The blocking socket, under pyzmq's names; it may be used by several threads."""

from collections.abc import Callable, Sequence
from typing import Any

from antiphon.hosts.signal import Signalling
from antiphon.hosts.threads import Host
from antiphon.zmq.base import BaseSocket
from antiphon.zmq.blocking import Blocking
from antiphon.zmq.contents import (
    address_arguments,
    dump_json,
    encode_text,
    fill,
    load_json,
    pickling_for,
    window,
)
from antiphon.zmq.events import EventStream
from antiphon.zmq.frame import MessageTracker

__all__ = ("Socket", "SyncSocket")


class Socket(Blocking, BaseSocket):
    """A blocking socket; made by Context.socket(), or from a context and a type.

    Every call that waits raises Again after SNDTIMEO or RCVTIMEO milliseconds, ContextTerminated
    when the context ends, SocketClosed when the socket is closed, and StateError where the socket
    type does not allow it now.
    """

    _host: Host
    _host_class = Host
    _signalling_class = Signalling

    def _adapted(self, host: Any, shared: bool) -> Any:
        host = getattr(host, "blocking", host)
        if isinstance(host, Host) or not shared:
            return super()._adapted(host, shared)
        # Only here: most programs have no need of both kinds.
        from antiphon.hosts.aio import AioHost
        from antiphon.hosts.standing import StandingHost

        return StandingHost(host) if isinstance(host, AioHost) else None

    def recv_into(
        self, buffer: bytearray | memoryview, /, *, nbytes: int = 0, flags: int = 0
    ) -> int:
        """Receive a frame into a buffer, at most ``nbytes`` of it (0: what the buffer holds).

        Returns the size of the frame; what does not fit is cut off. Raises ValueError for more
        ``nbytes`` than the buffer has, and BufferError for one that cannot be written to.
        """
        view = window(buffer, nbytes)
        return fill(view, self.recv(flags))

    def send_string(
        self, u: str, flags: int = 0, copy: bool = True, encoding: str = "utf-8", **options: Any
    ) -> MessageTracker | None:
        """Send text."""
        return self.send(self._messages.made(encode_text, u, encoding), flags, copy, **options)

    def recv_string(self, flags: int = 0, encoding: str = "utf-8") -> str:
        """Receive text."""
        return self.recv(flags).decode(encoding)

    send_unicode = send_string
    recv_unicode = recv_string

    def send_json(self, obj: object, flags: int = 0, **options: Any) -> None:
        """Send an object as JSON."""
        others = address_arguments(options)
        self.send(self._messages.made(dump_json, obj, options), flags, **others)

    def recv_json(self, flags: int = 0, **options: Any) -> Any:
        """Receive JSON. Raises ValueError if it is none."""
        return load_json(self.recv(flags), options)

    def send_serialized(
        self,
        msg: Any,
        serialize: Callable[[Any], Sequence[object]],
        flags: int = 0,
        copy: bool = True,
        **options: Any,
    ) -> MessageTracker | None:
        """Send the frames that ``serialize`` makes of a message."""
        return self.send_multipart(self._messages.made(serialize, msg), flags, copy, **options)

    def recv_serialized(
        self, deserialize: Callable[[list[Any]], Any], flags: int = 0, copy: bool = True
    ) -> Any:
        """Return what ``deserialize`` makes of a message's frames."""
        return deserialize(self.recv_multipart(flags, copy))

    def send_pyobj(
        self, obj: object, flags: int = 0, protocol: int | None = None, **options: Any
    ) -> MessageTracker | None:
        """Send an object pickled. Raises TypeError unless ``allow_pickle`` was set."""
        pickling = self._messages.made(pickling_for, self, "send_pyobj")
        return self.send(self._messages.made(pickling.dump, obj, protocol), flags, **options)

    def recv_pyobj(self, flags: int = 0) -> Any:
        """Receive a pickled object, which runs what its sender wants to be run.

        Raises TypeError unless ``allow_pickle`` was set on the socket, its class or its context.
        """
        pickling = pickling_for(self, "recv_pyobj")
        return pickling.load(self.recv(flags))

    def poll(self, timeout: float | None = None, flags: int = 1) -> int:
        """Wait for events, at most ``timeout`` milliseconds (None: without end); returns them."""
        rest = flags & 1 if self._messages.incoming else 0
        limit = 0 if rest else -1 if timeout is None else int(timeout)
        found = self._host.poll([(self._core, int(flags))], limit)
        return rest | (found[0][1] if found else 0)

    def event_stream(self, limit: int = 1000) -> EventStream:
        """Return what happens to the socket from now on, event by event: iterate over it.

        At most ``limit`` of them wait; those that come on top are counted as ``missed``. Raises
        SocketClosed, and ValueError for a limit below 1.
        """
        return EventStream(self._host, self._core, limit)


SyncSocket = Socket
