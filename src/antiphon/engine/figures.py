"""Reads the figures of pipes and links: what a socket says of its peers and of itself (N8)."""

from antiphon.engine.link import Link
from antiphon.engine.peer import Peer
from antiphon.patterns.pipe import Pipe

__all__ = ("Totals", "describe")


class Totals:
    """Sums over pipes."""

    def __init__(self) -> None:
        self.received = 0
        self.sent = 0
        self.bytes_received = 0
        self.bytes_sent = 0
        self.inbound_stops = 0
        self.outbound_stops = 0

    def add(self, other: "Pipe | Totals") -> None:
        """Add the figures of a pipe, or of other pipes."""
        self.received += other.received
        self.sent += other.sent
        self.bytes_received += other.bytes_received
        self.bytes_sent += other.bytes_sent
        self.inbound_stops += other.inbound_stops
        self.outbound_stops += other.outbound_stops


def describe(pipe: Pipe, now: float) -> Peer:
    """Return what is known of the peer of a pipe; ``now`` is on the network's clock."""
    end = pipe.end
    link = end if isinstance(end, Link) else None
    mechanism = None if link is None else link.connection.mechanism
    heard_at = -1.0 if link is None else link.heard_at
    return Peer(
        endpoint=pipe.endpoint,
        routing_id=pipe.routing_id,
        socket_type=pipe.peer_type.decode("ascii", "replace"),
        connected=bool(pipe.peer_type),
        queued_in=len(pipe.inbound),
        queued_out=len(pipe.outbound),
        received=pipe.received,
        sent=pipe.sent,
        address="" if link is None else link.stream.peer_address,
        mechanism="" if mechanism is None else mechanism.name.decode("ascii"),
        user_id="" if link is None else _text(pipe.properties.get(b"user-id", b"")),
        last_seen=None if heard_at < 0 else max(now - heard_at, 0.0),
        queued_bytes_in=_payload(list(pipe.inbound)),
        queued_bytes_out=_payload(pipe.outbound),
        bytes_received=pipe.bytes_received,
        bytes_sent=pipe.bytes_sent,
    )


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _payload(messages: list[list[bytes]]) -> int:
    return sum(sum(map(len, message)) for message in messages)
