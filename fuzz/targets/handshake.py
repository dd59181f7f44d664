"""A whole connection: greeting, NULL handshake, commands and messages, in both roles.

The first byte says which socket type is ours and whether it has accepted the connection.
"""

from antiphon.wire.connection import Connection
from antiphon.wire.mechanism import Local, NullMechanism
from fuzz.feeding import splits
from fuzz.stories import MAX_FRAME, MAX_FRAMES, WELCOME, tell

__all__ = ("check",)

_TYPES = (b"DEALER", b"ROUTER", b"REQ", b"REP", b"PUB", b"SUB", b"XPUB", b"XSUB", b"PUSH", b"PULL")
#: Our greeting, READY and ERROR.
_MOST = 64 + 64 + 264


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
    mechanism = NullMechanism(Local(socket_type, b"me", binder, []))
    connection = Connection(mechanism, MAX_FRAME, MAX_FRAMES)
    return tell(connection, pieces, WELCOME, _MOST)
