"""Is the peer alive? PINGs, their time-out, and the time-to-live that a peer asks for (Z21-Z23).

Any byte from the peer counts as life. The link sets ``heard`` and asks on_timer() what to do, so
that traffic costs no look at the clock: life is noted when on_timer() is called, so that a peer's
time-to-live ends between one and two times its length after the last byte.
"""

from typing import Final

from antiphon.wire.connection import PONG_BURST

__all__ = ("DEAD", "PING", "QUIET", "Heartbeat")

#: How many PINGs of a peer are answered each second. A flood of them is not worth more, and no
#: sensible HEARTBEAT_IVL needs it: a peer whose PING is not answered in time gives us up.
_PONGS_PER_S: Final = 100.0

QUIET: Final = 0
PING: Final = 1
DEAD: Final = 2


class Heartbeat:
    """The heartbeat of one connection; times are seconds.

    ``interval`` is the time between our PINGs (0: none), ``timeout`` the silence after a PING that
    ends the connection (0: none does).
    """

    def __init__(self, interval: float, timeout: float) -> None:
        self.interval = interval
        self.timeout = timeout
        #: The time-to-live of the peer's last PING; 0 when it gave none.
        self.peer_ttl = 0.0
        #: Set whenever bytes come in.
        self.heard = False
        self._last_heard = 0.0
        self._next_ping = 0.0
        self._unanswered_since = -1.0
        self._pongs_counted = 0.0

    def start(self, now: float) -> None:
        """Begin; the handshake has just been completed."""
        self._last_heard = now
        self._next_ping = now + self.interval
        self._pongs_counted = now

    def pongs(self, left: float, now: float) -> float:
        """Return how many PINGs may be answered at once now, if ``left`` might still be before."""
        earned = (now - self._pongs_counted) * _PONGS_PER_S
        self._pongs_counted = now
        return min(left + earned, PONG_BURST)

    def on_timer(self, now: float) -> int:
        """Say what to do now: QUIET (nothing), PING, or DEAD."""
        if self.heard:
            self.heard = False
            self._last_heard = now
            self._unanswered_since = -1.0
        if self.peer_ttl and now >= self._last_heard + self.peer_ttl:
            return DEAD
        if self._silence_limited() and now >= self._unanswered_since + self.timeout:
            return DEAD
        if self.interval and now >= self._next_ping:
            self._next_ping = now + self.interval
            if self._unanswered_since < 0:
                self._unanswered_since = now
            return PING
        return QUIET

    def _silence_limited(self) -> bool:
        return self.timeout > 0 and self._unanswered_since >= 0

    def next_deadline(self) -> float:
        """Return when on_timer() is due, or a negative number for never."""
        due = -1.0
        if self.interval:
            due = self._next_ping
            if self._silence_limited():
                due = min(due, self._unanswered_since + self.timeout)
        if self.peer_ttl:
            expiry = self._last_heard + self.peer_ttl
            due = expiry if due < 0 else min(due, expiry)
        return due
