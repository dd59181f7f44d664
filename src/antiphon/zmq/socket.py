"""The blocking socket, under pyzmq's names; it may be used by several threads."""

from collections.abc import Callable, Sequence
from typing import Any

from antiphon.errors import Again
from antiphon.hosts.threads import Host
from antiphon.zmq.base import (
    BaseSocket,
    draft_arguments,
    dump_json,
    encode_text,
    fill,
    load_json,
    refuse_drafts,
    refuse_pickle,
    require_copy,
    window,
)

__all__ = ("Socket",)


class Socket(BaseSocket):
    """A blocking socket; made by Context.socket(), or from a context and a type.

    Every call that waits raises Again after SNDTIMEO or RCVTIMEO milliseconds, ContextTerminated
    when the context ends, SocketClosed when the socket is closed, and StateError where the socket
    type does not allow it now.
    """

    _host: Host
    _host_class = Host

    def send(
        self,
        data: object,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
    ) -> None:
        """Send a frame; with SNDMORE in ``flags`` it is kept for the frames that follow.

        After Again the frames kept so far stay: send the last one again. After any other error
        the message has failed as a whole, and its frames are forgotten. ``copy`` and ``track`` are
        accepted: bytes are never copied.
        """
        del copy, track
        if routing_id is not None or group is not None:
            self._made(refuse_drafts)
        parts = self._assemble(data, flags)
        if parts is not None:
            self._send(parts, flags)

    def send_multipart(
        self,
        msg_parts: Sequence[object],
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
    ) -> None:
        """Send a message of several frames, whole or not at all. Raises TypeError before that."""
        del copy, track
        if routing_id is not None or group is not None:
            self._made(refuse_drafts)
        parts = self._assemble_all(msg_parts, flags)
        if parts is not None:
            self._send(parts, flags)

    def _send(self, parts: list[bytes], flags: int) -> None:
        try:
            self._host.send(self._core, parts, self._send_timeout(flags))
        except Again:
            raise
        except BaseException:
            self._forget()
            raise
        self._forget()

    def recv(self, flags: int = 0, copy: bool = True, track: bool = False) -> bytes:
        """Receive a frame; RCVMORE then tells whether the message has more."""
        del track
        require_copy(copy)
        incoming = self._partial.incoming
        if incoming:
            return incoming.popleft()
        return self._first(self._host.recv(self._core, self._receive_timeout(flags)))

    def recv_multipart(self, flags: int = 0, copy: bool = True, track: bool = False) -> list[bytes]:
        """Receive a message; what recv() has left of one comes first."""
        del track
        require_copy(copy)
        if self._partial.incoming:
            return self._rest()
        return self._host.recv(self._core, self._receive_timeout(flags))

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
    ) -> None:
        """Send text."""
        self.send(self._made(encode_text, u, encoding), flags, copy, **options)

    def recv_string(self, flags: int = 0, encoding: str = "utf-8") -> str:
        """Receive text."""
        return self.recv(flags).decode(encoding)

    send_unicode = send_string
    recv_unicode = recv_string

    def send_json(self, obj: object, flags: int = 0, **options: Any) -> None:
        """Send an object as JSON."""
        others = draft_arguments(options)
        self.send(self._made(dump_json, obj, options), flags, **others)

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
    ) -> None:
        """Send the frames that ``serialize`` makes of a message."""
        self.send_multipart(self._made(serialize, msg), flags, copy, **options)

    def recv_serialized(
        self, deserialize: Callable[[list[bytes]], Any], flags: int = 0, copy: bool = True
    ) -> Any:
        """Return what ``deserialize`` makes of a message's frames."""
        return deserialize(self.recv_multipart(flags, copy))

    def send_pyobj(self, obj: object, flags: int = 0, protocol: int = -1) -> None:
        """Refuse: pickle is not offered. Raises TypeError."""
        del obj, flags, protocol
        refuse_pickle("send_pyobj")

    def recv_pyobj(self, flags: int = 0) -> Any:
        """Refuse: pickle is not offered. Raises TypeError."""
        del flags
        refuse_pickle("recv_pyobj")

    def poll(self, timeout: float | None = None, flags: int = 1) -> int:
        """Wait for events, at most ``timeout`` milliseconds (None: without end); returns them."""
        rest = flags & 1 if self._partial.incoming else 0
        limit = 0 if rest else -1 if timeout is None else int(timeout)
        found = self._host.poll([(self._core, int(flags))], limit)
        return rest | (found[0][1] if found else 0)
