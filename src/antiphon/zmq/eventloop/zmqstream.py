"""ZMQStream: a socket that calls back from tornado's event loop, under pyzmq's names."""

from asyncio import ensure_future
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from tornado.ioloop import IOLoop

from antiphon.errors import Again, ZMQError
from antiphon.zmq.contents import dump_json, encode_text, pickling_for
from antiphon.zmq.socket import Socket

__all__ = ("ZMQStream",)

_DONTWAIT: Final = 1
_POLLIN: Final = 1
_POLLOUT: Final = 2

_Callback = Callable[..., object]


class ZMQStream:
    """Receives and sends with one socket on an event loop, which must not stand still for either.

    ``socket`` is a blocking one, ``io_loop`` IOLoop.current() unless it is given. Messages to be
    sent wait here until the socket takes them. Callbacks are called from the loop, and may be
    coroutines; what they raise goes to the loop. All methods are called from the loop's thread, or
    before it runs; those that need the socket raise OSError once the stream is closed.

    Raises TypeError for a socket of asyncio.
    """

    #: None once the stream is closed.
    socket: Any

    def __init__(self, socket: Socket, io_loop: IOLoop | None = None) -> None:
        if not isinstance(socket, Socket):
            raise TypeError(
                "ZMQStream() takes a blocking socket: make it with antiphon.zmq.Context().socket()"
            )
        self.socket = socket
        self.io_loop = IOLoop.current() if io_loop is None else io_loop
        self._to_send: deque[tuple[list[Any], int, dict[str, Any]]] = deque()
        self._on_recv: _Callback | None = None
        self._on_send: _Callback | None = None
        self._on_close: _Callback | None = None
        self._copy = True
        self._scheduled = False
        # The loop is given the socket: closing the loop with all its descriptors closes it.
        self._fd = socket.fileno()
        self.io_loop.add_handler(socket, self._ready, IOLoop.READ)
        self.bind = socket.bind
        self.bind_to_random_port = socket.bind_to_random_port
        self.connect = socket.connect
        self.setsockopt = socket.setsockopt
        self.getsockopt = socket.getsockopt
        self.setsockopt_string = self.setsockopt_unicode = socket.setsockopt_string
        self.getsockopt_string = self.getsockopt_unicode = socket.getsockopt_string

    # Receiving.

    def on_recv(self, callback: _Callback | None, copy: bool = True) -> None:
        """Have each message given to ``callback(frames)``; None leaves them in the socket.

        ``copy`` is that of Socket.recv_multipart(): whether frames are bytes.
        """
        self._open_socket()
        self._on_recv = callback
        self._copy = copy
        self._schedule()

    def on_recv_stream(self, callback: _Callback | None, copy: bool = True) -> None:
        """Have each message given to ``callback(stream, frames)``; None stops that."""
        self.on_recv(self._with_stream(callback), copy)

    def stop_on_recv(self) -> None:
        """Leave messages in the socket."""
        self.on_recv(None)

    def receiving(self) -> bool:
        """Tell whether messages are given to a callback."""
        return self._on_recv is not None

    # Sending.

    def on_send(self, callback: _Callback | None) -> None:
        """Have ``callback(frames, status)`` called after each message sent; None stops that.

        ``status`` is what Socket.send_multipart() returned, or the ZMQError that it raised.
        """
        self._open_socket()
        self._on_send = callback

    def on_send_stream(self, callback: _Callback | None) -> None:
        """Have ``callback(stream, frames, status)`` called after each message sent."""
        self.on_send(self._with_stream(callback))

    def stop_on_send(self) -> None:
        """Call nothing after sending."""
        self.on_send(None)

    def send_multipart(
        self,
        msg: Sequence[Any],
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        callback: _Callback | None = None,
        **kwargs: Any,
    ) -> None:
        """Send a message when the socket takes it, after those before it.

        The arguments are those of Socket.send_multipart(), and ``callback`` that of on_send(),
        which it replaces.
        """
        self._open_socket()
        self._to_send.append((list(msg), int(flags), {"copy": copy, "track": track, **kwargs}))
        if callback is not None:
            self.on_send(callback)
        self._schedule()

    def send(
        self,
        msg: Any,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        callback: _Callback | None = None,
        **kwargs: Any,
    ) -> None:
        """Send one frame; see send_multipart()."""
        self.send_multipart([msg], flags, copy, track, callback, **kwargs)

    def send_string(
        self,
        u: str,
        flags: int = 0,
        encoding: str = "utf-8",
        callback: _Callback | None = None,
        **kwargs: Any,
    ) -> None:
        """Send text; see send_multipart(). Raises TypeError for what is no text."""
        self.send(encode_text(u, encoding), flags, callback=callback, **kwargs)

    send_unicode = send_string

    def send_json(
        self, obj: Any, flags: int = 0, callback: _Callback | None = None, **kwargs: Any
    ) -> None:
        """Send an object as JSON, which ``kwargs`` are for; see send_multipart()."""
        self.send(dump_json(obj, kwargs), flags, callback=callback)

    def send_pyobj(
        self,
        obj: Any,
        flags: int = 0,
        protocol: int = -1,
        callback: _Callback | None = None,
        **kwargs: Any,
    ) -> None:
        """Send an object pickled; see send_multipart().

        Raises TypeError unless ``allow_pickle`` was set on the socket, its class or its context.
        """
        pickling = pickling_for(self._open_socket(), "send_pyobj")
        self.send(pickling.dump(obj, protocol), flags, callback=callback, **kwargs)

    def sending(self) -> bool:
        """Tell whether messages wait to be sent."""
        return bool(self._to_send)

    # Both.

    def flush(self, flag: int = _POLLIN | _POLLOUT, limit: int | None = None) -> int:
        """Receive (POLLIN) and send (POLLOUT) now what can be, with the callbacks.

        At most ``limit`` messages, if that is given; returns how many. Without a callback, what is
        received is dropped.
        """
        self._open_socket()
        count = 0
        while limit is None or count < limit:
            moved = self._step(flag)
            count += moved
            if self.closed():
                return count
            if not moved:
                break
        self._schedule()
        return count

    def on_err(self, callback: _Callback) -> None:
        """Do nothing, as in pyzmq: errors are raised where they happen."""

    def stop_on_err(self) -> None:
        """Do nothing, as in pyzmq."""

    # The end.

    def set_close_callback(self, callback: _Callback | None) -> None:
        """Have ``callback()`` called when the stream is closed."""
        self._on_close = callback

    def close(self, linger: int | None = None) -> None:
        """Close the socket with ``linger`` milliseconds; messages that wait here are dropped."""
        if self.socket is None:
            return
        self.io_loop.remove_handler(self._fd)
        socket, self.socket = self.socket, None
        socket.close(linger)
        if self._on_close is not None:
            self._call(self._on_close)

    def closed(self) -> bool:
        """Tell whether the stream is closed; closing its socket closes it too."""
        if self.socket is not None and self.socket.closed:
            self.close()
        return self.socket is None

    # Events.

    def _open_socket(self) -> Any:
        if self.closed():
            raise OSError("the stream is closed")
        return self.socket

    def _ready(self, _socket: object, _events: int) -> None:
        self._look()

    def _schedule(self) -> None:
        """Look from the loop, soon: the descriptor tells of what changes, not of what is."""
        if not self._scheduled and (self.receiving() or self.sending()):
            self._scheduled = True
            self.io_loop.add_callback(self._look)

    def _look(self) -> None:
        """Receive a message and send one; look again if there was one."""
        self._scheduled = False
        if self.closed():
            return
        again = True
        try:
            again = bool(self._step(_POLLOUT | (_POLLIN if self.receiving() else 0)))
        finally:
            if again and not self.closed():
                self._schedule()

    def _step(self, flag: int) -> int:
        """Receive a message and send one, as far as ``flag`` says; returns how many there were."""
        # Read in any case: until then the descriptor says that there is something new.
        ready = self.socket.EVENTS & flag
        moved = 0
        if ready & _POLLIN:
            moved += self._receive()
        if ready & _POLLOUT and self.sending() and not self.closed():
            moved += self._send()
        return moved

    def _receive(self) -> int:
        try:
            message = self.socket.recv_multipart(_DONTWAIT, copy=self._copy)
        except Again:
            return 0
        if self._on_recv is not None:
            self._call(self._on_recv, message)
        return 1

    def _send(self) -> int:
        message, flags, arguments = self._to_send.popleft()
        try:
            status = self.socket.send_multipart(message, flags | _DONTWAIT, **arguments)
        except Again:
            self._to_send.appendleft((message, flags, arguments))
            return 0
        except ZMQError as error:
            status = error
        if self._on_send is not None:
            self._call(self._on_send, message, status)
        return 1

    def _call(self, callback: _Callback, *args: Any) -> None:
        result = callback(*args)
        if isinstance(result, Awaitable):
            # What it raises is raised in the loop again, which shows it.
            self.io_loop.add_future(ensure_future(result), lambda future: future.result())

    def _with_stream(self, callback: _Callback | None) -> _Callback | None:
        if callback is None:
            return None
        return lambda *args: callback(self, *args)
