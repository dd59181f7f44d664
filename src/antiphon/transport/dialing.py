"""One attempt to connect: look the name up, try each address in turn."""

import _socket as socket
import errno
import os
from typing import TYPE_CHECKING

from antiphon.endpoint import Endpoint
from antiphon.engine.network import Call, Caller, Stream, Timer
from antiphon.errors import EndpointError
from antiphon.options import SocketOptions
from antiphon.transport import ipc, tcp
from antiphon.transport.descriptors import (
    WRITABLE,
    Address,
    Descriptors,
    Handler,
    Resolution,
)
from antiphon.transport.stream import SocketStream

if TYPE_CHECKING:
    from antiphon.transport.tls import Security

__all__ = ("Dialing",)


class _Lookup(Resolution):
    def __init__(self, dialing: "Dialing", host: str, port: int, ipv6: bool) -> None:
        super().__init__(host, port, ipv6)
        self.dialing = dialing

    def done(self) -> None:
        self.dialing.resolved(self)


class Dialing(Call):
    """An attempt to connect that is under way."""

    def __init__(
        self, descriptors: Descriptors, endpoint: Endpoint, options: SocketOptions, caller: Caller
    ) -> None:
        self.descriptors = descriptors
        self.endpoint = endpoint
        self.options = options
        self.caller = caller
        self.addresses: list[Address] = []
        self.security: Security | None = None
        self.sock: socket.socket | None = None
        self.why = "no address"
        self.over = False
        self.timer = _DialTimer(self)

    def start(self) -> None:
        """Begin, at the latest when the reactor next passes."""
        self.descriptors.set_timer(self.timer, 0.0)

    def _begin(self) -> None:
        if self.endpoint.scheme == "ipc":
            self._try_ipc()
            return
        if self.endpoint.scheme == "wss" and not self._prepare_security():
            return
        self.addresses = tcp.numeric_addresses(self.endpoint)
        if self.addresses:
            self._try_next()
            return
        lookup = _Lookup(self, self.endpoint.host, self.endpoint.port, self.options.ipv6)
        self.descriptors.resolver.resolve(lookup, self.descriptors)

    def _try_ipc(self) -> None:
        try:
            sock = ipc.connect_socket(self.endpoint)
        except OSError as error:
            self._attempt_failed(-1, error)
            self._fail(self.why)
            return
        self._succeed(sock, self.endpoint.text, "")

    def _prepare_security(self) -> bool:
        from antiphon.transport.tls import client_security

        try:
            self.security = client_security(self.endpoint, self.options)
        except EndpointError as error:
            self._fail(error.why)
            return False
        return True

    def resolved(self, resolution: Resolution) -> None:
        """Go on with the addresses of the name."""
        if not self.over:
            self.addresses = resolution.addresses
            if resolution.error:
                self.why = resolution.error
            self._try_next()

    def _try_next(self) -> None:
        while self.addresses:
            address = self.addresses.pop(0)
            try:
                sock = tcp.connect_socket(address, self.endpoint, self.options)
            except OSError as error:
                self._attempt_failed(-1, error)
                continue
            self.sock = sock
            self.descriptors.watch(sock.fileno(), WRITABLE, _Connecting(self))
            if self.options.connect_timeout > 0:
                self.descriptors.set_timer(self.timer, self.options.connect_timeout / 1000)
            self.caller.attempting(errno.EINPROGRESS)
            return
        self._fail(self.why)

    def connect_ended(self) -> None:
        """Look at the outcome of the connect that was under way."""
        sock = self.sock
        if sock is None:
            return
        self._drop_socket(False)
        try:
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code or tcp.is_own_end(sock):
                code = code or errno.ECONNREFUSED
                raise OSError(code, os.strerror(code))
            peer = tcp.endpoint_of(self.endpoint.scheme, sock.getpeername())
            local = tcp.endpoint_of(self.endpoint.scheme, sock.getsockname())
        except OSError as error:
            descriptor = sock.fileno()
            sock.close()
            self._attempt_failed(descriptor, error)
            self._try_next()
            return
        self._succeed(sock, peer, local)

    def timed_out(self) -> None:
        """Begin, or give up the address that does not answer."""
        if self.sock is None:
            self._begin()
            return
        descriptor = self.sock.fileno()
        self._drop_socket(True)
        why = "the connection was not made within CONNECT_TIMEOUT"
        self._attempt_failed(descriptor, OSError(errno.ETIMEDOUT, why))
        self._try_next()

    def _drop_socket(self, close: bool) -> None:
        sock = self.sock
        self.sock = None
        self.descriptors.cancel_timer(self.timer)
        if sock is not None:
            self.descriptors.forget(sock.fileno())
            if close:
                sock.close()

    def _attempt_failed(self, descriptor: int, error: OSError) -> None:
        self.why = error.strerror or str(error)
        self.caller.attempt_failed(descriptor, error.errno or errno.ECONNREFUSED)

    def _succeed(self, sock: socket.socket, peer: str, local: str) -> None:
        self.over = True
        stream: Stream = SocketStream(self.descriptors, sock, peer, local)
        if self.security is not None:
            stream = self.security.wrap(stream, self.descriptors)
        self.caller.connected(stream)

    def _fail(self, reason: str) -> None:
        self.over = True
        self.caller.failed(reason)

    def cancel(self) -> None:
        """Give up."""
        self.over = True
        self.addresses = []
        self._drop_socket(True)


class _DialTimer(Timer):
    def __init__(self, dialing: Dialing) -> None:
        super().__init__()
        self.dialing = dialing

    def fire(self) -> None:
        self.dialing.timed_out()


class _Connecting(Handler):
    def __init__(self, dialing: Dialing) -> None:
        self.dialing = dialing

    def ready(self, events: int) -> None:
        self.dialing.connect_ended()
