"""A listening socket and what comes in by it."""

import _socket as socket
import errno
from typing import TYPE_CHECKING, Final

from antiphon.endpoint import Endpoint
from antiphon.engine.network import Acceptor, Listener, Stream, Timer
from antiphon.options import SocketOptions
from antiphon.transport import ipc, tcp
from antiphon.transport.descriptors import READABLE, Descriptors, Handler
from antiphon.transport.stream import SocketStream

if TYPE_CHECKING:
    from antiphon.transport.tls import Security

__all__ = ("listen",)

#: Connections taken from one listener in one pass, so that a storm starves nobody.
_MAX_ACCEPTS: Final = 64
#: How long accepting pauses when the process has no descriptor left, in seconds.
_ACCEPT_PAUSE: Final = 0.1
_FULL_TABLE: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


def listen(
    descriptors: Descriptors, endpoint: Endpoint, options: SocketOptions, acceptor: Acceptor
) -> Listener:
    """Listen from now on. Raises EndpointError when the address cannot be had."""
    path = ""
    security = _security(endpoint, options)
    if endpoint.scheme == "ipc":
        sock, path = ipc.bind_socket(endpoint, options)
        text = f"ipc://{path}"
    else:
        sock = tcp.bind_socket(endpoint, options)
        text = tcp.endpoint_of(endpoint.scheme, sock.getsockname()) + endpoint.path
    listening = _Listening(descriptors, sock, text, path)
    door = _Door(listening, endpoint.scheme, options, acceptor, security)
    descriptors.watch(sock.fileno(), READABLE, door)
    return listening


def _security(endpoint: Endpoint, options: SocketOptions) -> "Security | None":
    if endpoint.scheme != "wss":
        return None
    from antiphon.transport.tls import server_security

    return server_security(endpoint, options)


class _Listening(Listener):
    """A listening socket."""

    def __init__(
        self, descriptors: Descriptors, sock: socket.socket, endpoint: str, path: str
    ) -> None:
        super().__init__(endpoint, sock.fileno())
        self.descriptors = descriptors
        self.sock = sock
        self.path = path
        self.open = True

    def close(self) -> None:
        if self.open:
            self.open = False
            self.descriptors.forget(self.sock.fileno())
            self.sock.close()
            if self.path:
                ipc.remove_path(self.path)


class _Door(Handler):
    """Accepts what comes to a listening socket."""

    def __init__(
        self,
        listening: _Listening,
        scheme: str,
        options: SocketOptions,
        acceptor: Acceptor,
        security: "Security | None",
    ) -> None:
        self.listening = listening
        self.scheme = scheme
        self.options = options
        self.acceptor = acceptor
        self.security = security

    def ready(self, events: int) -> None:
        listening = self.listening
        for _ in range(_MAX_ACCEPTS):
            if not listening.open:
                return
            try:
                number, _name = listening.sock._accept()  # type: ignore[attr-defined]  # noqa: SLF001
            except BlockingIOError:
                return
            except OSError as error:
                self.acceptor.failed(error.errno or 0)
                if error.errno in _FULL_TABLE:
                    self._pause()
                    return
                continue
            self._admit(number)

    def _admit(self, number: int) -> None:
        like = self.listening.sock
        # With its family said, this cannot fail for a peer that has gone already.
        sock = socket.socket(like.family, like.type, like.proto, fileno=number)
        try:
            sock.setblocking(False)
            address = local = self.listening.endpoint
            if not self.listening.path:
                tcp.tune(sock, self.options)
                address = tcp.endpoint_of(self.scheme, sock.getpeername())
                local = tcp.endpoint_of(self.scheme, sock.getsockname())
        except OSError as error:
            sock.close()
            self.acceptor.failed(error.errno or 0)
            return
        descriptors = self.listening.descriptors
        stream: Stream = SocketStream(descriptors, sock, address, local)
        if self.security is not None:
            stream = self.security.wrap(stream, descriptors)
        self.acceptor.accepted(stream)

    def _pause(self) -> None:
        reactor = self.listening.descriptors
        reactor.change(self.listening.sock.fileno(), 0)
        reactor.set_timer(_Reopen(self.listening), _ACCEPT_PAUSE)


class _Reopen(Timer):
    def __init__(self, listening: _Listening) -> None:
        super().__init__()
        self.listening = listening

    def fire(self) -> None:
        if self.listening.open:
            self.listening.descriptors.change(self.listening.sock.fileno(), READABLE)
