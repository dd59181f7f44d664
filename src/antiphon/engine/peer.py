"""What a socket knows of its peers and of itself, for people and programs (N8)."""

from typing import NamedTuple

__all__ = ("Peer", "Stats", "address_without_port")


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


class Stats(NamedTuple):
    """Counters of a socket since it was made."""

    #: Messages dropped, by reason.
    drops: dict[str, int]
    #: Connections that ended by an error, by reason.
    failures: dict[str, int]


def address_without_port(address: str) -> bytes:
    """Return what libzmq calls the Peer-Address: the host of ``tcp://host:port``."""
    host, colon, _port = address.partition("://")[2].rpartition(":")
    return host.strip("[]").encode() if colon else b"localhost"
