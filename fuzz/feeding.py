"""The same bytes in different pieces: a parser must not care how they come."""

from collections.abc import Iterator

from antiphon.errors import ProtocolError
from antiphon.wire.framing import COMMAND_READY, STARVED, FrameDecoder

__all__ = ("MESSAGE", "Event", "decoded", "decoded_in_place", "splits")

#: What a decoder brings forth: a message with its frames or chunks, a command with its body, or
#: the reason for refusing what follows.
Event = tuple[str, list[bytes]]
MESSAGE = "message"
_COMMAND = "command"
_REFUSED = "refused"


def splits(data: bytes) -> Iterator[list[bytes]]:
    """Yield ways to feed ``data``: whole, byte by byte, in pieces whose sizes it says itself."""
    yield [data]
    yield [data[i : i + 1] for i in range(len(data))]
    pieces = []
    position = 0
    while position < len(data):
        size = 1 + data[position] % 23
        pieces.append(data[position : position + size])
        position += size
    yield pieces


def decoded(decoder: FrameDecoder, pieces: list[bytes], limit: int) -> list[Event]:
    """Return what comes out of a decoder that stops whenever ``limit`` messages wait."""
    events: list[Event] = []
    try:
        for piece in pieces:
            _decode(decoder, piece, limit, events)
    except ProtocolError as error:
        _take_messages(decoder, events)
        events.append((_REFUSED, [error.reason.encode()]))
    return events


def decoded_in_place(decoder: FrameDecoder, data: bytes) -> list[Event]:
    """Return what comes out when a frame in arrival is received straight into its buffer."""
    events: list[Event] = []
    position = 0
    try:
        while position < len(data):
            piece = data[position : position + 1]
            count = len(piece)
            if decoder.missing:
                with decoder.body_buffer() as room:
                    count = min(len(room), len(data) - position)
                    room[:count] = data[position : position + count]
                decoder.body_received(count)
                piece = b""
            position += count
            _decode(decoder, piece, len(data), events)
    except ProtocolError as error:
        _take_messages(decoder, events)
        events.append((_REFUSED, [error.reason.encode()]))
    return events


def _decode(decoder: FrameDecoder, piece: bytes, limit: int, events: list[Event]) -> None:
    outcome = decoder.decode(piece, limit)
    while outcome != STARVED:
        _take_messages(decoder, events)
        if outcome == COMMAND_READY:
            events.append((_COMMAND, [decoder.command]))
        outcome = decoder.decode(b"", limit)
    _take_messages(decoder, events)


def _take_messages(decoder: FrameDecoder, events: list[Event]) -> None:
    events += [(MESSAGE, message) for message in decoder.messages]
    decoder.messages.clear()
