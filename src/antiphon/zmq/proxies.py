"""proxy(), proxy_steerable() and device(): sockets joined, in the thread that calls."""

from typing import Any

from antiphon.engine.socket import SocketCore
from antiphon.patterns.proxy import Proxy, SteerableProxy, Task
from antiphon.zmq.constants import SocketType
from antiphon.zmq.socket import Socket

__all__ = ("device", "monitored_queue", "proxy", "proxy_steerable")


def proxy(frontend: Socket, backend: Socket, capture: Socket | None = None) -> None:
    """Pass messages between two sockets, which may be the same one, until the context ends.

    What either receives is sent to the other, and a copy to ``capture``, such as a PUB or PUSH.
    Nothing is taken from a side while the other one, or ``capture``, has no room.

    Raises ContextTerminated when the context ends, SocketClosed when a socket is closed, TypeError
    for what is no blocking socket, and ValueError for sockets of several contexts.
    """
    cores = _cores(frontend, backend, capture)
    task = Proxy(cores[0].pattern, cores[1].pattern, cores[2].pattern if capture else None)
    _serve(frontend, cores, task)


def proxy_steerable(
    frontend: Socket,
    backend: Socket,
    capture: Socket | None = None,
    control: Socket | None = None,
) -> None:
    """Do as proxy(), and obey what ``control`` receives; returns after TERMINATE.

    PAUSE and RESUME stop and start the messages; STATISTICS is answered with eight frames of
    64-bit numbers in the system's byte order: frames and bytes received from the frontend, sent to
    it, and the same of the backend. A REP is sent an empty reply to all but STATISTICS. What is no
    command changes nothing.
    """
    if control is None:
        proxy(frontend, backend, capture)
        return
    cores = _cores(frontend, backend, control, capture)
    task = SteerableProxy(
        cores[0].pattern,
        cores[1].pattern,
        cores[3].pattern if capture else None,
        cores[2].pattern,
        control.type == SocketType.REP,
    )
    _serve(frontend, cores, task)


def monitored_queue(
    in_socket: Socket,
    out_socket: Socket,
    mon_socket: Socket,
    in_prefix: bytes = b"in",
    out_prefix: bytes = b"out",
) -> None:
    """Do as proxy(), but capture each message behind a frame that tells where it came from.

    Where both sides are ROUTERs the first two frames change places: a message that names its
    receiver goes to it, and names its sender. Raises TypeError for a prefix that is no bytes, and
    what proxy() does.
    """
    for prefix in (in_prefix, out_prefix):
        if not isinstance(prefix, bytes):
            raise TypeError(f"a prefix is bytes, not {type(prefix).__name__}")
    cores = _cores(in_socket, out_socket, mon_socket)
    swaps = in_socket.type == out_socket.type == SocketType.ROUTER
    first, second, monitor = (core.pattern for core in cores)
    task = Proxy(first, second, monitor, ([in_prefix], [out_prefix]), swaps)
    _serve(in_socket, cores, task)


def device(device_type: int, frontend: Socket, backend: Socket) -> None:
    """Do as proxy(): the name it had once. ``device_type`` changes nothing."""
    del device_type
    proxy(frontend, backend)


def _cores(*sockets: Socket | None) -> list[SocketCore]:
    given = [socket for socket in sockets if socket is not None]
    for socket in given:
        if not isinstance(socket, Socket):
            raise TypeError(f"a proxy joins blocking sockets of antiphon.zmq, not {socket!r}")
        if socket.context._host is not given[0].context._host:  # noqa: SLF001
            raise ValueError("the sockets of a proxy belong to one context")
    return [socket._core for socket in given]  # noqa: SLF001


def _serve(socket: Socket, cores: list[SocketCore], task: Task) -> None:
    host: Any = socket.context._host  # noqa: SLF001
    host.serve(list(dict.fromkeys(cores)), task)
