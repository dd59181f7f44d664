"""What happens to sockets, as lines of the logger ``antiphon``.

    >  a connection that we have made            <  one that we have accepted
    =  an endpoint begins, ends or is given up   !  a failure or a drop, with its reason

Connections are told at DEBUG, endpoints at INFO, failures and drops at WARNING. Nothing is made
while no handler reads the level. No message's content is told (hosts/tracing.py is for that), and
what a peer has chosen is shown escaped and cut.
"""

from typing import Final

from antiphon.engine.events import (
    ACCEPT_FAILED,
    ACCEPTED,
    BIND_FAILED,
    CLOSE_FAILED,
    CLOSED,
    CONNECT_RETRIED,
    CONNECTED,
    DISCONNECTED,
    GAVE_UP,
    HANDSHAKE_FAILED_AUTH,
    HANDSHAKE_FAILED_NO_DETAIL,
    HANDSHAKE_FAILED_PROTOCOL,
    HANDSHAKE_SUCCEEDED,
    LISTENING,
    MESSAGE_DROPPED,
    MONITOR_STOPPED,
    ORDERLY,
)
from antiphon.engine.network import Later
from antiphon.engine.peer import peer_host
from antiphon.engine.socket import SocketCore
from antiphon.hosts.lines import DEBUG, INFO, LINES, WARNING, Lines, lowest_level, trace_is_wanted
from antiphon.instrument import Instrument, SocketEvent

__all__ = ("Log", "attend")

#: The highest level that an event is told at.
_LEVELS: Final[dict[int, int]] = {
    CONNECTED: DEBUG,
    ACCEPTED: DEBUG,
    HANDSHAKE_SUCCEEDED: DEBUG,
    LISTENING: WARNING,
    CLOSED: INFO,
    GAVE_UP: INFO,
    MONITOR_STOPPED: INFO,
    BIND_FAILED: WARNING,
    ACCEPT_FAILED: WARNING,
    CLOSE_FAILED: WARNING,
    CONNECT_RETRIED: WARNING,
    DISCONNECTED: WARNING,
    HANDSHAKE_FAILED_NO_DETAIL: WARNING,
    HANDSHAKE_FAILED_PROTOCOL: WARNING,
    HANDSHAKE_FAILED_AUTH: WARNING,
    MESSAGE_DROPPED: WARNING,
}
_HANDSHAKE_FAILED: Final = (
    HANDSHAKE_FAILED_NO_DETAIL,
    HANDSHAKE_FAILED_PROTOCOL,
    HANDSHAKE_FAILED_AUTH,
)
#: A reason has one line in so many seconds; what is left out is counted in the next one.
_PERIOD: Final = 1.0
#: How much is shown of what a peer has chosen.
_MOST_SHOWN: Final = 128


def attend(core: SocketCore) -> None:
    """Let a new socket have its log, and a trace where the environment asks for one."""
    core.add_instrument(Log(core, LINES))
    if trace_is_wanted():
        from antiphon.hosts.tracing import trace_for_environment

        trace_for_environment(core)


