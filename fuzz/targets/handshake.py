"""A whole connection: greeting, NULL handshake, commands and messages, in both roles.

The first byte says which socket type is ours and whether it has accepted the connection.
"""

from antiphon.wire.connection import CLOSED, HANDSHAKE, NOTICED, TRAFFIC, Connection
from antiphon.wire.framing import FULL
from antiphon.wire.mechanism import Local, NullMechanism
from fuzz.feeding import splits

__all__ = ("check",)

_TYPES = (b"DEALER", b"ROUTER", b"REQ", b"REP", b"PUB", b"SUB", b"XPUB", b"XSUB", b"PUSH", b"PULL")
_MAX_FRAME = 300
_MAX_FRAMES = 6
#: Our greeting, READY and ERROR are never longer together: what a stranger can make us say.
_MAX_TOLD = 64 + 64 + 264


def check(data: bytes) -> None:
    """Feed a connection in every way."""
    if not data:
        return
    socket_type = _TYPES[(data[0] & 0x7F) % len(_TYPES)]
    binder = bool(data[0] & 0x80)
    expected = _story(socket_type, binder, [data[1:]])
    for pieces in splits(data[1:]):
        assert _story(socket_type, binder, pieces) == expected


def _story(socket_type: bytes, binder: bool, pieces: list[bytes]) -> list[object]:
    """Return all that an application and the peer can see of the connection."""
    mechanism = NullMechanism(Local(socket_type, b"me", binder, []))
    connection = Connection(mechanism, _MAX_FRAME, _MAX_FRAMES)
    messages: list[list[bytes]] = []
    for piece in pieces:
        outcome = connection.receive(piece, 2)
        messages += _taken(connection)
        while outcome == FULL:
            outcome = connection.receive(b"", 2)
            messages += _taken(connection)
    _check_state(connection, messages)
    return [
        connection.state,
        connection.error.reason if connection.error is not None else "",
        b"".join(connection.output),
        connection.peer_version,
        connection.peer_ttl_ms,
        connection.mechanism.properties,
        messages,
    ]


def _taken(connection: Connection) -> list[list[bytes]]:
    messages = connection.decoder.messages.copy()
    connection.decoder.messages.clear()
    return messages


def _check_state(connection: Connection, messages: list[list[bytes]]) -> None:
    assert (connection.state == CLOSED) == (connection.error is not None)
    if not connection.mechanism.complete:
        assert connection.state != TRAFFIC
        assert not messages, "a message came before the handshake was over"
        assert sum(map(len, connection.output)) <= _MAX_TOLD
        assert connection.state != HANDSHAKE or connection.peer_version[0] >= 3
    if connection.state == CLOSED:
        assert connection.receive(b"more", 2) == NOTICED
        assert not connection.decoder.messages, "a closed connection still takes messages"
