"""One socket: its pattern, its endpoints, its peers. Everything but waiting."""

from typing import Final

from antiphon.constants import SOCKET_TYPE_NAMES
from antiphon.endpoint import Endpoint, parse_endpoint
from antiphon.engine.dialer import Dialer
from antiphon.engine.events import (
    BIND_FAILED,
    HANDSHAKE_SUCCEEDED,
    LISTENING,
    ORDERLY,
    Events,
    handshake_failure,
)
from antiphon.engine.exchange import Attachment
from antiphon.engine.figures import Figures, describe
from antiphon.engine.handshake import check_mechanism, check_protocol, make_connection
from antiphon.engine.link import Link, LinkOwner
from antiphon.engine.listening import Listening
from antiphon.engine.monitor import PAIR, Monitor, check_monitor
from antiphon.engine.network import Later, Network, Stream
from antiphon.engine.options import read_option, write_option
from antiphon.engine.pattern import make_pattern
from antiphon.engine.peer import Peer, Stats
from antiphon.engine.zap import Inquiries
from antiphon.errors import (
    ENOENT,
    AuthenticationError,
    EndpointError,
    HandshakeError,
    OptionError,
    ProtocolError,
    SocketClosed,
)
from antiphon.instrument import Instrument
from antiphon.native import mypyc_attr
from antiphon.options import SocketOptions
from antiphon.patterns.base import Pattern
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.router import Router
from antiphon.wire.mechanism import Question, Verdict

__all__ = ("DEALER", "REP", "REQ", "ROUTER", "SocketCore", "SocketKeeper")

_PUB: Final = 1
_SUB: Final = 2
REQ: Final = 3
REP: Final = 4
DEALER: Final = 5
ROUTER: Final = 6

#: A second connect() to the same endpoint does nothing for these (2.1, departure h).
_CONNECT_ONCE: Final = (_PUB, _SUB, REQ, DEALER)
#: What a peer's ERROR says when it does not accept our credentials (RFC 27).
_STATUSES: Final = ("300", "400", "500")


@mypyc_attr(allow_interpreted_subclasses=True)
class SocketKeeper:
    """Who has to know when a socket has closed for good, its messages sent or given up."""

    def socket_ended(self, core: "SocketCore") -> None:
        """Forget the socket."""