class Log(Instrument):
    """The log of one socket."""

    def __init__(self, core: SocketCore, lines: Lines) -> None:
        self._core = core
        self._lines = lines
        self._name = core.type_name.decode("ascii")
        self._timer = Later(self.tick)
        # True from a first ``!`` line until a period passes in which nothing was left out.
        self._counting = False
        # For each reason of a failure that has had its line, how many were left out since.
        self._left_out: dict[str, int] = {}
        # The drops that have been told of, or that were before.
        self._told_drops: dict[str, int] = {}
        # Whose handshake has just failed: that it is disconnected goes without saying.
        self._failed = ""
        # What is read is looked at once in a pass: drops may come by the million.
        self._looked_at = -1.0
        self._lowest = 0
        # True once it was told that whoever comes is let in.
        self._told_open = False

    def wants(self, number: int) -> bool:
        """Tell whether an event would make a line now."""
        if number == MESSAGE_DROPPED and self._counting:
            return False
        now = self._core.network.pass_time
        if now != self._looked_at:
            self._looked_at = now
            self._lowest = lowest_level()
        return _LEVELS.get(number, 0) >= self._lowest

    def happened(self, event: SocketEvent) -> None:
        """Write a line."""
        number = event.number
        if number == MONITOR_STOPPED:
            self._core.network.cancel_timer(self._timer)
            self._tell_left_out()
            self._write(INFO, "=", "closed")
        elif number == MESSAGE_DROPPED:
            self._begin_to_count()
            size = sum(map(len, event.message))
            what = f"dropped a message of {len(event.message)} frames, {size} bytes"
            self._write(WARNING, "!", f"{what}: {event.reason}")
        elif number == LISTENING:
            self._write(INFO, "=", f"listening at {event.local}")
            self._tell_open(event.local)
        elif number == DISCONNECTED:
            self._disconnected(event)
        elif _LEVELS[number] == WARNING:
            self._failure(event)
        else:
            self._state(event)

    def _state(self, event: SocketEvent) -> None:
        number = event.number
        sign = "<" if event.bound else ">"
        if number == CONNECTED:
            self._write(DEBUG, sign, f"{event.remote} connected from {_here(event)}")
        elif number == ACCEPTED:
            self._write(DEBUG, sign, f"{event.remote} accepted at {_here(event)}")
        elif number == HANDSHAKE_SUCCEEDED:
            self._write(DEBUG, sign, f"{_where(event)} is ready")
        elif number == GAVE_UP:
            self._write(INFO, "=", f"gave up {event.remote}: {_why(event)}")
        elif event.bound:
            self._write(INFO, "=", f"no longer listening at {event.local}")

    def _tell_open(self, endpoint: str) -> None:
        """Tell, once, of an endpoint that other machines reach and that asks nobody who they are.

        Nobody is asked with the mechanism NULL and no ZAP_DOMAIN.
        """
        options = self._core.options
        asks = options.mechanism or options.zap_domain
        if asks or self._told_open or _is_local(endpoint):
            return
        self._told_open = True
        what = "lets in whoever reaches it: use CURVE or PLAIN, or set ZAP_DOMAIN and a handler"
        self._write(WARNING, "!", f"{endpoint} {what}")

    def _disconnected(self, event: SocketEvent) -> None:
        failed = self._failed
        self._failed = ""
        if event.reason in ORDERLY:
            self._write(DEBUG, "=", f"{_where(event)} disconnected: {event.reason}")
        elif not failed or failed != event.remote:
            self._limited(event, f"{_where(event)} disconnected: {_why(event)}")

    def _failure(self, event: SocketEvent) -> None:
        number = event.number
        if number == CONNECT_RETRIED:
            if event.reason == "connect-failed":
                when = f"trying again in {event.value} ms"
                self._limited(event, f"{event.remote} not connected: {_why(event)}; {when}")
        elif number in _HANDSHAKE_FAILED:
            self._failed = event.remote
            self._limited(event, f"{_where(event)} refused: {_why(event)}")
        else:
            self._limited(event, f"{event.endpoint}: {_why(event)}")

    def _limited(self, event: SocketEvent, text: str) -> None:
        left_out = self._left_out.get(event.reason)
        if left_out is not None:
            self._left_out[event.reason] = left_out + 1
            return
        self._begin_to_count()
        self._left_out[event.reason] = 0
        self._write(WARNING, "!", text)

    def _begin_to_count(self) -> None:
        if not self._counting:
            self._counting = True
            self._told_drops = self._core.pattern.drops.copy()
            self._core.network.set_timer(self._timer, _PERIOD)

    def tick(self) -> None:
        """Tell what was left out in a period; without any, each reason has its line again."""
        if self._tell_left_out():
            self._core.network.set_timer(self._timer, _PERIOD)
        else:
            self._counting = False
            self._left_out = {}

    def _tell_left_out(self) -> bool:
        told = False
        drops = self._core.pattern.drops if self._counting else {}
        for reason, count in drops.items():
            more = count - self._told_drops.get(reason, 0)
            if more > 0:
                told = True
                self._told_drops[reason] = count
                self._write(WARNING, "!", f"dropped {more} more: {reason}")
        for reason, more in self._left_out.items():
            if more > 0:
                told = True
                self._left_out[reason] = 0
                self._write(WARNING, "!", f"{more} more of: {reason}")
        return told

    def _write(self, level: int, sign: str, text: str) -> None:
        if level >= self._lowest:
            self._lines.write(level, f"{sign} {self._name} {text}")


def _where(event: SocketEvent) -> str:
    """Return the peer's address, and its routing id."""
    address = event.remote or event.endpoint
    if not event.routing_id:
        return address
    return f"{address} {_shown(event.routing_id)}"


def _is_local(endpoint: str) -> bool:
    """Tell whether a bound endpoint is reached from this machine alone."""
    host = "" if endpoint.startswith("inproc:") else peer_host(endpoint)
    return not host or host in ("localhost", "::1") or host.startswith(("127.", "::ffff:127."))


def _here(event: SocketEvent) -> str:
    return event.local or "here"


def _why(event: SocketEvent) -> str:
    """Return the reason and its sentence, which a peer may have had a hand in."""
    if not event.detail:
        return event.reason
    return f"{event.reason} ({ascii(event.detail[:_MOST_SHOWN])[1:-1]})"


def _shown(data: bytes) -> str:
    cut = "..." if len(data) > _MOST_SHOWN else ""
    return f"{data[:_MOST_SHOWN]!r}{cut}"
