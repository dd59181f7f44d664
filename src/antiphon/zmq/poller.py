"""Waiting for several sockets and descriptors at once."""

from typing import Any, ClassVar, Protocol

from antiphon.engine.socket import SocketCore
from antiphon.hosts.threads import Host
from antiphon.zmq.base import BaseSocket
from antiphon.zmq.socket import Socket

__all__ = ("BasePoller", "Poller", "select")

_POLLIN = 1
_POLLOUT = 2
_POLLERR = 4


class _HasFileno(Protocol):
    def fileno(self) -> int: ...


Pollable = BaseSocket | int | _HasFileno


class BasePoller:
    """A set of sockets and descriptors, and the events that each is watched for."""

    _socket_class: ClassVar[type[BaseSocket]]

    def __init__(self) -> None:
        self._flags: dict[Any, int] = {}

    @property
    def sockets(self) -> list[tuple[Any, int]]:
        """The registered items with their flags."""
        return list(self._flags.items())

    def register(self, socket: Pollable, flags: int = _POLLIN | _POLLOUT) -> None:
        """Watch a socket or descriptor; flags of 0 take it out.

        Raises TypeError for a socket of the other kind, asyncio or blocking.
        """
        if isinstance(socket, BaseSocket) and not isinstance(socket, self._socket_class):
            raise TypeError(
                f"{type(self).__module__}.Poller cannot wait for {socket!r}: "
                "use the Poller of the module that its Context comes from"
            )
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

    def _wanted(self) -> tuple[Any, list[tuple[SocketCore | int, int]]]:
        """Return the host of the sockets, or None, and what is asked of it."""
        host: Any = None
        wanted: list[tuple[SocketCore | int, int]] = []
        for item, flags in self._flags.items():
            if isinstance(item, BaseSocket):
                if host is not None and item.context._host is not host:  # noqa: SLF001
                    raise ValueError("the sockets of one Poller belong to one context")
                host = item.context._host  # noqa: SLF001
                wanted.append((item._core, flags))  # noqa: SLF001
            else:
                wanted.append((item if isinstance(item, int) else item.fileno(), flags))
        return host, wanted

    def _limit(self, timeout: float | None) -> int:
        """Return how long to wait: not at all where the rest of a message can be read already."""
        if any(_rest(item, flags) for item, flags in self._flags.items()):
            return 0
        return -1 if timeout is None or timeout < 0 else int(timeout)

    def _ready(
        self,
        items: list[Any],
        wanted: list[tuple[SocketCore | int, int]],
        found: list[tuple[SocketCore | int, int]],
    ) -> list[tuple[Any, int]]:
        """Return the items that are ready: those found, and those with the rest of a message."""
        seen = dict(found)
        ready: list[tuple[Any, int]] = []
        for item, (key, flags) in zip(items, wanted, strict=True):
            events = seen.get(key, 0) | _rest(item, flags)
            if events:
                ready.append((self._shown(item, key), events))
        return ready

    def _shown(self, item: Any, key: SocketCore | int) -> Any:
        del key
        return item


class Poller(BasePoller):
    """Waits for blocking sockets and descriptors."""

    _socket_class = Socket

    def poll(self, timeout: float | None = None) -> list[tuple[Any, int]]:
        """Wait at most ``timeout`` milliseconds (None or negative: without end).

        Returns the sockets and descriptors that are ready, with their events; of objects with a
        fileno() it returns that number, as pyzmq does.
        """
        items = list(self._flags)
        host, wanted = self._wanted()
        limit = self._limit(timeout)
        if host is not None:
            return self._ready(items, wanted, host.poll(wanted, limit))
        host = Host()
        try:
            return self._ready(items, wanted, host.poll(wanted, limit))
        finally:
            host.destroy(0)

    def _shown(self, item: Any, key: SocketCore | int) -> Any:
        return key if isinstance(key, int) else item


def _rest(item: object, flags: int) -> int:
    return flags & _POLLIN if isinstance(item, BaseSocket) and item.rcvmore else 0


def select(
    rlist: list[Pollable],
    wlist: list[Pollable],
    xlist: list[Pollable],
    timeout: float | None = None,
) -> tuple[list[Any], list[Any], list[Any]]:
    """Wait as select.select() does, with sockets too; ``timeout`` is in seconds.

    Returns what Poller.poll() does, sorted by event.
    """
    poller = Poller()
    for items, flag in ((rlist, _POLLIN), (wlist, _POLLOUT), (xlist, _POLLERR)):
        for item in items:
            known = dict(poller.sockets).get(item, 0)
            poller.register(item, known | flag)
    ready = poller.poll(None if timeout is None or timeout < 0 else timeout * 1000)
    readable, writable, failed = (
        [item for item, events in ready if events & flag] for flag in (_POLLIN, _POLLOUT, _POLLERR)
    )
    return readable, writable, failed
