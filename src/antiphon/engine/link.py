"""Joins one connection to one pipe: bytes in, messages to the pattern; messages out, bytes away.

Back-pressure is by not reading: when the pipe's inbound queue is full, so is the decoder, and the
stream is not read until the queue has reached its low-water mark. What fills the queue all at once
stays in the decoder until it is wanted.
"""

from typing import Final

from antiphon.engine.chunks import encode, forward
from antiphon.engine.heartbeat import DEAD, PING, Heartbeat
from antiphon.engine.network import INTERRUPTED, Network, Receiver, Stream
from antiphon.engine.peer import peer_host
from antiphon.engine.stall import LinkTimer, StallTimer
from antiphon.errors import ProtocolError
from antiphon.options import SocketOptions
from antiphon.patterns.base import Pattern
from antiphon.patterns.pipe import Pipe
from antiphon.wire.connection import CLOSED, NOTICED, PONG_BURST, TRAFFIC, Connection
from antiphon.wire.framing import COMMAND_READY, FULL, STARVED
from antiphon.wire.mechanism import Question, Verdict

__all__ = ("Inquiry", "Link", "LinkOwner")

#: Answers to a peer's commands that may wait before it is not read any longer.
_MAX_OUTPUT: Final = 64
#: How many messages are decoded at once where what came fills the queue. Those that nobody takes
#: for a while leave the processor's caches, and to take them costs twice as much then.
_AHEAD: Final = 32


class Inquiry:
    """A question about a peer that waits for its answer."""

    def cancel(self) -> None:
        """Withdraw the question: nobody waits for the answer any longer."""
        raise NotImplementedError


class LinkOwner:
    """Who made a link: a dialer or a listener. It decides what follows when the link ends."""

    def ask(self, link: "Link", question: Question) -> Verdict | None:
        """Find out whether the peer is welcome.

        Returns the verdict if it is clear at once; otherwise the link's judged() is called later.
        """
        raise NotImplementedError

    def established(self, link: "Link") -> str:
        """The handshake is complete; returns why the peer is refused, or an empty string."""
        raise NotImplementedError

    def ended(self, link: "Link", error: ProtocolError) -> None:
        """The link has closed its stream; ``error`` says why."""
        raise NotImplementedError


