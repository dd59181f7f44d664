"""Waiting for many descriptors where there is no epoll, by what the selectors module finds.

It serves macOS (kqueue) and Windows (select), where no event loop can watch it (Windows).
"""

import selectors
from typing import Final

__all__ = ("SelectorPoller",)

_READABLE: Final = 1
_WRITABLE: Final = 4


class SelectorPoller:
    """A selector that looks like epoll."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        # Selectors refuse a descriptor without events; those rest here.
        self._resting: set[int] = set()

    def fileno(self) -> int:
        """Return the poll object's own descriptor, where the system has one."""
        return int(getattr(self._selector, "fileno", lambda: -1)())

    def register(self, fd: int, events: int) -> None:
        """Watch a descriptor."""
        if events:
            self._selector.register(fd, _to_selector(events))
        else:
            self._resting.add(fd)

    def modify(self, fd: int, events: int) -> None:
        """Watch a descriptor for other events."""
        self.unregister(fd)
        self.register(fd, events)

    def unregister(self, fd: int) -> None:
        """Watch a descriptor no longer."""
        if fd in self._resting:
            self._resting.discard(fd)
        else:
            self._selector.unregister(fd)

    def poll(self, timeout: float, _max_events: int) -> list[tuple[int, int]]:
        """Wait for at most ``timeout`` seconds (negative: without end)."""
        ready = self._selector.select(None if timeout < 0 else timeout)
        return [(key.fd, _from_selector(events)) for key, events in ready]

    def close(self) -> None:
        """Give the poll object back."""
        self._selector.close()


def _to_selector(events: int) -> int:
    readable = selectors.EVENT_READ if events & _READABLE else 0
    return readable | (selectors.EVENT_WRITE if events & _WRITABLE else 0)


def _from_selector(events: int) -> int:
    readable = _READABLE if events & selectors.EVENT_READ else 0
    return readable | (_WRITABLE if events & selectors.EVENT_WRITE else 0)
