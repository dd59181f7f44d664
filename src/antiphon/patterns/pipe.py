"""A double queue per peer, bounded in messages and in bytes (RFC 28: "double queue")."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from antiphon.constants import SocketType
from antiphon.native import mypyc_attr
from antiphon.options import SocketOptions
from antiphon.queue import MessageQueue

__all__ = ("LastValuePipe", "Pipe", "PipeEnd", "make_pipe", "message_size")

#: What a frame costs besides its bytes: a list slot and an object's header.
_FRAME_COST: Final = 64
#: No bound; what is larger would not fit into the machine's word of compiled code.
_UNBOUNDED: Final = 2**62 - 1
#: The socket types whose CONFLATE keeps only the last message to a peer, and from it.
_CONFLATES_OUTBOUND: Final = (SocketType.PUB, SocketType.DEALER, SocketType.PUSH)
_CONFLATES_INBOUND: Final = (SocketType.SUB, SocketType.DEALER, SocketType.PULL)
#: How many messages about the peer a full queue takes, such as those of ROUTER_NOTIFY.
_MAX_NOTICES: Final = 16
#: A queue is weighed again when this part of its bound has come in since it last was.
_WEIGH_EVERY: Final = 16


def message_size(parts: list[bytes]) -> int:
    """Return what a message weighs in a queue, in bytes, counting what each frame costs."""
    if len(parts) == 1:
        return len(parts[0]) + _FRAME_COST
    total = 0
    for part in parts:
        total += len(part) + _FRAME_COST
    return total


def _weigh(messages: Iterable[list[bytes]]) -> int:
    # The oldest message is left out: it is let in whatever its size.
    return sum(message_size(parts) for parts in islice(messages, 1, None))


@mypyc_attr(allow_interpreted_subclasses=True)
class PipeEnd:
    """What a pipe tells its far end: the connection to the peer."""

    def outbound_ready(self) -> None:
        """The first message waits in a queue that was empty."""

    def inbound_room(self) -> None:
        """There is room again in an inbound queue that had been full."""

    def close_peer(self, reason: str) -> None:
        """The pattern does not want this peer any longer."""

    def finish(self) -> None:
        """The pattern wants the connection closed once what waits for the peer is away."""


class Pipe:
    """The messages from one peer (inbound) and to it (outbound).

    A queue that has reached its bound counts as full until it has shrunk to its low-water mark,
    half of the bound, so that a slow peer does not make the two sides wake each other for every
    message. What a queue weighs in bytes is bounded, too; as looking at each frame costs, it is
    weighed only when enough has come in for that to matter.
    """

    def __init__(self, options: SocketOptions) -> None:
        #: The routing id under which a ROUTER knows the peer.
        self.routing_id = b""
        #: The peer's address for people.
        self.endpoint = ""
        #: What the peer calls its socket type; empty before the handshake.
        self.peer_type = b""
        #: What is known of the peer from the handshake on, by names in lower case: what it said
        #: of itself, and its Peer-Address.
        self.properties: dict[bytes, bytes] = {}
        self.end = PipeEnd()
        #: True while a pattern knows the pipe.
        self.attached = False
        #: True once nothing more is to be sent to the peer; what it has sent may still be taken.
        self.retired = False
        self.inbound = MessageQueue()
        #: How many more messages have come, which the far end decodes when inbound is empty.
        self.undecoded = 0
        #: A list, as the far end takes many at once.
        self.outbound: list[list[bytes]] = []
        #: What inbound weighed when that was last looked at, and the bytes that came in since.
        self.inbound_bytes = 0
        #: When to look again.
        self.weigh_at = 0
        #: What outbound weighs at most.
        self.outbound_bytes = 0
        #: Messages that have passed in each direction, and bytes as they were on the wire.
        self.received = 0
        self.sent = 0
        self.bytes_received = 0
        self.bytes_sent = 0
        #: How often each queue has reached its bound.
        self.inbound_stops = 0
        self.outbound_stops = 0
        #: True while the far end has stopped reading because inbound is full.
        self.paused = False
        #: True between outbound becoming full and reaching its low-water mark.
        self.blocked = False
        # True while a queue is full by its bytes: then they are kept exact.
        self._inbound_heavy = False
        self._outbound_heavy = False
        #: Whether the fair queue or the load balancer hold this pipe. Whoever puts something into
        #: inbound puts the pipe into the fair queue: the far end counts on it.
        self.in_fair_queue = False
        self.in_balancer = False
        self.set_limits(options)

    def set_limits(self, options: SocketOptions) -> None:
        """Take the bounds of both queues from SNDHWM, RCVHWM and their siblings in bytes."""
        self.send_limit: int = options.sndhwm or _UNBOUNDED
        self.receive_limit: int = options.rcvhwm or _UNBOUNDED
        self.send_limit_bytes: int = options.sndhwm_bytes
        self.receive_limit_bytes: int = options.rcvhwm_bytes
        self.weigh_at = max(self.receive_limit_bytes // _WEIGH_EVERY, 1)

    # Outbound.

    def push(self, parts: list[bytes], size: int = 0) -> None:
        """Queue a message for the peer; the caller has looked at ``blocked``.

        Who sends it to many may say what it weighs.
        """
        outbound = self.outbound
        outbound.append(parts)
        count = len(outbound)
        if count >= self.send_limit:
            self._block()
        if count == 1:
            self.end.outbound_ready()
            return
        self.outbound_bytes += size or message_size(parts)
        if self.outbound_bytes >= self.send_limit_bytes:
            self.outbound_bytes = _weigh(outbound)
            if self.outbound_bytes >= self.send_limit_bytes:
                self._outbound_heavy = True
                self._block()

    def _block(self) -> None:
        if not self.blocked:
            self.blocked = True
            self.outbound_stops += 1

    def take_only(self) -> list[bytes]:
        """Remove the only message for the peer."""
        self.sent += 1
        self.outbound_bytes = 0
        return self.outbound.pop()

    def outbound_taken(self, count: int) -> None:
        """Remove the oldest messages for the peer: the far end has them."""
        outbound = self.outbound
        self.sent += count
        if count == len(outbound):
            outbound.clear()
            self.outbound_bytes = 0
            return
        del outbound[:count]
        if self._outbound_heavy:
            self.outbound_bytes = _weigh(outbound)

    def replace_outbound(self, messages: list[list[bytes]]) -> None:
        """Let other messages wait for the peer in place of those that do."""
        self.outbound.clear()
        self.outbound_bytes = 0
        self.blocked = self._outbound_heavy = False
        for parts in messages:
            self.push(parts)

    def unblocked(self) -> bool:
        """Tell, once, that a full outbound queue has reached its low-water mark."""
        if not self.blocked or len(self.outbound) > self.send_limit // 2:
            return False
        if self._outbound_heavy and self.outbound_bytes > self.send_limit_bytes // 2:
            return False
        self.blocked = self._outbound_heavy = False
        return True

    # Inbound.

    def room(self) -> int:
        """Return how many more messages may come in; 0 when the queue is full."""
        if self.inbound_full():
            return 0
        return max(self.receive_limit - len(self.inbound), 0)

    def inbound_full(self) -> bool:
        """Tell whether inbound has reached its bound in bytes."""
        if self._inbound_heavy:
            return True
        if self.inbound_bytes < self.weigh_at:
            return False
        limit = self.receive_limit_bytes
        self.inbound_bytes = _weigh(self.inbound)
        self.weigh_at = min(self.inbound_bytes + max(limit // _WEIGH_EVERY, 1), limit)
        self._inbound_heavy = self.inbound_bytes >= limit
        return self._inbound_heavy

    def stop_inbound(self) -> None:
        """Take note that the far end has stopped reading, as inbound is full."""
        if not self.paused:
            self.paused = True
            self.inbound_stops += 1

    def waiting(self) -> int:
        """Return how many messages from the peer wait, decoded or not."""
        return len(self.inbound) + self.undecoded

    def put_off(self, count: int) -> None:
        """Take note that messages have come which the far end decodes later."""
        self.undecoded += count
        self.received += count

    def take_up(self, most: int) -> int:
        """Return how many of those it decodes now: ``most``, or what is left."""
        count = min(most, self.undecoded)
        self.undecoded -= count
        self.received -= count
        return count

    def put_inbound(self, messages: MessageQueue) -> None:
        """Take over messages from the peer."""
        self.received += len(messages)
        self.inbound.move(messages)

    def put_notice(self, parts: list[bytes]) -> bool:
        """Add a message of our own about the peer; also to a full queue, but not without end."""
        if len(self.inbound) >= self.receive_limit + _MAX_NOTICES:
            return False
        self.inbound.put(parts)
        return True

    def take_inbound(self) -> list[bytes]:
        """Remove the oldest message from the peer; reading goes on at the low-water mark."""
        inbound = self.inbound
        parts = inbound.take()
        if self._inbound_heavy and inbound:
            self.inbound_bytes -= message_size(inbound.oldest())
        if self.paused:
            self.check_inbound()
        return parts

    def check_inbound(self) -> None:
        """Let the far end read again if inbound had been full and is at its low-water mark."""
        if self.undecoded:
            if len(self.inbound) == 0:
                self.end.inbound_room()
            return
        if not self.paused or len(self.inbound) > self.receive_limit // 2:
            return
        heavy = self._inbound_heavy and self.inbound_bytes > self.receive_limit_bytes // 2
        if heavy and self.inbound:
            return
        self.paused = self._inbound_heavy = False
        self.end.inbound_room()

    def disconnected(self) -> None:
        """Take note that there is no far end any longer; the queues stay as they are."""
        self.end = PipeEnd()
        self.paused = self._inbound_heavy = False
        self.weigh_at = 0
        self.take_up(self.undecoded)

    def clear(self) -> None:
        """Empty both queues."""
        self.inbound.clear()
        self.outbound.clear()
        # Nobody will know what they were.
        self.take_up(self.undecoded)
        self.inbound_bytes = self.outbound_bytes = 0
        self.blocked = self._inbound_heavy = self._outbound_heavy = False


class LastValuePipe(Pipe):
    """A pipe of a socket with CONFLATE: of the messages that wait, each one replaces the others.

    It never counts as full in a direction in which it does that.
    """

    def __init__(self, options: SocketOptions) -> None:
        self._outbound = options.socket_type in _CONFLATES_OUTBOUND
        self._inbound = options.socket_type in _CONFLATES_INBOUND
        super().__init__(options)

    def set_limits(self, options: SocketOptions) -> None:
        """Take the bounds of the queues that hold more than a message."""
        super().set_limits(options)
        if self._outbound:
            self.send_limit = _UNBOUNDED
        if self._inbound:
            self.receive_limit = _UNBOUNDED

    def push(self, parts: list[bytes], size: int = 0) -> None:
        """Queue a message for the peer in place of the one that waits."""
        if self._outbound and self.outbound:
            self.outbound[0] = parts
        else:
            super().push(parts, size)

    def put_inbound(self, messages: MessageQueue) -> None:
        """Keep the last message from the peer."""
        if self._inbound and messages:
            self.inbound.clear()
            while len(messages) > 1:
                messages.take()
                self.received += 1
        super().put_inbound(messages)


def make_pipe(options: SocketOptions) -> Pipe:
    """Return a pipe of the kind that the options ask for."""
    return LastValuePipe(options) if options.conflate else Pipe(options)
