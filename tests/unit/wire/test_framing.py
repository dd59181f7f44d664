"""Framing: fed whole, byte by byte or in any pieces, the same messages come out."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import ProtocolError
from antiphon.wire.framing import (
    COMMAND_READY,
    FULL,
    STARVED,
    FrameDecoder,
    encode_command,
    encode_message,
)

Message = list[bytes]
SIZES = st.sampled_from([0, 1, 2, 16, 254, 255, 256, 1000, 65535, 65536, 70_000])
MESSAGES = st.lists(st.lists(SIZES.map(bytes), min_size=1, max_size=6), max_size=6)
UNLIMITED = 10**9


def decoder(max_frame: int = -1, max_frames: int = 1024) -> FrameDecoder:
    """Return a decoder whose handshake is over."""
    decoder = FrameDecoder(max_frame, 100, max_frames)
    decoder.begin_traffic(100)
    return decoder


def wire(*messages: Message) -> bytes:
    chunks: list[bytes] = []
    sizes = [encode_message(message, chunks) for message in messages]
    data = b"".join(chunks)
    assert sum(sizes) == len(data)
    return data


def feed(decoder: FrameDecoder, pieces: list[bytes]) -> tuple[list[Message], list[bytes]]:
    """Feed pieces; return the messages and the commands that came out."""
    messages: list[Message] = []
    commands: list[bytes] = []
    for piece in pieces:
        outcome = decoder.decode(piece, UNLIMITED)
        while outcome == COMMAND_READY:
            commands.append(decoder.command)
            outcome = decoder.decode(b"", UNLIMITED)
        assert outcome == STARVED
        messages += decoder.messages
        decoder.messages.clear()
    return messages, commands


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


def test_short_and_long_frames_literally() -> None:
    """Z8, Z10."""
    assert wire([b"", b"Hello"]) == b"\x01\x00\x00\x05Hello"
    assert wire([bytes(256)]) == b"\x02\x00\x00\x00\x00\x00\x00\x01\x00" + bytes(256)
    assert wire([bytes(255), b"x"])[:2] == b"\x01\xff"
    assert wire([bytes(256), b"x"])[:1] == b"\x03"
    assert encode_command(b"\x04PING\x00\x00") == b"\x04\x07\x04PING\x00\x00"
    assert encode_command(bytes(300))[:9] == b"\x06\x00\x00\x00\x00\x00\x00\x01\x2c"


@given(MESSAGES)
def test_whole(messages: list[Message]) -> None:
    assert feed(decoder(), [wire(*messages)]) == (messages, [])


@given(st.lists(st.lists(st.binary(max_size=300), min_size=1, max_size=5), max_size=4))
def test_byte_by_byte(messages: list[Message]) -> None:
    data = wire(*messages)
    pieces = [data[i : i + 1] for i in range(len(data))]
    assert feed(decoder(), pieces) == (messages, [])


@given(MESSAGES, st.lists(st.integers(0, 2**31), max_size=12))
def test_in_any_pieces(messages: list[Message], cuts: list[int]) -> None:
    assert feed(decoder(), split(wire(*messages), cuts)) == (messages, [])


@given(MESSAGES, st.lists(st.integers(0, 2**31), max_size=12), st.integers(0, 6))
def test_commands_come_between_messages(
    messages: list[Message], cuts: list[int], place: int
) -> None:
    place = min(place, len(messages))
    command = b"\x04PING\x00\x00"
    data = wire(*messages[:place]) + encode_command(command) + wire(*messages[place:])
    assert feed(decoder(), split(data, cuts)) == (messages, [command])


@given(MESSAGES, st.lists(st.sampled_from([1, 2, 254, 255]).map(bytes), max_size=3))
def test_what_a_limit_holds_back_is_counted_up_to_the_first_long_frame(
    messages: list[Message], tail: Message
) -> None:
    subject = decoder()
    data = wire([b"first"], *messages) + (wire([*tail, b"end"])[:-1] if tail else b"")
    assert subject.decode(data, 1) == FULL
    assert list(subject.messages) == [[b"first"]]
    left = itertools.takewhile(lambda parts: max(map(len, parts)) < 256, messages)
    count = sum(1 for _ in left)
    assert subject.left() == len(data) - 7
    assert all(subject.holds(fewer) for fewer in range(count + 1))
    assert not subject.holds(count + 1)


@given(MESSAGES, st.integers(1, 3), st.lists(st.integers(0, 2**31), max_size=5))
def test_a_limit_holds_back_and_loses_nothing(
    messages: list[Message], limit: int, cuts: list[int]
) -> None:
    subject = decoder()
    found: list[Message] = []
    for piece in split(wire(*messages), cuts):
        outcome = subject.decode(piece, limit)
        while outcome == FULL:
            assert len(subject.messages) == limit
            found += subject.messages
            subject.messages.clear()
            outcome = subject.decode(b"", limit)
        found += subject.messages
        subject.messages.clear()
    assert found == messages


def test_a_large_frame_is_received_straight_into_its_buffer() -> None:
    subject, body = decoder(), bytes(range(256)) * 1000
    data = wire([body, b"tail"])
    assert subject.decode(data[:100], UNLIMITED) == STARVED
    position = 100
    while subject.missing:
        with subject.body_buffer() as room:
            count = min(len(room), 50_000)
            room[:count] = data[position : position + count]
        subject.body_received(count)
        position += count
    assert subject.decode(b"", UNLIMITED) == STARVED
    assert subject.decode(data[position:], UNLIMITED) == STARVED
    assert list(subject.messages) == [[body, b"tail"]]


def test_an_announced_size_alone_allocates_next_to_nothing() -> None:
    subject = decoder()
    subject.decode(b"\x02" + (2**62).to_bytes(8, "big"), UNLIMITED)
    assert subject.missing == 2**62
    with subject.body_buffer() as room:
        assert len(room) <= 4096


def room_for(subject: FrameDecoder, size: int) -> int:
    subject.decode(b"\x02" + size.to_bytes(8, "big"), UNLIMITED)
    with subject.body_buffer() as room:
        return len(room)


def receive_body(subject: FrameDecoder, size: int) -> None:
    room_for(subject, size)
    while subject.missing:
        with subject.body_buffer() as room:
            count = len(room)
        subject.body_received(count)
    assert subject.decode(b"", UNLIMITED) == STARVED
    assert [len(part) for part in subject.messages.take()] == [size]


def test_who_has_sent_a_large_frame_gets_room_for_another_at_once() -> None:
    subject = decoder()
    receive_body(subject, 2**20)
    receive_body(subject, 10)
    assert room_for(subject, 2**20) == 2**20


def test_the_size_of_an_earlier_frame_is_good_for_no_more_than_4_mib() -> None:
    subject = decoder()
    receive_body(subject, 2**24)
    assert room_for(subject, 2**40) == 2**22


@pytest.mark.parametrize("extra", [0, 1, 2**16, 2**17, 2**19])
def test_room_grows_with_what_has_come(extra: int) -> None:
    subject, size = decoder(), 2**20 + extra
    receive_body(subject, 2**16)
    assert room_for(subject, size) == 2**16
    came = count = 0
    while subject.missing:
        with subject.body_buffer() as room:
            count = len(room)
        assert count <= (came or 2**16) * 4 // 3
        subject.body_received(count)
        came += count
    # BytesIO takes much more than it needs for a last step that is a small one.
    assert count > size // 8


def test_what_will_never_be_whole_is_forgotten() -> None:
    subject = decoder()
    for started in (b"\x01", b"\x01\x03one\x00", b"\x01\x03one\x02" + (2**20).to_bytes(8, "big")):
        subject.decode(wire([b"whole"]) + started, UNLIMITED)
        subject.clear()
        assert subject.missing == 0
        assert list(subject.messages) == [[b"whole"]]
        subject.messages.clear()
    assert feed(subject, [wire([b"new"])]) == ([[b"new"]], [])


BAD = [
    ("reserved-flags", b"\x08\x00"),
    ("reserved-flags", b"\xff\x00"),
    ("reserved-flags", b"\x05\x01\x00"),
    ("bad-length", b"\x02\x80" + bytes(7)),
    ("command-too-long", b"\x04\x65" + bytes(101)),
    ("command-too-long", b"\x06" + (2**40).to_bytes(8, "big")),
    ("message-too-long", b"\x02" + (1001).to_bytes(8, "big")),
    ("message-too-long", b"\x01\x01x\x02" + (2**60).to_bytes(8, "big")),
    ("too-many-frames", b"\x01\x00" * 9),
    ("too-many-frames", b"\x01\x00" * 8 + b"\x00\x00"),
    ("too-many-frames", b"\x01\x00" * 8 + b"\x00\x05half"),
]


@pytest.mark.parametrize(("reason", "data"), BAD)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_what_is_malformed_is_refused_however_it_comes(reason: str, data: bytes, size: int) -> None:
    subject = decoder(max_frame=1000, max_frames=8)
    subject.decode(wire([b"good"]), UNLIMITED)
    with pytest.raises(ProtocolError) as info:
        feed(subject, [data[i : i + size] for i in range(0, len(data), size)])
    assert info.value.reason == reason


def test_a_bound_below_short_frames_holds_for_them() -> None:
    subject = decoder(max_frame=10)
    assert feed(subject, [wire([bytes(10)])]) == ([[bytes(10)]], [])
    with pytest.raises(ProtocolError, match="MAXMSGSIZE is 10"):
        subject.decode(wire([bytes(11)]), UNLIMITED)


def test_messages_before_the_handshake_are_refused() -> None:
    with pytest.raises(ProtocolError) as info:
        FrameDecoder(-1, 100, 10).decode(b"\x00\x01x", UNLIMITED)
    assert info.value.reason == "early-message"


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=6))
def test_random_bytes_have_one_outcome_however_they_come(data: bytes, cuts: list[int]) -> None:
    def outcome(pieces: list[bytes]) -> object:
        subject = decoder(max_frame=100, max_frames=5)
        found: list[object] = []
        try:
            for piece in pieces:
                found += feed(subject, [piece])[0]
        except ProtocolError as error:
            # What came before the error in one piece is still there.
            return [*found, *subject.messages], error.reason
        return found, ""

    assert outcome([data]) == outcome(split(data, cuts))
