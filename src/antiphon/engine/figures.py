"""Reads the figures of pipes and links: what a socket says of its peers and of itself (N8)."""

from collections.abc import Iterable

from antiphon.engine.link import Link
from antiphon.engine.peer import Peer, Stats
from antiphon.patterns.pipe import Pipe

__all__ = ("Figures", "Totals", "describe")


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


class Figures:
    """What a socket counts of its connections."""

    def __init__(self) -> None:
        #: Connections that did not come about or were ended by an error, by reason.
        self.failures: dict[str, int] = {}
        self.handshake_failures = 0
        self.reconnects = 0
        # What has passed through pipes that have gone.
        self._gone = Totals()

    def failed(self, reason: str) -> None:
        """Count a connection that did not come about or was ended by an error."""
        self.failures[reason] = self.failures.get(reason, 0) + 1

    def tally(self, pipe: Pipe) -> None:
        """Keep the figures of a pipe that has gone."""
        self._gone.add(pipe)

    def stats(self, drops: dict[str, int], pipes: list[Pipe]) -> Stats:
        """Return a copy of all counters; ``drops`` and ``pipes`` are those that there are now."""
        totals = Totals()
        totals.add(self._gone)
        for pipe in pipes:
            totals.add(pipe)
        return Stats(
            drops=drops.copy(),
            failures=self.failures.copy(),
            messages_received=totals.received,
            messages_sent=totals.sent,
            bytes_received=totals.bytes_received,
            bytes_sent=totals.bytes_sent,
            receive_high_water=totals.inbound_stops,
            send_high_water=totals.outbound_stops,
            reconnects=self.reconnects,
            handshake_failures=self.handshake_failures,
        )


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
        queued_in=pipe.waiting(),
        queued_out=len(pipe.outbound),
        received=pipe.received,
        sent=pipe.sent,
        address="" if link is None else link.stream.peer_address,
        mechanism="" if mechanism is None else mechanism.name.decode("ascii"),
        user_id="" if link is None else _text(pipe.properties.get(b"user-id", b"")),
        last_seen=None if heard_at < 0 else max(now - heard_at, 0.0),
        queued_bytes_in=_payload(pipe.inbound) + _undecoded(pipe, link),
        queued_bytes_out=_payload(pipe.outbound),
        bytes_received=pipe.bytes_received,
        bytes_sent=pipe.bytes_sent,
    )


def _undecoded(pipe: Pipe, link: Link | None) -> int:
    return link.decoder.left() if link is not None and pipe.undecoded else 0


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _payload(messages: Iterable[list[bytes]]) -> int:
    return sum(sum(map(len, message)) for message in messages)
