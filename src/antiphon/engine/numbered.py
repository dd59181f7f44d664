"""The peers of a PEER by their numbers: connecting to one, and giving one up."""

from typing import Final

from antiphon.engine.socket import SocketCore
from antiphon.errors import HostUnreachable, OperationNotSupported, OptionError
from antiphon.patterns.router import UNKNOWN_ID
from antiphon.patterns.threadsafe import Peer

__all__ = ("connect_peer", "disconnect_peer")

_ID_SIZE: Final = 4


def connect_peer(core: SocketCore, endpoint: str) -> int:
    """Connect a PEER; returns the number of the peer, to which messages may be sent at once.

    Raises OperationNotSupported for other socket types, OptionError under IMMEDIATE, where a peer
    has no number before it has answered, EndpointError and SocketClosed.
    """
    _peer_pattern(core)
    if core.options.immediate:
        raise OptionError("IMMEDIATE", 1, "connect_peer() needs it to be 0")
    before = dict.fromkeys(core.pipes(), True)
    core.connect(endpoint)
    # Where a PEER connects to itself there are two, and its own is the last.
    made = [pipe for pipe in core.pipes() if pipe not in before]
    return int.from_bytes(made[-1].routing_id, "big")


def disconnect_peer(core: SocketCore, number: int) -> None:
    """Close the connection with a peer, and do not connect again; what waits for it is dropped.

    Raises OperationNotSupported where the type is not PEER, HostUnreachable for a number that no
    peer has.
    """
    routing_id = number.to_bytes(_ID_SIZE, "big") if 0 < number < 2**32 else b""
    pipe = _peer_pattern(core).peers.get(routing_id)
    if pipe is None:
        raise HostUnreachable(routing_id, UNKNOWN_ID)
    core.give_up(pipe)


def _peer_pattern(core: SocketCore) -> Peer:
    pattern = core.pattern
    if not isinstance(pattern, Peer):
        name = core.type_name.decode("ascii")
        raise OperationNotSupported(f"a {name} socket does not number its peers: a PEER does")
    return pattern
