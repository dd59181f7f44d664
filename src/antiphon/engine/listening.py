"""One bound endpoint: accepts peers, whose queues live as long as their connections (R28.24)."""

from typing import TYPE_CHECKING

from antiphon.endpoint import Endpoint
from antiphon.engine.events import ACCEPT_FAILED, ACCEPTED, CLOSE_FAILED, CLOSED, LISTENING
from antiphon.engine.half_open import HalfOpen, source_of
from antiphon.engine.link import Link, LinkOwner
from antiphon.engine.network import Acceptor, Later, Listener, Stream
from antiphon.engine.peer import peer_host
from antiphon.errors import ProtocolError, strerror
from antiphon.options import SocketOptions
from antiphon.patterns.pipe import Pipe, PipeEnd, make_pipe
from antiphon.wire.mechanism import Question, Verdict

if TYPE_CHECKING:
    from antiphon.engine.socket import SocketCore

__all__ = ("Listening",)


class _Arrivals(Acceptor):
    def __init__(self, listening: "Listening") -> None:
        self.listening = listening

    def accepted(self, stream: Stream) -> None:
        self.listening.accepted(stream)

    def failed(self, code: int) -> None:
        self.listening.accept_failed(code)


class Listening(LinkOwner):
    """A bound endpoint and the connections that came in by it."""

    def __init__(self, core: "SocketCore", bound: Endpoint, options: SocketOptions) -> None:
        self.core = core
        self.bound = bound
        self.options = options
        self.links: dict[Link, Link] = {}
        self.half_open = HalfOpen(
            options.max_half_open,
            options.max_half_open_per_address,
            options.max_handshake_rate,
        )
        self.listener: Listener | None = None
        #: What bind() was given, with the real port or path.
        self.endpoint = ""
        self.closed = False
        self.finishing = False
        self._linger_timer = Later(self.close)

    def acceptor(self) -> Acceptor:
        """Return what the Network calls for each peer."""
        return _Arrivals(self)

    def listens(self, listener: Listener) -> None:
        """Take note of what the Network listens on."""
        self.listener = listener
        self.endpoint = listener.endpoint
        self.core.events.tell_bound(LISTENING, self.endpoint, listener.descriptor)

    def accepted(self, stream: Stream) -> None:
        """Open a link for a peer."""
        pipe = make_pipe(self.options)
        pipe.endpoint = stream.peer_address
        link = self.core.open_link(self, self.bound, self.options, pipe, stream, True)
        pipe.end = link
        self.links[link] = link
        self.core.events.tell_link(ACCEPTED, link, stream.descriptor)
        source = source_of(peer_host(stream.peer_address))
        self.half_open.add(link, source, self.core.network.now())
        if link.open:
            link.start()

    def accept_failed(self, code: int) -> None:
        """Count a peer that could not be accepted."""
        self.core.figures.failed("accept-failed")
        self.core.events.tell_bound(
            ACCEPT_FAILED, self.endpoint, code, "accept-failed", strerror(code)
        )

    def ask(self, link: Link, question: Question) -> Verdict | None:
        """Have the peer judged."""
        return self.core.ask(link, question, self.options)

    def established(self, link: Link) -> str:
        """Let the pattern know the peer."""
        self.half_open.remove(link)
        link.pipe.routing_id = link.connection.peer_routing_id
        refusal = self.core.pattern.attach(link.pipe)
        if not refusal:
            self.core.link_established(link)
        return refusal

    def ended(self, link: Link, error: ProtocolError) -> None:
        """Forget the peer and its queues."""
        self.links.pop(link, None)
        self.half_open.remove(link)
        link.pipe.end = PipeEnd()
        if link.pipe.attached:
            self._let_go(link.pipe, error.reason)
        self.core.link_ended(link, error)
        self.core.figures.tally(link.pipe)
        self._check_closed()

    def _let_go(self, pipe: Pipe, reason: str) -> None:
        """Give what the peer has said, or destroy it where nobody would get the answer (R28.24).

        What somebody waits for just now is given, too.
        """
        pattern = self.core.pattern
        awaited = reason == "peer-closed" and pattern.watcher is not None
        if pipe.inbound and (awaited or not pattern.forgets_vanished):
            pattern.part(pipe)
        else:
            pattern.detach(pipe)

    def finish(self, linger_ms: int) -> None:
        """Accept nobody any more; close each connection once its messages are away.

        What is still there after ``linger_ms`` (-1: never) is closed all the same.
        """
        self.finishing = True
        if linger_ms == 0:
            self.close()
            return
        if linger_ms > 0:
            self.core.network.set_timer(self._linger_timer, linger_ms / 1000)
        self._stop_listening()
        for link in list(self.links):
            if link.established:
                self.core.pattern.retire(link.pipe)
                link.finish()
            else:
                link.close_peer("closed")
        self._check_closed()

    def close(self) -> None:
        """Close the listener and every connection at once."""
        self.finishing = True
        self._stop_listening()
        for link in list(self.links):
            link.close_peer("closed")
        self._check_closed()

    def _stop_listening(self) -> None:
        listener = self.listener
        if listener is None:
            return
        self.listener = None
        events = self.core.events
        try:
            listener.close()
        except OSError as error:
            events.tell_bound(
                CLOSE_FAILED, self.endpoint, error.errno or 0, "close-failed", str(error)
            )
        else:
            events.tell_bound(CLOSED, self.endpoint, listener.descriptor, "closed")

    def _check_closed(self) -> None:
        if self.finishing and not self.links and not self.closed:
            self.closed = True
            self.core.network.cancel_timer(self._linger_timer)
            self.core.listening_closed(self)
