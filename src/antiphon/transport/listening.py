"""A listening socket and what comes in by it."""

import errno
import socket
from typing import Final

from antiphon.endpoint import Endpoint
from antiphon.engine.network import Acceptor, Listener, Timer
from antiphon.options import SocketOptions
from antiphon.transport import ipc, tcp
from antiphon.transport.descriptors import READABLE, Descriptors, Handler
from antiphon.transport.stream import SocketStream

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
    if endpoint.scheme == "ipc":
        sock, path = ipc.bind_socket(endpoint, options)
        text = f"ipc://{path}"
    else:
        sock = tcp.bind_socket(endpoint, options)
        path = ""
        text = tcp.endpoint_of(sock.getsockname())
    listening = _Listening(descriptors, sock, text, path)
    descriptors.watch(sock.fileno(), READABLE, _Door(listening, options, acceptor))
    return listening


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

    def __init__(self, listening: _Listening, options: SocketOptions, acceptor: Acceptor) -> None:
        self.listening = listening
        self.options = options
        self.acceptor = acceptor

    def ready(self, events: int) -> None:
        listening = self.listening
        for _ in range(_MAX_ACCEPTS):
            if not listening.open:
                return
            try:
                sock, _name = listening.sock.accept()
            except BlockingIOError:
                return
            except OSError as error:
                self.acceptor.failed(error.errno or 0)
                if error.errno in _FULL_TABLE:
                    self._pause()
                    return
                continue
            self._admit(sock)

    def _admit(self, sock: socket.socket) -> None:
        try:
            sock.setblocking(False)
            address = local = self.listening.endpoint
            if not self.listening.path:
                tcp.tune(sock, self.options)
                address = tcp.endpoint_of(sock.getpeername())
                local = tcp.endpoint_of(sock.getsockname())
        except OSError as error:
            sock.close()
            self.acceptor.failed(error.errno or 0)
            return
        self.acceptor.accepted(SocketStream(self.listening.descriptors, sock, address, local))

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
