"""Waiting for several sockets and descriptors at once."""

import math
import time
from typing import Any, ClassVar, Protocol

from antiphon.engine.socket import SocketCore
from antiphon.hosts.threads import Host
from antiphon.zmq.base import BaseSocket
from antiphon.zmq.socket import Socket

__all__ = (
    "BasePoller",
    "Pollable",
    "Poller",
    "Round",
    "poll_with",
    "select",
    "select_with",
    "zmq_poll",
)

_POLLIN = 1
_POLLOUT = 2
_POLLERR = 4
_EVENTS = 15


class _HasFileno(Protocol):
    def fileno(self) -> int: ...


Pollable = BaseSocket | int | _HasFileno


class Round:
    """One poll(): what the host is asked, and what is ready.

    It is asked of the first host of a kind; the sockets of another one are watched by their
    descriptors.
    """

    def __init__(
        self, items: list[tuple[Any, int]], timeout: float | None, host_class: type[object]
    ) -> None:
        self.host: Any = None
        self._host_class = host_class
        self.wanted: list[tuple[SocketCore | int, int]] = []
        self._items: list[tuple[Any, SocketCore | int, int, bool]] = []
        for item, mask in items:
            self._add(item, mask)
        endless = timeout is None or timeout < 0
        self._deadline = None if endless else time.monotonic() + (timeout or 0) / 1000
        # Nothing may ever come of nothing.
        self.over = endless and not items
        self._limit = -1 if endless else int(timeout or 0)

    def _add(self, item: Any, flags: int) -> None:
        foreign = False
        key: SocketCore | int
        if not isinstance(item, BaseSocket):
            key = item if isinstance(item, int) else item.fileno()
            self.wanted.append((key, flags))
        else:
            host = item.context._host  # noqa: SLF001
            if self.host is None and isinstance(host, self._host_class):
                self.host = host
            foreign = host is not self.host
            key = item.fileno() if foreign else item._core  # noqa: SLF001
            self.wanted.append((key, _POLLIN if foreign else flags))
        self._items.append((item, key, flags, foreign))

    def limit(self) -> int:
        """Return how long the host may wait, in milliseconds: not at all if something is ready."""
        if any(_ready_now(item, flags, foreign) for item, _, flags, foreign in self._items):
            return 0
        return self._limit

    def ready(self, found: list[tuple[SocketCore | int, int]]) -> list[tuple[Any, int]]:
        """Return the sockets and descriptors that are ready, with their events.

        If there are none, ``over`` tells whether the time is over.
        """
        seen: dict[SocketCore | int, int] = {}
        for key, events in found:
            seen[key] = seen.get(key, 0) | events
        ready: list[tuple[Any, int]] = []
        for item, key, flags, foreign in self._items:
            events = _ready_now(item, flags, foreign)
            if not foreign:
                events |= seen.get(key, 0) & (flags | _POLLERR)
            if events:
                ready.append((item if isinstance(item, BaseSocket) else key, events))
        if self._deadline is not None:
            self._limit = math.ceil(max(self._deadline - time.monotonic(), 0.0) * 1000)
            self.over = self._limit == 0
        return ready


def _ready_now(item: Any, flags: int, foreign: bool) -> int:
    if foreign:
        # To read them lets the descriptor rest until they may have changed.
        return int(item.get(_EVENTS)) & flags
    return flags & _POLLIN if isinstance(item, BaseSocket) and item.rcvmore else 0


class BasePoller:
    """A set of sockets and descriptors, and the events that each is watched for."""

    #: What it waits for, and who waits where there is no socket.
    _socket_classes: ClassVar[tuple[type[BaseSocket], ...]]
    _host_class: ClassVar[Any]

    def __init__(self) -> None:
        self._flags: dict[Any, int] = {}

    @property
    def sockets(self) -> list[tuple[Any, int]]:
        """The registered items with their flags."""
        return list(self._flags.items())

    def register(self, socket: Pollable, flags: int = _POLLIN | _POLLOUT) -> None:
        """Watch a socket, a descriptor, or what has a fileno(); flags of 0 take it out.

        Raises TypeError for anything else, and for a socket of the other kind, asyncio or blocking.
        """
        if isinstance(socket, BaseSocket):
            if not isinstance(socket, self._socket_classes):
                raise TypeError(
                    f"{type(self).__module__}.Poller cannot wait for {socket!r}: "
                    "use the Poller of the module that its Context comes from"
                )
        elif not isinstance(socket, int) and not hasattr(socket, "fileno"):
            raise TypeError(f"a Poller waits for sockets, descriptors and files, not {socket!r}")
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


class Poller(BasePoller):
    """Waits for blocking sockets and descriptors."""

    _socket_classes = (Socket,)
    _host_class: ClassVar[Any] = Host

    def poll(self, timeout: float | None = None) -> list[tuple[Any, int]]:
        """Wait at most ``timeout`` milliseconds (None or negative: without end).

        Returns the sockets and descriptors that are ready, with their events; of objects with a
        fileno() it returns that number, as pyzmq does. Without any it does not wait without end.
        """
        return self.poll_pairs(self.sockets, timeout)

    def poll_pairs(
        self, pairs: list[tuple[Pollable, int]], timeout: float | None
    ) -> list[tuple[Any, int]]:
        """Do what poll() does for pairs of items that may be registered, and events."""
        polled = Round(pairs, timeout, self._host_class)
        if polled.host is not None:
            return self._poll(polled, polled.host)
        host = self._host_class()
        try:
            return self._poll(polled, host)
        finally:
            host.destroy(0)

    def _poll(self, polled: Round, host: Host) -> list[tuple[Any, int]]:
        while not polled.over:
            ready = polled.ready(host.poll(polled.wanted, polled.limit()))
            if ready:
                return ready
        return []


def select(
    rlist: list[Pollable],
    wlist: list[Pollable],
    xlist: list[Pollable],
    timeout: float | None = None,
) -> tuple[list[Any], list[Any], list[Any]]:
    """Wait as select.select() does, with sockets too; ``timeout`` is in seconds.

    Returns what Poller.poll() does, sorted by event.
    """
    return select_with(Poller(), rlist, wlist, xlist, timeout)


def select_with(
    poller: Poller,
    rlist: list[Pollable],
    wlist: list[Pollable],
    xlist: list[Pollable],
    timeout: float | None = None,
) -> tuple[list[Any], list[Any], list[Any]]:
    """Do what select() does, with a new Poller."""
    for items, flag in ((rlist, _POLLIN), (wlist, _POLLOUT), (xlist, _POLLERR)):
        for item in items:
            known = dict(poller.sockets).get(item, 0)
            poller.register(item, known | flag)
    ready = poller.poll(None if timeout is None or timeout < 0 else timeout * 1000)
    readable, writable, failed = (
        [item for item, events in ready if events & flag] for flag in (_POLLIN, _POLLOUT, _POLLERR)
    )
    return readable, writable, failed


def zmq_poll(
    sockets: list[tuple[Pollable, int]], timeout: float | None = -1
) -> list[tuple[Any, int]]:
    """Do what Poller.poll() does for pairs of sockets and flags.

    What is there more than once is returned for each of its pairs that is ready.
    """
    return poll_with(Poller(), sockets, timeout)


def poll_with(
    poller: Poller, sockets: list[tuple[Pollable, int]], timeout: float | None = -1
) -> list[tuple[Any, int]]:
    """Do what zmq_poll() does, with a new Poller."""
    for socket, flags in sockets:
        poller.register(socket, flags)
    return poller.poll_pairs([(socket, int(flags)) for socket, flags in sockets if flags], timeout)
