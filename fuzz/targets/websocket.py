"""A WebSocket server: the upgrade, frames as they come, and frames that are well-formed.

The first byte says which of the three the rest is.
"""

from antiphon.wire.mechanism import Local, NullMechanism
from antiphon.wire.websocket import WebSocketConnection
from fuzz.feeding import splits
from fuzz.stories import MAX_FRAME, MAX_FRAMES, WELCOME, tell

__all__ = ("check",)

_REQUEST = (
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"Sec-WebSocket-Protocol: %s\r\n\r\n"
)
#: An HTTP answer, our READY, a close frame.
_MOST = 512
_NO_MASK = bytes(4)


def check(data: bytes) -> None:
    """Feed a connection in every way."""
    if not data:
        return
    opening, stream = [], data[1:]
    if data[0] % 3:
        opening = [_REQUEST % (b"ZWS2.0/NULL" if data[0] & 0x80 else b"ZWS2.0")]
    if data[0] % 3 == 2:
        stream = _frames(stream)
    expected = _story([*opening, stream])
    for pieces in splits(stream):
        assert _story([*opening, *pieces]) == expected


def _frames(data: bytes) -> bytes:
    """Return frames whose first octet, size and body are given, in a mask of zeros."""
    frames: list[bytes] = []
    position = 0
    while position + 1 < len(data):
        first, size = data[position], min(data[position + 1], 125)
        body = data[position + 2 : position + 2 + size]
        frames += [bytes([first, 0x80 | len(body)]), _NO_MASK, body]
        position += 2 + size
    return b"".join(frames)


def _story(pieces: list[bytes]) -> list[object]:
    mechanism = NullMechanism(Local(b"ROUTER", b"", True, []))
    connection = WebSocketConnection(mechanism, MAX_FRAME, MAX_FRAMES, False, "", "")
    told = tell(connection, pieces, WELCOME, _MOST)
    # Of a text, wsproto sees first that it is one or that it is none, as the pieces come.
    return [told[0], *told[3:]]
