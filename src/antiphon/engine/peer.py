"""What a socket knows of its peers and of itself, for people and programs (N8)."""

from typing import NamedTuple

__all__ = ("Peer", "Stats", "peer_host")


class Peer(NamedTuple):
    """One connection of a socket."""

    #: The address the peer has, or the endpoint that we connect to.
    endpoint: str
    #: The routing id; what the peer announced, or what a ROUTER gave it.
    routing_id: bytes
    #: The peer's socket type, empty while not connected.
    socket_type: str
    #: Whether the handshake is complete.
    connected: bool
    #: Messages that wait, and messages that have passed, in each direction.
    queued_in: int
    queued_out: int
    received: int
    sent: int
    #: The peer's address, empty while there is no connection.
    address: str = ""
    #: The security mechanism, such as "NULL"; empty while there is no connection, and for inproc.
    mechanism: str = ""
    #: Who the mechanism says that the peer is; empty where it says nothing.
    user_id: str = ""
    #: How many seconds ago bytes last came from the peer, or None while there is no connection,
    #: and for inproc. It is noted once for all that is read together, so that it may be late by
    #: as long as that takes to be dealt with.
    last_seen: float | None = None
    #: The size of the messages that wait, in bytes, counting what is in their frames; those that
    #: are not decoded yet count as they were read.
    queued_bytes_in: int = 0
    queued_bytes_out: int = 0
    #: Bytes that were read and written, with greeting, commands and framing; none for inproc.
    bytes_received: int = 0
    bytes_sent: int = 0


class Stats(NamedTuple):
    """Counters of a socket since it was made."""

    #: Messages dropped, by reason.
    drops: dict[str, int]
    #: Connections that ended by an error or did not come about, by reason.
    failures: dict[str, int]
    #: Messages that have passed, with all peers that there are and that have gone.
    messages_received: int = 0
    messages_sent: int = 0
    #: Bytes that were read and written, with greeting, commands and framing; none for inproc.
    bytes_received: int = 0
    bytes_sent: int = 0
    #: How often a peer's queue has reached RCVHWM, SNDHWM or their siblings in bytes.
    receive_high_water: int = 0
    send_high_water: int = 0
    #: Connections that were made again after a loss.
    reconnects: int = 0
    #: Connections that ended before their handshake was complete, by an error or by the peer.
    handshake_failures: int = 0


def peer_host(address: str) -> str:
    """Return the host in a peer's address such as ``tcp://[::1]:5555``; empty for one of ipc."""
    scheme, _, rest = address.partition("://")
    if scheme == "ipc":
        return ""
    host, colon, _ = rest.rpartition(":")
    return (host if colon else rest).strip("[]")
