"""WireDecoder beside FrameDecoder: the same messages in another form, or the same refusal."""

from antiphon.wire.forwarding import WireDecoder
from antiphon.wire.framing import FrameDecoder, decode_message
from fuzz.feeding import MESSAGE, Event, decoded, decoded_in_place, splits
from fuzz.targets.frames import make_decoder

__all__ = ("check",)


def check(data: bytes) -> None:
    """Feed both decoders."""
    expected = decoded(make_decoder(FrameDecoder), [data], len(data) + 1)
    _compare(decoded(make_decoder(WireDecoder), [data], len(data) + 1), expected, data)
    for pieces in splits(data):
        _compare(decoded(make_decoder(WireDecoder), pieces, 1), expected, data)
    _compare(decoded_in_place(make_decoder(WireDecoder), data), expected, data)


def _compare(events: list[Event], expected: list[Event], data: bytes) -> None:
    position = 0
    taken_apart: list[Event] = []
    for kind, chunks in events:
        if kind != MESSAGE:
            taken_apart.append((kind, chunks))
            continue
        for chunk in chunks:
            position = data.find(chunk, position)
            assert position >= 0, "a message is not what came"
            position += len(chunk)
        taken_apart.append((kind, decode_message(chunks)))
    assert taken_apart == expected
