"""Keeps one connection alive that we initiated: dials, and dials again after growing delays."""

from typing import TYPE_CHECKING, Final

from antiphon.endpoint import Endpoint
from antiphon.engine.events import CLOSED, CONNECT_DELAYED, CONNECT_RETRIED, CONNECTED, GAVE_UP
from antiphon.engine.link import Link, LinkOwner
from antiphon.engine.network import Call, Caller, Later, Stream
from antiphon.errors import ECONNREFUSED, ProtocolError, strerror
from antiphon.options import SocketOptions
from antiphon.patterns.pipe import make_pipe
from antiphon.wire.mechanism import Question, Verdict

if TYPE_CHECKING:
    from antiphon.engine.socket import SocketCore

__all__ = ("Dialer",)

#: The peer has said that trying again is of no use (Z14).
_FINAL: Final = ("error-command", "illegal-pair")
#: What RECONNECT_STOP may ask for; a disconnect() always stops.
_STOP_REFUSED: Final = 1
_STOP_HANDSHAKE_FAILED: Final = 2
#: The reason under which failed attempts to connect are counted.
_FAILED: Final = "connect-failed"


class _Outcome(Caller):
    def __init__(self, dialer: "Dialer") -> None:
        self.dialer = dialer

    def attempting(self, code: int) -> None:
        self.dialer.tell(CONNECT_DELAYED, code)

    def attempt_failed(self, descriptor: int, code: int) -> None:
        self.dialer.attempt_failed(descriptor, code)

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
        self.pipe = make_pipe(options)
        self.pipe.endpoint = endpoint.text
        self.pipe.routing_id = options.connect_routing_id
        self.link: Link | None = None
        self.closed = False
        #: True once the socket wants to close it as soon as its messages are away.
        self.finishing = False
        self._named = bool(options.connect_routing_id)
        self._failures = 0
        self._refused = False
        self._has_been_up = False
        self._call: Call | None = None
        self._timer = Later(self.dial)
        self._linger_timer = Later(self.close)

    def start(self) -> None:
        """Begin to dial. The pipe takes messages at once, unless IMMEDIATE says otherwise."""
        if not self.options.immediate and (self._named or not self.core.pattern.awaits_ids):
            self.core.pattern.attach(self.pipe)
        self.dial()

    def dial(self) -> None:
        """Try to connect."""
        if not self.closed:
            self._refused = False
            self._call = self.core.network.dial(self.endpoint, self.options, _Outcome(self))

    def connected(self, stream: Stream) -> None:
        """Open a link on the stream."""
        self._call = None
        link = self.core.open_link(self, self.endpoint, self.options, self.pipe, stream, False)
        self.link = self.pipe.end = link
        link.finishing = self.finishing
        self.core.events.tell_link(CONNECTED, link, stream.descriptor)
        if link.open:
            link.start()

    def attempt_failed(self, descriptor: int, code: int) -> None:
        """Tell of an attempt at one of the endpoint's addresses."""
        self._refused = code == ECONNREFUSED
        self.tell(CLOSED, descriptor, _FAILED, strerror(code))

    def failed(self, reason: str) -> None:
        """Wait, then dial again."""
        self._call = None
        self.core.figures.failed(_FAILED)
        if self._refused and self.options.reconnect_stop & _STOP_REFUSED:
            self._give_up(_FAILED, reason)
        else:
            self._redial(_FAILED, reason)

    def tell(self, number: int, value: int, reason: str = "", detail: str = "") -> None:
        """Tell of something about the endpoint itself."""
        self.core.events.tell_dialed(number, self.endpoint.text, value, reason, detail)

    def ask(self, link: Link, question: Question) -> Verdict | None:
        """Have the peer judged."""
        return self.core.ask(link, question, self.options)

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
        if self._has_been_up:
            self.core.figures.reconnects += 1
        self._has_been_up = True
        self.core.link_established(link)
        return ""

    def ended(self, link: Link, error: ProtocolError) -> None:
        """Dial again, unless the peer has said that it will never do."""
        self.link = None
        self.pipe.disconnected()
        self.core.link_ended(link, error)
        if self.closed:
            return
        if error.reason == "closed" or (self.finishing and not self.pipe.outbound):
            self.close()
            return
        failed = not link.established and self.options.reconnect_stop & _STOP_HANDSHAKE_FAILED
        if failed or error.reason in _FINAL:
            self._give_up(error.reason, error.detail)
            self.core.refused(self.endpoint.text, error)
            return
        if self.pipe.attached:
            if self.options.immediate:
                self.core.pattern.detach(self.pipe)
            elif link.established:
                self.core.pattern.interrupted(self.pipe)
        self._redial(error.reason, error.detail)

    def _give_up(self, reason: str, detail: str) -> None:
        self.tell(GAVE_UP, -1, reason, detail)
        self._detach()
        self.core.dialer_closed(self)
        self.closed = True

    def _redial(self, reason: str, detail: str) -> None:
        interval: int = self.options.reconnect_ivl
        if self.closed:
            return
        if interval <= 0:
            self._give_up(reason, detail)
            return
        delay = self._delay(interval)
        self.core.network.set_timer(self._timer, delay / 1000)
        self.tell(CONNECT_RETRIED, int(delay), reason, detail)

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