class SocketCore:
    """A socket without its waiting.

    ``network`` is the world, ``socket_type`` a number of constants.SocketType, ``options`` are
    copied. A ``forwarder`` is a pattern that passes messages on in their wire form; it and its
    options take the place of the type's own. Raises OptionError for a type that is not supported.
    """

    def __init__(
        self,
        network: Network,
        socket_type: int,
        options: SocketOptions,
        forwarder: Pattern | None = None,
    ) -> None:
        self.network = network
        self.socket_type = socket_type
        self.options = options.of(socket_type) if forwarder is None else forwarder.options
        self.options.socket_type = socket_type
        self.pattern = forwarder or make_pattern(socket_type, self.options, network)
        #: What the program's side sends to and receives from: the pattern, unless it is traced.
        self.front = self.pattern
        self.forwarding = forwarder is not None
        self.type_name: bytes = SOCKET_TYPE_NAMES[socket_type]
        self.last_endpoint = ""
        #: True once close() was called; messages may still be on their way out.
        self.closed = False
        #: True once nothing is left.
        self.ended = False
        self.keeper: SocketKeeper | None = None
        self.events = Events(network)
        self.figures = Figures()
        # The endpoint of the last peer that has refused this socket for good, and why.
        self._refused_by = ""
        self._refusal = ProtocolError("")
        self._dialers: list[Dialer] = []
        self._listenings: list[Listening] = []
        self._attachments: list[Attachment] = []
        self._linger_timer = Later(self.abandon)
        # Who asks the ZAP handler, once there is something to ask.
        self._inquiries = Inquiries()
        self._inquirer: SocketCore | None = None

    # Endpoints.

    def bind(self, text: str) -> str:
        """Accept peers at an endpoint; returns it with the real port or path.

        Raises EndpointError where it cannot be had, SocketClosed after close().
        """
        self._check_open()
        endpoint = parse_endpoint(text, bind=True)
        try:
            self.last_endpoint = self._listen(endpoint)
        except EndpointError as error:
            self.events.tell_bound(
                BIND_FAILED, endpoint.text, error.errno or 0, "bind-failed", error.why
            )
            raise
        return self.last_endpoint

    def _listen(self, endpoint: Endpoint) -> str:
        if endpoint.scheme == "inproc":
            self._attachments.append(self.network.exchange.bind(endpoint.text, self))
            self.events.tell_bound(LISTENING, endpoint.text, -1)
            return endpoint.text
        check_mechanism(self.type_name, self.options)
        check_protocol(endpoint, self.options, True)
        listening = Listening(self, endpoint, self.options.copy())
        listener = self.network.listen(endpoint, listening.options, listening.acceptor())
        self._listenings.append(listening)
        listening.listens(listener)
        return listening.endpoint

    def connect(self, text: str) -> None:
        """Connect to an endpoint, now and again whenever the connection is lost.

        Raises EndpointError for a text that is no endpoint, SocketClosed after close().
        """
        self._check_open()
        endpoint = parse_endpoint(text, bind=False)
        if endpoint.scheme != "inproc":
            check_mechanism(self.type_name, self.options)
            check_protocol(endpoint, self.options, False)
        self.last_endpoint = endpoint.text
        if self.socket_type in _CONNECT_ONCE and self._is_connected(endpoint):
            return
        options = self.options.copy()
        self._check_routing_id(options.connect_routing_id)
        self.options.connect_routing_id = b""
        if endpoint.scheme == "inproc":
            self._attachments.append(self.network.exchange.connect(endpoint.text, self, options))
            return
        dialer = Dialer(self, endpoint, options)
        self._dialers.append(dialer)
        dialer.start()

    def _check_routing_id(self, routing_id: bytes) -> None:
        pattern = self.pattern
        if routing_id and isinstance(pattern, Router) and routing_id in pattern.peers:
            raise OptionError(
                "CONNECT_ROUTING_ID", routing_id, "another peer has this id: choose a free one"
            )

    def _is_connected(self, endpoint: Endpoint) -> bool:
        dialed = [d.endpoint.text for d in self._dialers if not d.finishing]
        joined = [a.endpoint for a in self._attachments if not (a.bound or a.finishing)]
        return endpoint.text in dialed or endpoint.text in joined

    def unbind(self, text: str) -> None:
        """Stop listening at a bound endpoint, given as LAST_ENDPOINT returns it.

        Queued messages of its peers still go out. Raises EndpointError (ENOENT) if unknown.
        """
        self._check_open()
        for listening in self._listenings:
            if listening.endpoint == text and not listening.finishing:
                listening.finish(self.options.linger)
                return
        self._detach_inproc(text, True)

    def disconnect(self, text: str) -> None:
        """Give up a connected endpoint; queued messages still go out.

        Raises EndpointError (ENOENT) if unknown.
        """
        self._check_open()
        for dialer in self._dialers:
            if text in (dialer.endpoint.text, dialer.endpoint.given) and not dialer.finishing:
                dialer.finish(self.options.linger)
                return
        self._detach_inproc(text, False)

    def _detach_inproc(self, text: str, bound: bool) -> None:
        for attachment in self._attachments:
            if attachment.finishing or attachment.bound != bound:
                continue
            if attachment.endpoint == text:
                if self.options.linger == 0:
                    attachment.close()
                else:
                    attachment.finish()
                return
        verb = "bound" if bound else "connected"
        raise EndpointError(ENOENT, text, f"the socket is not {verb} there")

    def give_up(self, pipe: Pipe) -> None:
        """Close the connection of a pipe at once, and for good."""
        for dialer in list(self._dialers):
            if dialer.pipe is pipe:
                dialer.close()
        for attachment in list(self._attachments):
            if not attachment.bound and pipe in attachment.pipes():
                attachment.close()
        pipe.end.close_peer("closed")

    def meets_inproc(self) -> bool:
        """Tell whether all its peers are sockets of this process: what comes needs no reading."""
        return bool(self._attachments) and not (self._dialers or self._listenings)

    def check_hope(self) -> None:
        """Raise HandshakeError if nothing can ever come or go.

        That is so once every peer that was dialed has refused this socket for good, and it has no
        other endpoint. Hosts ask before they wait, and when they have waited in vain.
        """
        if not self._refused_by or self._dialers or self._listenings or self._attachments:
            return
        endpoint, error = self._refused_by, self._refusal
        if error.reason == "error-command" and error.detail in _STATUSES:
            raise AuthenticationError(endpoint, error.reason, f"its status is {error.detail}")
        raise HandshakeError(endpoint, error.reason, error.detail)

    def _check_open(self) -> None:
        if self.closed:
            raise SocketClosed("the socket is closed")

    # Options, peers, figures.

    def set_option(self, option: int, value: object) -> None:
        """Set an option by number. Raises OptionError."""
        self._check_open()
        write_option(self, option, value)

    def get_option(self, option: int) -> int | bytes | str:
        """Return an option by number. Raises OptionError."""
        self._check_open()
        return read_option(self, option)

    def set_bounds(self, option: int, value: object) -> None:
        """Let a bound hold for the queues of all peers, there or to come."""
        for listening in self._listenings:
            listening.options.set(option, value)
        for pipe in self.pipes():
            pipe.set_limits(self.options)
            pipe.check_inbound()
            if pipe.unblocked():
                self.pattern.writable(pipe)

    def pipes(self) -> list[Pipe]:
        """Return the pipe of every connection, made or in the making."""
        pipes = [dialer.pipe for dialer in self._dialers]
        for listening in self._listenings:
            pipes += [link.pipe for link in listening.links]
        for attachment in self._attachments:
            pipes += attachment.pipes()
        return pipes

    def peers(self) -> list[Peer]:
        """Return what is known of each peer."""
        now = self.network.now()
        return [describe(pipe, now) for pipe in self.pipes()]

    def stats(self) -> Stats:
        """Return a copy of the counters."""
        return self.figures.stats(self.pattern.drops, self.pipes())

    def add_instrument(self, instrument: Instrument) -> None:
        """Let an instrument see what happens from now on; the last that it sees is the end.

        Raises SocketClosed.
        """
        self._check_open()
        self.pattern.observer = self.events
        self.events.begin(instrument)

    def remove_instrument(self, instrument: Instrument) -> None:
        """Let an instrument see the end, and no more."""
        self.events.end(instrument)

    def monitor(
        self, address: str | None, events: int, version: int = 1, socket_type: int = PAIR
    ) -> None:
        """Send libzmq's events to whoever connects to an inproc address; None ends that (3.4).

        Raises EndpointError (EPROTONOSUPPORT, EADDRINUSE), OptionError (EINVAL), SocketClosed.
        """
        self._check_open()
        if address is not None:
            check_monitor(address, events, version, socket_type)
        for instrument in self.events.instruments:
            if isinstance(instrument, Monitor):
                self.events.end(instrument)
        if address is None:
            return
        options = SocketOptions()
        options.linger = 0
        socket = SocketCore(self.network, socket_type, options)
        socket.bind(address)
        self.add_instrument(Monitor(self, socket, events, version))

    # Closing.

    def close(self, linger_ms: int) -> None:
        """Close; queued messages may go out for ``linger_ms`` more (-1: for as long as it takes).

        What is then still queued is dropped and counted. Of a socket that was closed already only
        0 changes anything: it ends at once.
        """
        if self.closed:
            if linger_ms == 0:
                self.abandon()
            return
        self.closed = True
        self.pattern.changed()
        if linger_ms == 0:
            self.abandon()
            return
        if linger_ms > 0:
            self.network.set_timer(self._linger_timer, linger_ms / 1000)
        for listening in list(self._listenings):
            listening.finish(-1)
        for dialer in list(self._dialers):
            dialer.finish(-1)
        for attachment in list(self._attachments):
            attachment.finish()
        self._check_ended()

    def abandon(self) -> None:
        """Close what is left at once."""
        self.closed = True
        for listening in list(self._listenings):
            listening.close()
        for dialer in list(self._dialers):
            dialer.close()
        for attachment in list(self._attachments):
            attachment.close()
        self._attachments = []
        self._check_ended()

    def _check_ended(self) -> None:
        if not self.closed or self.ended:
            return
        self._attachments = [a for a in self._attachments if not a.closed]
        if self._dialers or self._listenings or self._attachments:
            return
        self.ended = True
        self.network.cancel_timer(self._linger_timer)
        if self.keeper is not None:
            self.keeper.socket_ended(self)
        for instrument in self.events.instruments:
            self.events.end(instrument)

    # From the connections.

    def open_link(
        self,
        owner: LinkOwner,
        endpoint: Endpoint,
        options: SocketOptions,
        pipe: Pipe,
        stream: Stream,
        binder: bool,
    ) -> Link:
        """Join a stream to a pipe."""
        connection = make_connection(
            self.network, self.type_name, endpoint, options, binder, self.forwarding
        )
        return Link(self.network, owner, options, self.pattern, pipe, stream, connection)

    def ask(self, link: Link, question: Question, options: SocketOptions) -> Verdict | None:
        """Have a peer judged; returns the verdict, or None if the link is told later."""
        if self._inquirer is None:
            self._inquirer = SocketCore(self.network, DEALER, self.options, self._inquiries)
        return self._inquiries.ask(self._inquirer, link, question, options)

    def link_established(self, link: Link) -> None:
        """Greet a new peer as the options say, and tell of it."""
        self.greet(link.pipe)
        self.events.tell_link(HANDSHAKE_SUCCEEDED, link, 0)

    def greet(self, pipe: Pipe) -> None:
        """Tell the pattern of a peer; send the messages of PROBE_ROUTER and HELLO_MSG."""
        self.pattern.connected(pipe)
        if self.options.probe_router and not pipe.blocked:
            pipe.push([b""])
        if self.options.hello_msg and not pipe.blocked:
            pipe.push([self.options.hello_msg])

    def link_ended(self, link: Link, error: ProtocolError) -> None:
        """Count why a connection ended, and tell of it."""
        link.pipe.peer_type = b""
        if not link.established and error.reason != "closed":
            self.figures.handshake_failures += 1
        if error.reason not in ORDERLY:
            self.figures.failed(error.reason)
        self.events.tell_link_ended(link, error)

    def inproc_refused(self, endpoint: str, bound: bool, reason: str, detail: str) -> None:
        """Count a peer over inproc that could not be joined, and tell of it."""
        self.figures.handshake_failures += 1
        self.figures.failed(reason)
        number, value = handshake_failure(ProtocolError(reason, detail))
        local, remote = (endpoint, "") if bound else ("", endpoint)
        self.events.tell(number, bound, local, remote, value, reason, detail)

    def refused(self, endpoint: str, error: ProtocolError) -> None:
        """Take note that a peer will never let this socket in; somebody may wait for it."""
        self._refused_by = endpoint
        self._refusal = error
        self.pattern.changed()

    def dialer_closed(self, dialer: Dialer) -> None:
        """Forget a dialer."""
        if dialer in self._dialers:
            self._dialers.remove(dialer)
            self.figures.tally(dialer.pipe)
        self._check_ended()

    def listening_closed(self, listening: Listening) -> None:
        """Forget a bound endpoint."""
        if listening in self._listenings:
            self._listenings.remove(listening)
        self._check_ended()

    def attachment_closed(self, attachment: Attachment) -> None:
        """Forget an inproc endpoint."""
        if attachment in self._attachments:
            self._attachments.remove(attachment)
            for pipe in attachment.pipes():
                self.figures.tally(pipe)
        self._check_ended()