class Link(Receiver):
    """One connection's data path."""

    def __init__(
        self,
        network: Network,
        owner: LinkOwner,
        options: SocketOptions,
        pattern: Pattern,
        pipe: Pipe,
        stream: Stream,
        connection: Connection,
    ) -> None:
        super().__init__()
        self.network = network
        self.owner = owner
        self.pattern = pattern
        self.pipe = pipe
        self.stream = stream
        # Where to wait for a flush of messages.
        self._queue = network.patient if pattern.patient else network.dirty
        self.connection = connection
        self.decoder = connection.decoder
        # Whether messages are passed on as they are on the wire.
        self._forwarding = connection.verbatim
        self.open = True
        #: True once the peer's handshake was accepted.
        self.established = False
        #: The question that the handshake waits for.
        self.inquiry: Inquiry | None = None
        #: True when the link is to close as soon as everything is written.
        self.finishing = False
        #: When bytes last came, as exact as the passes of the network; negative before the first.
        self.heard_at = -1.0
        # When the heartbeat was last looked at.
        self._looked_at = 0.0
        # Kept here, where each message looks anyway: whether the connection has commands to send.
        self._has_commands = False
        self._scheduled = False
        #: True while the stream takes no more.
        self.writing = False
        self._paused = False
        timeout = options.heartbeat_timeout
        if timeout < 0:
            timeout = options.heartbeat_ivl
        self.heartbeat = Heartbeat(options.heartbeat_ivl / 1000, timeout / 1000)
        self._ttl_ms: int = options.heartbeat_ttl
        self._handshake_s: float = options.handshake_ivl / 1000
        self.timer = LinkTimer(self)
        self._stall = StallTimer(self, options.sndstall_ivl / 1000)

    def start(self) -> None:
        """Send our greeting, and begin to read."""
        if self._handshake_s > 0:
            self.network.set_timer(self.timer, self._handshake_s)
        self.stream.start(self)
        self.schedule()
        if self.connection.state == TRAFFIC:
            self._establish()

    # From the stream.

    def received(self, data: bytes) -> None:
        """Decode what came and deliver the messages."""
        if not self.open:
            return
        self.heard_at = self.network.pass_time
        pipe = self.pipe
        size = len(data)
        pipe.inbound_bytes += size
        pipe.bytes_received += size
        if not self.established:
            self._decode(data, pipe.receive_limit)
            return
        # Straight to the decoder: that is all there is to do for nearly all that comes.
        decoder = self.decoder
        outcome = NOTICED
        limit = pipe.receive_limit
        # Elsewhere than in the fair queue inbound is empty, and to ask for its length costs.
        if pipe.in_fair_queue:
            limit -= len(pipe.inbound)
        try:
            outcome = decoder.decode(data, min(limit, _AHEAD))
        except ProtocolError as error:
            self.connection.fail(error)
        self.missing = decoder.missing
        if decoder.messages.back:
            self.pattern.deliver(pipe, decoder.messages)
        if outcome != STARVED or pipe.inbound_bytes >= pipe.weigh_at:
            self._go_on(outcome)

    def body_buffer(self) -> memoryview:
        """Return room for bytes of a large frame."""
        return self.decoder.body_buffer()

    def body_received(self, count: int) -> None:
        """Go on with a large frame."""
        self.heard_at = self.network.pass_time
        self.pipe.inbound_bytes += count
        self.pipe.bytes_received += count
        self.decoder.body_received(count)
        self._decode(b"", self.pipe.room())

    def closed(self, reason: str, detail: str) -> None:
        """End the link: the stream has ended."""
        self.close(ProtocolError(reason, detail))

    # From the pipe.

    def outbound_ready(self) -> None:
        """See to it that the pipe's messages are written."""
        if not self._scheduled and not self.writing and self.established:
            self._scheduled = True
            self._queue.append(self)

    def inbound_room(self) -> None:
        """Decode what was left, and read again once there is room for more."""
        # What it has said meanwhile was not read: it is not to blame for that.
        self.heard_at = self.network.now()
        pipe = self.pipe
        try:
            self._decode(b"", pipe.take_up(_AHEAD))
            if pipe.paused:
                pipe.check_inbound()
            self._resume()
        except BaseException:
            pipe.take_up(pipe.undecoded)
            self.closed(*INTERRUPTED)
            raise

    def close_peer(self, reason: str) -> None:
        """Close: the pattern does not want the peer."""
        self.close(ProtocolError(reason, "the socket has closed this connection"))

    # Inside.

    def schedule(self) -> None:
        """Ask for a flush of what the connection has to say."""
        self._has_commands = True
        if not self._scheduled and not self.writing:
            self._scheduled = True
            self.network.dirty.append(self)

    def _decode(self, data: bytes, limit: int) -> None:
        """Decode at most ``limit`` messages, whatever the state of the connection."""
        if not self.open:
            return
        connection = self.connection
        outcome = connection.receive(data, limit)
        if not self.established and connection.state == TRAFFIC and not self._establish():
            return
        self._deliver()
        self._go_on(outcome)

    def _deliver(self) -> None:
        decoder = self.decoder
        self.missing = decoder.missing
        if decoder.messages.back:
            self.pattern.deliver(self.pipe, decoder.messages)

    def _go_on(self, outcome: int) -> None:
        """See to commands, errors and full queues."""
        connection = self.connection
        pipe = self.pipe
        if outcome == COMMAND_READY and self.open:
            outcome = connection.obey(pipe.room())
            self._deliver()
        # Not every pattern queues what it is given: there may be room again.
        while outcome == FULL and self.open and not self._puts_off() and pipe.room() > 0:
            outcome = connection.receive(b"", pipe.room())
            self._deliver()
        if not self.open or (connection.noticed and not self._notice()):
            return
        if outcome == FULL or (pipe.inbound_bytes >= pipe.weigh_at and pipe.inbound_full()):
            pipe.stop_inbound()
            self._pause()

    def _puts_off(self) -> bool:
        """Leave what fills the queue undecoded until it is wanted; returns whether it does."""
        pipe = self.pipe
        ahead = len(pipe.inbound)
        low_water = pipe.receive_limit // 2
        if pipe.undecoded and ahead > 0 and ahead + pipe.undecoded > low_water:
            return True
        pipe.take_up(pipe.undecoded)
        missing = pipe.receive_limit - ahead
        # With more ahead than that, reading would go on later than at the low-water mark.
        if _AHEAD <= ahead <= low_water and self.decoder.holds(missing):
            pipe.put_off(missing)
        return pipe.undecoded > 0

    def _notice(self) -> bool:
        """See to what commands and errors have changed; returns whether the link goes on."""
        connection = self.connection
        connection.noticed = False
        if connection.state == CLOSED:
            self._fail()
            return False
        if connection.pongs < PONG_BURST:
            connection.pongs = self.heartbeat.pongs(connection.pongs, self.network.now())
        if connection.output:
            self.schedule()
            if len(connection.output) > _MAX_OUTPUT and self.writing:
                self._pause()
        if connection.peer_ttl_ms:
            self._take_peer_ttl()
        question = connection.mechanism.question
        if question is None or self.inquiry is not None:
            return True
        self._ask(question)
        return False

    def _ask(self, question: Question) -> None:
        """Have the peer judged; until then what it sends is left where it is."""
        verdict = self.owner.ask(self, question)
        if verdict is not None:
            self.judged(verdict)
        elif self.inquiry is not None:
            self._pause()

    def judged(self, verdict: Verdict) -> None:
        """Go on with the handshake, or end it."""
        self.inquiry = None
        if not self.open:
            return
        self.connection.answer(verdict)
        self._decode(b"", self.pipe.room())
        self._resume()

    def _pause(self) -> None:
        if not self._paused:
            self._paused = True
            self.stream.pause_reading()

    def _resume(self) -> None:
        """Read again, unless a full queue, answers that wait, or a question is in the way."""
        if not self._paused or not self.open or self.pipe.paused or self.inquiry is not None:
            return
        if len(self.connection.output) <= _MAX_OUTPUT or not self.writing:
            self._paused = False
            self.stream.resume_reading()

    def _establish(self) -> bool:
        pipe = self.pipe
        pipe.peer_type = self.connection.peer_type
        pipe.properties = dict(self.connection.mechanism.properties)
        host = peer_host(self.stream.peer_address) or "localhost"
        pipe.properties[b"peer-address"] = host.encode()
        refusal = self.owner.established(self)
        if not self.open:
            return False
        if refusal:
            self.close(ProtocolError(refusal, "the socket has refused this peer"))
            return False
        self.established = True
        self.heartbeat.start(self.network.now())
        self.network.cancel_timer(self.timer)
        self._arm()
        if pipe.outbound:
            self.schedule()
        return True

    def _fail(self) -> None:
        error = self.connection.error
        self.close(error if error is not None else ProtocolError("closed", "the connection closed"))

    def close(self, error: ProtocolError) -> None:
        """Close the stream and tell the owner, once."""
        if self.open and self.pipe.undecoded:
            self._decode(b"", self.pipe.take_up(self.pipe.undecoded))
        if self.open:
            self.open = False
            if self.inquiry is not None:
                self.inquiry.cancel()
            self._take_leave(error)
            self.network.cancel_timer(self.timer)
            self._stall.end()
            self.timer.link = None
            self.stream.close()
            self.owner.ended(self, error)

    def _take_leave(self, error: ProtocolError) -> None:
        """Tell the peer why, where the protocol knows how, as far as the system takes it."""
        connection = self.connection
        if connection.state != CLOSED:
            # What was still to be said would let a refused peer believe that it was accepted.
            connection.output = []
            connection.fail(error)
        if connection.output and not self.writing:
            self.stream.write([b"".join(connection.output)])

    def finish(self) -> None:
        """Close as soon as all that waits is written, or can no longer be."""
        self.finishing = True
        idle = not (self.writing or self.pipe.outbound)
        if self.established and (idle or self.stream.broken):
            self.flush()

    # Writing.

    def flush(self) -> None:
        """Write commands first, then messages, until all is away or the system takes no more."""
        if not self.open:
            return
        pipe = self.pipe
        self._scheduled = self.writing = False
        if self._forwarding and not self._has_commands and len(pipe.outbound) == 1:
            chunks = pipe.take_only()
        else:
            chunks = self._gather()
        while chunks:
            pipe.bytes_sent += len(chunks[0]) if len(chunks) == 1 else sum(map(len, chunks))
            if not self.stream.write(chunks):
                self.writing = True
                self._stall.begin()
                break
            if not pipe.outbound:
                break
            chunks = self._gather()
        if pipe.blocked or self._paused or self.finishing:
            self._written()

    def _written(self) -> None:
        """See to what had to wait for room, or for the end."""
        self._resume()
        if not self.established:
            return
        pipe = self.pipe
        if pipe.blocked and pipe.unblocked():
            self.pattern.writable(pipe)
        if self.finishing and (self.stream.broken or not (self.writing or pipe.outbound)):
            self.close(ProtocolError("closed", "the socket has closed this connection"))

    def _gather(self) -> list[bytes]:
        """Return what is to be written next: commands, or messages up to about a chunk."""
        if self._has_commands:
            self._has_commands = False
            chunks = self.connection.output
            self.connection.output = []
            if chunks:
                return [b"".join(chunks)]
        if not self.established or not self.open:
            return []
        if self._forwarding:
            return forward(self.pipe)
        chunks = encode(self.pipe, self.connection)
        if self.connection.state == CLOSED:
            self._fail()
            return []
        return chunks

    # Time.

    def on_timer(self) -> None:
        """The handshake took too long, a PING is due, or the peer has been silent too long."""
        if not self.established:
            self.close(
                ProtocolError("handshake-timeout", "the handshake was not completed in time")
            )
            return
        now = self.network.now()
        self.heartbeat.heard = self.heard_at >= self._looked_at or self._paused
        self._looked_at = now
        todo = self.heartbeat.on_timer(now)
        if todo == DEAD:
            self.close(ProtocolError("heartbeat-timeout", "the peer has been silent for too long"))
            return
        if todo == PING:
            if self.connection.ping(self._ttl_ms):
                self.schedule()
            elif self.connection.state == CLOSED:
                self._fail()
                return
            else:
                self.heartbeat.interval = 0.0
        self._arm()

    def _take_peer_ttl(self) -> None:
        ttl = self.connection.peer_ttl_ms / 1000
        if ttl != self.heartbeat.peer_ttl:
            self.heartbeat.peer_ttl = ttl
            self._arm()

    def _arm(self) -> None:
        due = self.heartbeat.next_deadline()
        if due >= 0:
            self.network.set_timer(self.timer, max(due - self.network.now(), 0.0))
