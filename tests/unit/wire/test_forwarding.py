"""Messages in their wire form: checked like all others, and left as they are."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import ProtocolError
from antiphon.wire.forwarding import WireDecoder
from antiphon.wire.framing import (
    COMMAND_READY,
    FULL,
    STARVED,
    FrameDecoder,
    decode_message,
    encode_command,
    encode_message,
)

Message = list[bytes]
SIZES = st.sampled_from([0, 1, 2, 16, 254, 255, 256, 1000, 65535, 65536, 70_000])
MESSAGES = st.lists(st.lists(SIZES.map(bytes), min_size=1, max_size=6), max_size=6)
UNLIMITED = 10**9


def decoder(kind: type[FrameDecoder], max_frame: int = -1, max_frames: int = 1024) -> FrameDecoder:
    """Return a decoder whose handshake is over."""
    decoder = kind(max_frame, 100, max_frames)
    decoder.begin_traffic(100)
    return decoder


def wire(*messages: Message) -> bytes:
    chunks: list[bytes] = []
    for message in messages:
        encode_message(message, chunks)
    return b"".join(chunks)


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


def test_a_message_that_came_at_once_is_one_chunk() -> None:
    data = wire([b"", b"Hello"])
    assert feed(decoder(WireDecoder), [data + data]) == ([[data], [data]], [])


@given(MESSAGES, st.lists(st.integers(0, 2**31), max_size=12), st.integers(0, 6))
def test_nothing_is_changed(messages: list[Message], cuts: list[int], place: int) -> None:
    place = min(place, len(messages))
    command = b"\x04PING\x00\x00"
    data = wire(*messages[:place]) + encode_command(command) + wire(*messages[place:])
    found, commands = feed(decoder(WireDecoder), split(data, cuts))
    assert [b"".join(chunks) for chunks in found] == [wire(message) for message in messages]
    assert [decode_message(chunks) for chunks in found] == messages
    assert commands == [command]


@given(st.lists(st.lists(st.binary(max_size=300), min_size=1, max_size=5), max_size=4))
def test_byte_by_byte(messages: list[Message]) -> None:
    data = wire(*messages)
    found, _ = feed(decoder(WireDecoder), [data[i : i + 1] for i in range(len(data))])
    assert [decode_message(chunks) for chunks in found] == messages


@given(MESSAGES, st.integers(1, 3), st.lists(st.integers(0, 2**31), max_size=5))
def test_a_limit_holds_back_and_loses_nothing(
    messages: list[Message], limit: int, cuts: list[int]
) -> None:
    subject = decoder(WireDecoder)
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
    assert [decode_message(chunks) for chunks in found] == messages


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=6))
def test_both_decoders_agree_on_random_bytes(data: bytes, cuts: list[int]) -> None:
    def outcome(subject: FrameDecoder, pieces: list[bytes]) -> tuple[int, str]:
        found = 0
        try:
            for piece in pieces:
                found += len(feed(subject, [piece])[0])
        except ProtocolError as error:
            return found + len(subject.messages), error.reason
        return found, ""

    expected = outcome(decoder(FrameDecoder, max_frame=100, max_frames=5), [data])
    assert outcome(decoder(WireDecoder, max_frame=100, max_frames=5), [data]) == expected
    assert outcome(decoder(WireDecoder, max_frame=100, max_frames=5), split(data, cuts)) == expected


def test_frames_are_counted_however_they_come() -> None:
    data = b"\x01\x00" * 8 + b"\x00\x00"
    for size in (1, 2, 3, 5, 100):
        subject = decoder(WireDecoder, max_frames=9)
        found, _ = feed(subject, [data[i : i + size] for i in range(0, len(data), size)])
        assert [b"".join(chunks) for chunks in found] == [data]
        subject = decoder(WireDecoder, max_frames=8)
        with pytest.raises(ProtocolError) as info:
            feed(subject, [data[i : i + size] for i in range(0, len(data), size)])
        assert info.value.reason == "too-many-frames"


def test_a_bound_on_frames_holds_in_wire_form() -> None:
    subject = decoder(WireDecoder, max_frame=10)
    feed(subject, [wire([bytes(10)])])
    with pytest.raises(ProtocolError, match="MAXMSGSIZE is 10"):
        subject.decode(wire([bytes(11)]), UNLIMITED)
