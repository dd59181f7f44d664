"""The two stacks that talk to each other in these tests: antiphon.zmq, under test, and libzmq."""

import itertools
import sys
from types import ModuleType, TracebackType
from typing import Any, Protocol, Self, cast

import zmq as libzmq

import antiphon.zmq as subject
from tests.waiting import until

__all__ = (
    "PATIENCE_MS",
    "Socket",
    "Sockets",
    "endpoint_of",
    "send_when_routable",
    "wait_for",
)

#: How long a call may wait for what must come, in milliseconds; far more than it ever takes.
PATIENCE_MS = 5000


class Socket(Protocol):
    """What the tests use of a socket, whichever stack made it."""

    def bind(self, endpoint: str, /) -> object: ...
    def connect(self, endpoint: str, /) -> object: ...
    def setsockopt(self, option: int, value: int | bytes, /) -> object: ...
    def getsockopt(self, option: int, /) -> int | bytes | str: ...
    def send(self, data: bytes, /) -> object: ...
    def recv(self) -> bytes: ...
    def send_multipart(self, parts: list[bytes], /) -> object: ...
    def recv_multipart(self) -> list[bytes]: ...
    def poll(self, timeout: int, /) -> int: ...
    def close(self, linger: int | None = None) -> None: ...


class Sockets:
    """Makes sockets of both stacks, and closes all of them in the end."""

    def __init__(self) -> None:
        self._contexts = {
            module: module.Context() for module in cast("list[ModuleType]", [subject, libzmq])
        }
        self._open: list[Socket] = []
        self._watched: list[libzmq.Socket[bytes]] = []
        self._numbers = itertools.count()

    def contexts(self) -> list[Any]:
        """Return the context of the subject, and that of its peers."""
        return list(self._contexts.values())

    def close(self) -> None:
        """Close all sockets; more can be made."""
        for watched in self._watched:
            # First: with nobody to tell, libzmq's I/O thread would wait for somebody for ever.
            if not watched.closed:
                watched.disable_monitor()
        self._watched.clear()
        for socket in self._open:
            socket.close(linger=0)
        self._open.clear()

    def subject(self, kind: str, **options: int | bytes) -> Socket:
        """Return a socket of antiphon.zmq, such as ``subject("REQ", ROUTING_ID=b"A")``."""
        return self._make(subject, kind, options)

    def peer(self, kind: str, **options: int | bytes) -> Socket:
        """Return a socket of libzmq."""
        return self._make(libzmq, kind, options)

    def monitor(self, peer: Socket) -> Socket:
        """Return a socket that tells the events of a libzmq socket."""
        # pyzmq names it after a descriptor, which a socket that is being closed may still have.
        name = f"inproc://monitor-{next(self._numbers)}"
        watched = cast("libzmq.Socket[bytes]", peer)
        monitor = cast("Socket", watched.get_monitor_socket(addr=name))
        self._watched.append(watched)
        monitor.setsockopt(libzmq.RCVTIMEO, PATIENCE_MS)
        self._open.append(monitor)
        return monitor

    def _make(self, module: ModuleType, kind: str, options: dict[str, int | bytes]) -> Socket:
        socket = cast("Socket", self._contexts[module].socket(getattr(module, kind)))
        self._open.append(socket)
        defaults = {"LINGER": 0, "RCVTIMEO": PATIENCE_MS, "SNDTIMEO": PATIENCE_MS}
        for name, value in (defaults | options).items():
            socket.setsockopt(getattr(module, name), value)
        return socket

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        for context in self._contexts.values():
            context.term()


def endpoint_of(socket: Socket) -> str:
    """Return the endpoint that ``socket`` was bound to last."""
    endpoint = socket.getsockopt(libzmq.LAST_ENDPOINT)
    assert not isinstance(endpoint, int)
    return endpoint.decode() if isinstance(endpoint, bytes) else endpoint


def send_when_routable(router: Socket, parts: list[bytes]) -> None:
    """Send from a ROUTER with ROUTER_MANDATORY as soon as it knows the peer in ``parts[0]``."""

    def sent() -> bool:
        try:
            router.send_multipart(parts)
        except (subject.ZMQError, libzmq.ZMQError) as error:
            if error.errno != libzmq.EHOSTUNREACH:
                raise
            return False
        return True

    until(sent)


def wait_for(monitor: Socket, events: int) -> None:
    """Read a libzmq monitor until it tells of one of ``events``."""
    while True:
        told = monitor.recv_multipart()[0]
        if int.from_bytes(told[:2], sys.byteorder) & events:
            return
