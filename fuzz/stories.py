"""All that can be seen of a connection that is fed some bytes."""

from antiphon.errors import ProtocolError
from antiphon.wire.connection import CLOSED, NOTICED, TRAFFIC, Connection
from antiphon.wire.framing import FULL
from antiphon.wire.mechanism import Verdict

__all__ = ("MAX_FRAME", "MAX_FRAMES", "WELCOME", "refusal", "tell", "told")

#: Small, so that short inputs reach what lies beyond them.
MAX_FRAME = 300
MAX_FRAMES = 6
WELCOME = Verdict(None, b"", {})
_LIMIT = 2


def refusal() -> Verdict:
    """Return what a handler says of somebody who is not welcome."""
    return Verdict(ProtocolError("zap-400", "not welcome"), b"", {})


def tell(connection: Connection, pieces: list[bytes], verdict: Verdict, most: int) -> list[object]:
    """Return what comes of the pieces: state, reason, answers, messages.

    A stranger, which has not completed the handshake, must not get more than ``most`` bytes said.
    """
    messages: list[list[bytes]] = []
    for piece in pieces:
        messages += told(connection, piece, verdict)
    _check(connection, messages, most)
    return [
        connection.state,
        connection.error.reason if connection.error is not None else "",
        b"".join(connection.output),
        connection.peer_version,
        connection.peer_ttl_ms,
        connection.mechanism.properties,
        messages,
    ]


def told(connection: Connection, piece: bytes, verdict: Verdict) -> list[list[bytes]]:
    """Return the messages that a piece brings; the handler's verdict comes at once."""
    messages: list[list[bytes]] = []
    outcome = connection.receive(piece, _LIMIT)
    while True:
        messages += connection.decoder.messages
        connection.decoder.messages.clear()
        asked = connection.mechanism.question is not None and connection.state != CLOSED
        if asked:
            connection.answer(verdict)
        elif outcome != FULL:
            return messages
        outcome = connection.receive(b"", _LIMIT)


def _check(connection: Connection, messages: list[list[bytes]], most: int) -> None:
    assert (connection.state == CLOSED) == (connection.error is not None)
    for message in messages:
        assert 1 <= len(message) <= MAX_FRAMES
        assert max(map(len, message)) <= MAX_FRAME + 1  # a subscription is one octet longer
    if not connection.mechanism.complete:
        assert connection.state != TRAFFIC
        assert not messages, "a message came before the handshake was over"
        assert sum(map(len, connection.output)) <= most
    if connection.state == CLOSED:
        assert connection.receive(b"more", _LIMIT) == NOTICED
        assert not connection.decoder.messages, "a closed connection still takes messages"
