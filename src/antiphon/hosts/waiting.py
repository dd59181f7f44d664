"""What both hosts need: descriptors beside sockets, sockets that end on their own, and forks."""

import os
from collections.abc import Callable
from typing import Final, TypeVar

from antiphon.engine.options import events
from antiphon.engine.socket import SocketCore, SocketKeeper
from antiphon.errors import ForkedError, HostUnreachable, ZMQError
from antiphon.hosts.contract import Received
from antiphon.patterns.base import Watcher
from antiphon.patterns.router import UNKNOWN_ID, Router
from antiphon.transport.descriptors import ERROR, HANG_UP, READABLE, WRITABLE, Descriptors, Handler

__all__ = (
    "Descent",
    "Files",
    "Keeper",
    "Wanted",
    "check_routable",
    "hoping",
    "look",
    "take",
)

#: A socket or a descriptor, and zmq's events: 1 readable, 2 writable, 4 error.
Wanted = list[tuple[SocketCore | int, int]]

T = TypeVar("T")

_POLLIN: Final = 1
_POLLOUT: Final = 2
_POLLERR: Final = 4


class _Forks:
    def __init__(self) -> None:
        self.count = 0

    def forked(self) -> None:
        self.count += 1


#: How often this process and its ancestors have forked since Antiphon was imported.
_FORKS: Final = _Forks()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_FORKS.forked)


class Descent:
    """Knows the process in which it was made."""

    def __init__(self) -> None:
        self._forks = _FORKS.count

    def foreign(self) -> bool:
        """Tell whether this is a child of that process, where descriptors and locks are shared."""
        return self._forks != _FORKS.count

    def check(self) -> None:
        """Raise ForkedError in a child of that process."""
        if self._forks != _FORKS.count:
            raise ForkedError("this context belongs to the parent process: make one after fork()")


class Keeper(SocketKeeper):
    """Forgets sockets that have ended."""

    def __init__(self) -> None:
        self.cores: dict[SocketCore, SocketCore] = {}

    def add(self, core: SocketCore) -> None:
        """Keep a socket until it has ended."""
        core.keeper = self
        self.cores[core] = core

    def socket_ended(self, core: SocketCore) -> None:
        """Forget a socket."""
        self.cores.pop(core, None)


class _File(Handler):
    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self.events = 0

    def ready(self, events: int) -> None:
        self.events |= events
        self.watcher.socket_changed()


class Files:
    """The program's own descriptors in one poll(), watched by the reactor meanwhile."""

    def __init__(self, descriptors: Descriptors, wanted: Wanted, watcher: Watcher) -> None:
        self._descriptors = descriptors
        self._files: dict[int, _File] = {}
        # Copies: another thread may watch the same descriptor at the same time.
        self._copies: list[int] = []
        descriptors_wanted = [(item, mask) for item, mask in wanted if isinstance(item, int)]
        # All are looked at before the first copy takes the number of one that is closed.
        for fd, _ in descriptors_wanted:
            self._check(fd)
        for fd, mask in descriptors_wanted:
            if fd not in self._files:
                self._files[fd] = _File(watcher)
            self._watch(fd, mask)

    def _check(self, fd: int) -> None:
        try:
            os.fstat(fd)
        except OSError as error:
            raise ZMQError(error.errno, f"descriptor {fd} cannot be watched: {error}") from None

    def _watch(self, fd: int, mask: int) -> None:
        try:
            copy = os.dup(fd)
            self._copies.append(copy)
            self._descriptors.watch(copy, _to_system(mask), self._files[fd])
        except PermissionError:
            # A file on a disk: always ready, as poll() says of it.
            self._files[fd].events |= _to_system(mask)
        except OSError as error:
            self.close()
            raise ZMQError(error.errno, f"descriptor {fd} cannot be watched: {error}") from None

    def __bool__(self) -> bool:
        return bool(self._files)

    def events(self, fd: int) -> int:
        """Return zmq's events seen so far."""
        return _from_system(self._files[fd].events)

    def close(self) -> None:
        """Watch them no longer."""
        for copy in self._copies:
            self._descriptors.forget(copy)
            os.close(copy)
        self._copies = []


def look(wanted: Wanted, files: Files) -> Wanted:
    """Return those of ``wanted`` that are ready, with the events that are."""
    found: Wanted = []
    for item, mask in wanted:
        if isinstance(item, SocketCore):
            ready = events(item) & mask
        else:
            ready = files.events(item) & (mask | _POLLERR)
        if ready:
            found.append((item, ready))
    return found


def hoping(core: SocketCore, attempt: Callable[[], T | None]) -> Callable[[], T | None]:
    """Return what does the same as ``attempt``, but raises HandshakeError once that is in vain."""
    core.check_hope()

    def attempt_in_hope() -> T | None:
        result = attempt()
        if not result:
            core.check_hope()
        return result

    return attempt_in_hope


def take(core: SocketCore) -> Received | None:
    """Return the next message with what is known of its sender; None if there is none."""
    message = core.front.try_recv()
    if message is None:
        return None
    sender = core.pattern.last_sender()
    return message, {} if sender is None else sender.properties


def check_routable(core: SocketCore, routing_id: bytes) -> None:
    """Raise HostUnreachable if a mandatory ROUTER does not know the id (R10)."""
    pattern = core.pattern
    if (
        isinstance(pattern, Router)
        and core.options.router_mandatory
        and routing_id not in pattern.peers
    ):
        raise HostUnreachable(routing_id, UNKNOWN_ID)


def _to_system(mask: int) -> int:
    return (READABLE if mask & _POLLIN else 0) | (WRITABLE if mask & _POLLOUT else 0)


def _from_system(mask: int) -> int:
    readable = _POLLIN if mask & (READABLE | HANG_UP) else 0
    writable = _POLLOUT if mask & WRITABLE else 0
    return readable | writable | (_POLLERR if mask & ERROR else 0)
