"""FrameDecoder: the same messages, commands and refusal however the bytes come; bounds are kept."""

from antiphon.wire.framing import FrameDecoder
from fuzz.feeding import MESSAGE, Event, decoded, decoded_in_place, splits

__all__ = ("MAX_COMMAND", "MAX_FRAME", "MAX_FRAMES", "check", "make_decoder")

#: Small, so that short inputs reach what lies beyond them.
MAX_FRAME = 300
MAX_COMMAND = 40
MAX_FRAMES = 6
#: What a frame in arrival takes at least; more only as its bytes come.
_FIRST_BUFFER = 4096


def make_decoder(kind: type[FrameDecoder]) -> FrameDecoder:
    """Return a decoder whose handshake is over."""
    decoder = kind(MAX_FRAME, MAX_COMMAND, MAX_FRAMES)
    decoder.begin_traffic(MAX_COMMAND)
    return decoder


def check(data: bytes) -> None:
    """Feed a decoder in every way."""
    expected = decoded(make_decoder(FrameDecoder), [data], len(data) + 1)
    _check_bounds(expected, len(data))
    for pieces in splits(data):
        assert decoded(make_decoder(FrameDecoder), pieces, 1) == expected
    assert decoded_in_place(make_decoder(FrameDecoder), data) == expected
    _check_unbounded(data)


def _check_bounds(events: list[Event], size: int) -> None:
    assert sum(len(part) for event in events[:-1] for part in event[1]) <= size
    for kind, parts in events:
        if kind == MESSAGE:
            assert 1 <= len(parts) <= MAX_FRAMES
            assert max(map(len, parts)) <= MAX_FRAME
        else:
            assert len(parts[0]) <= MAX_COMMAND


def _check_unbounded(data: bytes) -> None:
    """Where no bound refuses a frame, its announced size must not make room for it."""
    decoder = FrameDecoder(-1, MAX_COMMAND, MAX_FRAMES)
    decoder.begin_traffic(MAX_COMMAND)
    decoded(decoder, [data], len(data) + 1)
    if decoder.missing:
        with decoder.body_buffer() as room:
            assert len(room) <= max(2 * len(data), _FIRST_BUFFER)
