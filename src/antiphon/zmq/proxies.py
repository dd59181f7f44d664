"""proxy(), proxy_steerable() and device(): sockets joined, in the thread that calls."""

from antiphon.hosts.threads import Host
from antiphon.patterns.base import Pattern
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
    sockets = _check(frontend, backend, capture)
    task = Proxy(_pattern(frontend), _pattern(backend), _pattern_if(capture))
    _serve(sockets, task)


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
    sockets = _check(frontend, backend, capture, control)
    task = SteerableProxy(
        _pattern(frontend),
        _pattern(backend),
        _pattern_if(capture),
        _pattern(control),
        control.type == SocketType.REP,
    )
    _serve(sockets, task)


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
    sockets = _check(in_socket, out_socket, None, mon_socket)
    swaps = in_socket.type == out_socket.type == SocketType.ROUTER
    prefixes = ([in_prefix], [out_prefix])
    task = Proxy(_pattern(in_socket), _pattern(out_socket), _pattern(mon_socket), prefixes, swaps)
    _serve(sockets, task)


def device(device_type: int, frontend: Socket, backend: Socket) -> None:
    """Do as proxy(): the name it had once. ``device_type`` changes nothing."""
    del device_type
    proxy(frontend, backend)


def _check(
    frontend: Socket, backend: Socket, capture: Socket | None, *others: Socket
) -> list[Socket]:
    """Return the sockets, which a proxy can join. Raises TypeError, ValueError."""
    sockets = [frontend, backend, *others]
    if capture is not None:
        sockets.append(capture)
    for socket in sockets:
        if not isinstance(socket, Socket):
            raise TypeError(f"a proxy joins blocking sockets of antiphon.zmq, not {socket!r}")
        if socket.context._host is not frontend.context._host:  # noqa: SLF001
            raise ValueError("the sockets of a proxy belong to one context")
    return sockets


def _pattern(socket: Socket) -> Pattern:
    return socket._core.front  # noqa: SLF001


def _pattern_if(socket: Socket | None) -> Pattern | None:
    return None if socket is None else _pattern(socket)


def _serve(sockets: list[Socket], task: Task) -> None:
    cores = dict.fromkeys(socket._core for socket in sockets)  # noqa: SLF001
    host: Host = sockets[0].context._host  # noqa: SLF001
    host.serve(list(cores), task)
