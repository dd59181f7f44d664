"""Waiting for several sockets and descriptors at once."""

from typing import Any, Protocol

from antiphon.engine.socket import SocketCore
from antiphon.hosts.threads import Host
from antiphon.zmq.base import BaseSocket

__all__ = ("BasePoller", "Poller", "select")

_POLLIN = 1
_POLLOUT = 2
_POLLERR = 4


class _HasFileno(Protocol):
    def fileno(self) -> int: ...


Pollable = BaseSocket | int | _HasFileno


class BasePoller:
    """A set of sockets and descriptors, and the events that each is watched for."""

    def __init__(self) -> None:
        self._flags: dict[Any, int] = {}

    @property
    def sockets(self) -> list[tuple[Any, int]]:
        """The registered items with their flags."""
        return list(self._flags.items())

    def register(self, socket: Pollable, flags: int = _POLLIN | _POLLOUT) -> None:
        """Watch a socket or descriptor; flags of 0 take it out."""
        if flags:
            self._flags[socket] = int(flags)
        else:
            self._flags.pop(socket, None)

    def modify(self, socket: Pollable, flags: int = _POLLIN | _POLLOUT) -> None:
        """Watch for other events."""
        self.register(socket, flags)

    def unregister(self, socket: Pollable) -> None:
        """Take a socket or descriptor out. Raises KeyError if it is not in."""
        del self._flags[socket]

    def __contains__(self, socket: object) -> bool:
        return socket in self._flags

    def _wanted(self) -> tuple[Any, list[tuple[SocketCore | int, int]], dict[Any, Any]]:
        host: Any = None
        wanted: list[tuple[SocketCore | int, int]] = []
        items: dict[Any, Any] = {}
        for item, flags in self._flags.items():
            if isinstance(item, BaseSocket):
                if host is not None and item._host is not host:  # noqa: SLF001
                    raise ValueError("the sockets of one Poller belong to one context")
                host = item._host  # noqa: SLF001
                key: SocketCore | int = item._core  # noqa: SLF001
            else:
                key = item if isinstance(item, int) else item.fileno()
            items[key] = item
            wanted.append((key, flags))
        return host, wanted, items

    def _ready_already(self) -> list[tuple[Any, int]]:
        # The rest of a message that was received in part can be read at once.
        return [
            (item, _POLLIN)
            for item, flags in self._flags.items()
            if isinstance(item, BaseSocket) and flags & _POLLIN and item.rcvmore
        ]


class Poller(BasePoller):
    """Waits for blocking sockets and descriptors."""

    def poll(self, timeout: float | None = None) -> list[tuple[Any, int]]:
        """Wait at most ``timeout`` milliseconds (None or negative: without end).

        Returns the sockets and descriptors that are ready, with their events.
        """
        ready = self._ready_already()
        if ready:
            return ready
        host, wanted, items = self._wanted()
        if host is None:
            host = Host()
            try:
                found = host.poll(wanted, _milliseconds(timeout))
            finally:
                host.destroy(0)
        else:
            found = host.poll(wanted, _milliseconds(timeout))
        return [(items[key], events) for key, events in found]


def _milliseconds(timeout: float | None) -> int:
    return -1 if timeout is None or timeout < 0 else int(timeout)


def select(
    rlist: list[Pollable],
    wlist: list[Pollable],
    xlist: list[Pollable],
    timeout: float | None = None,
) -> tuple[list[Any], list[Any], list[Any]]:
    """Wait as select.select() does, with sockets too; ``timeout`` is in seconds."""
    poller = Poller()
    for items, flag in ((rlist, _POLLIN), (wlist, _POLLOUT), (xlist, _POLLERR)):
        for item in items:
            known = dict(poller.sockets).get(item, 0)
            poller.register(item, known | flag)
    ready = dict(poller.poll(None if timeout is None or timeout < 0 else timeout * 1000))
    return (
        [item for item in rlist if ready.get(item, 0) & _POLLIN],
        [item for item in wlist if ready.get(item, 0) & _POLLOUT],
        [item for item in xlist if ready.get(item, 0) & _POLLERR],
    )
