"""Keeps one connection alive that we initiated: dials, and dials again after growing delays."""

from typing import TYPE_CHECKING, Final

from antiphon.endpoint import Endpoint
from antiphon.engine.link import Link, LinkOwner
from antiphon.engine.network import Call, Caller, Stream, Timer
from antiphon.errors import ProtocolError
from antiphon.options import SocketOptions
from antiphon.patterns.pipe import Pipe

if TYPE_CHECKING:
    from antiphon.engine.socket import SocketCore

__all__ = ("Dialer",)

#: The peer has said that trying again is of no use (Z14).
_FINAL: Final = ("error-command", "illegal-pair")


class _RedialTimer(Timer):
    def __init__(self, dialer: "Dialer") -> None:
        super().__init__()
        self.dialer = dialer

    def fire(self) -> None:
        self.dialer.dial()


class _LingerTimer(Timer):
    def __init__(self, dialer: "Dialer") -> None:
        super().__init__()
        self.dialer = dialer

    def fire(self) -> None:
        self.dialer.close()


class _Outcome(Caller):
    def __init__(self, dialer: "Dialer") -> None:
        self.dialer = dialer

    def connected(self, stream: Stream) -> None:
        self.dialer.connected(stream)

    def failed(self, reason: str) -> None:
        self.dialer.failed(reason)


class Dialer(LinkOwner):
    """One connected endpoint: its pipe lives as long as the dialer (R28.23)."""

    def __init__(self, core: "SocketCore", endpoint: Endpoint, options: SocketOptions) -> None:
        self.core = core
        self.endpoint = endpoint
        self.options = options
        self.pipe = Pipe(options)
        self.pipe.endpoint = endpoint.text
        self.pipe.routing_id = options.connect_routing_id
        self.link: Link | None = None
        self.closed = False
        #: True once the socket wants to close it as soon as its messages are away.
        self.finishing = False
        self._named = bool(options.connect_routing_id)
        self._failures = 0
        self._call: Call | None = None
        self._timer = _RedialTimer(self)
        self._linger_timer = _LingerTimer(self)

    def start(self) -> None:
        """Begin to dial. The pipe takes messages at once, unless IMMEDIATE says otherwise."""
        if not self.options.immediate and (self._named or not self.core.routes_by_id()):
            self.core.pattern.attach(self.pipe)
        self.dial()

    def dial(self) -> None:
        """Try to connect."""
        if not self.closed:
            self._call = self.core.network.dial(self.endpoint, self.options, _Outcome(self))

    def connected(self, stream: Stream) -> None:
        """Open a link on the stream."""
        self._call = None
        self.link = self.core.open_link(self, self.endpoint, self.options, self.pipe, stream, False)
        self.pipe.end = self.link
        self.link.finishing = self.finishing
        self.link.start()

    def failed(self, reason: str) -> None:
        """Wait, then dial again."""
        self._call = None
        self.core.connection_failed(self.endpoint.text, "connect-failed", reason)
        self._redial()

    def established(self, link: Link) -> str:
        """Let the pattern know the peer, if it does not yet."""
        self._failures = 0
        pipe = self.pipe
        if not pipe.attached:
            if not self._named:
                pipe.routing_id = link.connection.peer_routing_id
            refusal = self.core.pattern.attach(pipe)
            if refusal:
                return refusal
        self.core.link_established(link)
        return ""

    def ended(self, link: Link, error: ProtocolError) -> None:
        """Dial again, unless the peer has said that it will never do."""
        self.link = None
        self.pipe.disconnected()
        self.core.link_ended(link, error)
        if self.closed:
            return
        if self.finishing and not self.pipe.outbound:
            self.close()
            return
        if error.reason in _FINAL:
            self._give_up()
            return
        if self.pipe.attached:
            if self.options.immediate:
                self.core.pattern.detach(self.pipe)
            else:
                self.core.pattern.interrupted(self.pipe)
        self._redial()

    def _give_up(self) -> None:
        self._detach()
        self.core.dialer_closed(self)
        self.closed = True

    def _redial(self) -> None:
        interval: int = self.options.reconnect_ivl
        if self.closed:
            return
        if interval <= 0:
            self._give_up()
            return
        self.core.network.set_timer(self._timer, self._delay(interval) / 1000)

    def _delay(self, interval: int) -> float:
        # Growing, so that a server that comes back is not stormed; random, so that its
        # clients do not come all at once (RFC 37 "Error Handling").
        highest: int = self.options.reconnect_ivl_max
        if highest > interval:
            interval = min(interval * 2 ** min(self._failures, 30), highest)
        self._failures += 1
        return interval * (1.0 + self.core.network.random())

    def finish(self, linger_ms: int) -> None:
        """Take no more messages; close once all are away, or after ``linger_ms`` (-1: never)."""
        self.finishing = True
        self.core.pattern.retire(self.pipe)
        if linger_ms == 0:
            self.close()
            return
        if linger_ms > 0:
            self.core.network.set_timer(self._linger_timer, linger_ms / 1000)
        if not self.pipe.outbound and (self.link is None or not self.link.established):
            self.close()
        elif self.link is not None:
            self.link.finish()

    def close(self) -> None:
        """Close at once; queued messages are dropped and counted."""
        if self.closed:
            return
        self.closed = True
        self.core.network.cancel_timer(self._timer)
        self.core.network.cancel_timer(self._linger_timer)
        if self._call is not None:
            self._call.cancel()
        link = self.link
        if link is not None:
            link.close(ProtocolError("closed", "the socket has closed this connection"))
        self._detach()
        self.core.dialer_closed(self)

    def _detach(self) -> None:
        if self.pipe.attached:
            self.core.pattern.detach(self.pipe)
        else:
            self.core.pattern.drop_queues(self.pipe)
