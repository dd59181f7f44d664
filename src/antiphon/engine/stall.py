"""The timers of one link: its deadlines, and a peer that takes nothing of what waits for it (M10).

Both let go of their link once it is closed: a network may keep a timer that is cancelled.
"""

from typing import TYPE_CHECKING, Final

from antiphon.engine.network import Timer
from antiphon.errors import ProtocolError

if TYPE_CHECKING:
    from antiphon.engine.link import Link

__all__ = ("SLOW_PEER", "LinkTimer", "StallTimer")

#: Why a peer is closed that takes nothing.
SLOW_PEER: Final = "slow-peer"
#: How often it is looked within the time that a peer has.
_LOOKS: Final = 10


class LinkTimer(Timer):
    """When the handshake has to be over, and later when the heartbeat is to be looked at."""

    def __init__(self, link: "Link") -> None:
        super().__init__()
        self.link: Link | None = link

    def fire(self) -> None:
        """Let the link look."""
        if self.link is not None:
            self.link.on_timer()


class StallTimer(Timer):
    """Closes a link whose stream has taken no byte for ``seconds`` while some wait (0: never).

    It is seen ten times in a row, so that a program that stands still itself blames nobody, and up
    to a tenth later. It costs nothing while nothing waits.
    """

    def __init__(self, link: "Link", seconds: float) -> None:
        super().__init__()
        self._link: Link | None = link if seconds > 0 else None
        self._seconds = seconds
        # How many bytes the stream has taken, and how often that was the same as before.
        self._taken = 0
        self._same = 0

    def begin(self) -> None:
        """Look from now on, as bytes wait for the peer."""
        link = self._link
        if link is not None and self.deadline < 0:
            self._taken = _taken(link)
            self._same = 0
            self._look_later(link)

    def fire(self) -> None:
        """Close the link if it is time; look again for as long as bytes wait."""
        link = self._link
        if link is None or not link.writing or link.stream.broken:
            return
        taken = _taken(link)
        self._same = self._same + 1 if taken == self._taken else 0
        self._taken = taken
        if self._same >= _LOOKS:
            why = f"the peer has taken nothing of what waits for it for {self._seconds:g} s"
            link.close(ProtocolError(SLOW_PEER, why))
            return
        self._look_later(link)

    def end(self) -> None:
        """Look no longer."""
        if self._link is not None:
            self._link.network.cancel_timer(self)
            self._link = None

    def _look_later(self, link: "Link") -> None:
        link.network.set_timer(self, self._seconds / _LOOKS)


def _taken(link: "Link") -> int:
    return link.pipe.bytes_sent - link.stream.unsent()
