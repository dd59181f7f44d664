"""Tasks that wait for sockets."""

import asyncio

from antiphon.hosts.sleeping import Chained
from antiphon.patterns.base import Watcher

__all__ = ("Waiters", "wake")


class Waiters(Chained):
    """The tasks that wait for one socket, and who watches it besides; all look again."""

    def __init__(self, other: Watcher | None = None) -> None:
        super().__init__()
        self.futures: list[asyncio.Future[None]] = []
        self.other = other

    def socket_changed(self) -> None:
        """Let all of them look again."""
        for future in self.futures:
            # A loop that was closed while tasks waited runs them no more.
            if not (future.done() or future.get_loop().is_closed()):
                future.set_result(None)
        super().socket_changed()


def wake(future: "asyncio.Future[None]") -> None:
    """End the wait of a task."""
    if not future.done():
        future.set_result(None)
