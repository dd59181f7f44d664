"""Connections whose frames are sealed: the same messages, commands and bounds as in the clear."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.keys import make_key_pair
from antiphon.wire.command import encode_ping
from antiphon.wire.connection import CLOSED, TRAFFIC, Connection
from antiphon.wire.curve import CurveClient, CurveServer
from antiphon.wire.framing import FULL, STARVED, decode_message, encode_command, encode_message
from antiphon.wire.mechanism import Local, Surroundings, Verdict

UNLIMITED = 10**9
PUBLIC, SECRET = make_key_pair()


class Still(Surroundings):
    def now(self) -> float:
        return 0.0

    def entropy(self, count: int) -> bytes:
        return make_key_pair()[1][:count]


def established(
    near_type: bytes = b"DEALER",
    far_type: bytes = b"ROUTER",
    max_frame: int = -1,
    max_frames: int = 100,
    forwarding: bool = False,
) -> tuple[Connection, Connection]:
    """Return a client and a server, whose bounds are given, after their handshake."""
    near = Connection(
        CurveClient(Local(near_type, b"", False, []), Still(), PUBLIC, SECRET, PUBLIC),
        -1,
        100000,
        forwarding,
    )
    far = Connection(
        CurveServer(Local(far_type, b"", True, []), Still(), SECRET),
        max_frame,
        max_frames,
        forwarding,
    )
    while near.output or far.output:
        for source, target in ((near, far), (far, near)):
            data = b"".join(source.output)
            source.output.clear()
            target.receive(data, UNLIMITED)
            if target.mechanism.question is not None:
                target.answer(Verdict(None, b"", {}))
                target.receive(b"", UNLIMITED)
    assert near.state == far.state == TRAFFIC
    assert not near.plain
    return near, far


def sealed(connection: Connection, *messages: list[bytes]) -> bytes:
    out: list[bytes] = []
    size = sum(connection.encode(message, out) for message in messages)
    data = b"".join(out)
    assert size == len(data)
    return data


MESSAGES = st.lists(
    st.lists(st.binary(max_size=300) | st.just(70000).map(bytes), min_size=1, max_size=4),
    max_size=6,
)


@given(MESSAGES, st.lists(st.integers(1, 5000), min_size=1, max_size=10))
def test_messages_arrive_whatever_the_pieces(messages: list[list[bytes]], sizes: list[int]) -> None:
    near, far = established()
    data = sealed(near, *messages)
    turn = 0
    while data:
        size = max(sizes[turn % len(sizes)], len(data) // 50)
        turn += 1
        if far.decoder.missing and turn % 2:
            size = min(size, far.decoder.missing)
            with far.decoder.body_buffer() as room:
                size = min(size, len(room))
                room[:size] = data[:size]
            far.decoder.body_received(size)
            assert far.receive(b"", UNLIMITED) == STARVED
        else:
            assert far.receive(data[:size], UNLIMITED) == STARVED
        data = data[size:]
    assert list(far.decoder.messages) == messages


def test_frames_are_ordinary_ones_on_the_wire() -> None:
    """As libzmq sends them: no COMMAND, no MORE, and every size 33 more."""
    near, _ = established()
    data = sealed(near, [b"ab", b"c"])
    assert data[:10] == b"\x00\x23\x07MESSAGE"
    assert data[37:47] == b"\x00\x22\x07MESSAGE"
    assert b"ab" not in data


def test_the_form_of_the_rfc_is_taken_too() -> None:
    near, far = established()
    data = sealed(near, [b"one"])
    # Longer than any command but these may be.
    long = bytes(100_000)
    data += encode_command(near.mechanism.seal(1, long)) + sealed(near, [b"three"])
    assert far.receive(data, UNLIMITED) == STARVED
    assert list(far.decoder.messages) == [[b"one"], [long, b"three"]]


@given(st.lists(st.integers(1, 60), min_size=1, max_size=5))
def test_commands_are_sealed_and_keep_their_place(sizes: list[int]) -> None:
    near, far = established(b"SUB", b"XPUB")
    data = sealed(near, [b"\x01A"], [b"not a subscription"], [b"\x00A"])
    assert b"SUBSCRIBE" not in data
    turn = 0
    while data:
        far.receive(data[: sizes[turn % len(sizes)]], UNLIMITED)
        data = data[sizes[turn % len(sizes)] :]
        turn += 1
    assert list(far.decoder.messages) == [[b"\x01A"], [b"not a subscription"], [b"\x00A"]]


def test_a_sealed_ping_is_answered_with_a_sealed_pong() -> None:
    near, far = established()
    assert near.ping(2500)
    far.receive(near.output.pop(), UNLIMITED)
    assert far.peer_ttl_ms == 2500
    answer = far.output.pop()
    assert b"PONG" not in answer
    assert near.mechanism.open(answer[2:]) == (2, b"\x04PONG")


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_decoding_stops_at_the_limit_and_goes_on_from_there(limit: int) -> None:
    near, far = established()
    data = sealed(near, *([b"%d" % n, b"x"] for n in range(7)))
    got: list[list[bytes]] = []
    outcome = far.receive(data, limit)
    while outcome == FULL:
        assert len(far.decoder.messages) == limit
        assert far.receive(b"", limit) == FULL
        got += far.decoder.messages
        far.decoder.messages.clear()
        outcome = far.receive(b"", limit)
    got += far.decoder.messages
    assert got == [[b"%d" % n, b"x"] for n in range(7)]


def test_a_command_between_full_queues_is_obeyed_in_its_turn() -> None:
    near, far = established()
    data = sealed(near, [b"1"]) + near.encode_command(encode_ping(0, b"p")) + sealed(near, [b"2"])
    assert far.receive(data, 1) == FULL
    assert far.output == []
    far.decoder.messages.clear()
    far.receive(b"", 1)
    assert len(far.output) == 1
    assert list(far.decoder.messages) == [[b"2"]]


@pytest.mark.parametrize("max_frame", [0, 1, 100, 255, 256, 70000])
def test_maxmsgsize_counts_what_was_sealed(max_frame: int) -> None:
    near, far = established(max_frame=max_frame)
    far.receive(sealed(near, [bytes(max_frame)]), UNLIMITED)
    assert list(far.decoder.messages) == [[bytes(max_frame)]]
    far.receive(sealed(near, [bytes(max_frame + 1)]), UNLIMITED)
    assert far.error is not None
    assert far.error.reason == "message-too-long"


def test_what_is_far_too_long_is_refused_by_its_announcement() -> None:
    _, far = established(max_frame=1000)
    far.receive(b"\x02" + (2**40).to_bytes(8, "big"), UNLIMITED)
    assert far.error is not None
    assert far.error.reason == "message-too-long"


def test_a_message_has_no_more_frames_than_allowed() -> None:
    near, far = established(max_frames=3)
    far.receive(sealed(near, [b""] * 3), UNLIMITED)
    assert list(far.decoder.messages) == [[b""] * 3]
    far.receive(sealed(near, [b""] * 4), UNLIMITED)
    assert far.error is not None
    assert far.error.reason == "too-many-frames"


def test_a_sealed_command_is_bounded() -> None:
    near, far = established()
    far.receive(near.encode_command(b"\x06FUTURE" + bytes(8192 - 7)), UNLIMITED)
    assert far.state == TRAFFIC
    far.receive(near.encode_command(b"\x06FUTURE" + bytes(8192 - 6)), UNLIMITED)
    assert far.error is not None
    assert far.error.reason == "command-too-long"


@pytest.mark.parametrize(
    ("reason", "frame"),
    [
        ("unexpected-command", b"\x00\x05plain"),
        ("unexpected-command", encode_command(encode_ping(0, b""))),
        ("unexpected-command", encode_command(b"\x05ERROR\x00")),
        ("malformed-message", b"\x00\x0a\x07MESSAGE12"),
        ("too-many-frames", b"\x01\x00\x01\x00"),
    ],
)
def test_nothing_passes_in_the_clear(reason: str, frame: bytes) -> None:
    """Nobody between the two can slip anything in, not even an ERROR."""
    near, far = established()
    far.receive(sealed(near, [b"good"]) + frame + sealed(near, [b"late"]), UNLIMITED)
    assert far.state == CLOSED
    assert far.error is not None
    assert far.error.reason == reason
    assert list(far.decoder.messages) == [[b"good"]]


@pytest.mark.parametrize("flags", [3, 4, 128, 255])
def test_other_flags_are_refused(flags: int) -> None:
    near, far = established()
    out: list[bytes] = []
    encode_message([near.mechanism.seal(flags, b"x")], out)
    far.receive(b"".join(out), UNLIMITED)
    assert far.error is not None
    assert far.error.reason == "malformed-message"


@given(MESSAGES)
def test_messages_that_are_passed_on_keep_their_wire_form(messages: list[list[bytes]]) -> None:
    near, far = established(forwarding=True)
    wire: list[list[bytes]] = []
    for message in messages:
        chunks: list[bytes] = []
        encode_message(message, chunks)
        wire.append(chunks)
    far.receive(sealed(near, *wire), UNLIMITED)
    assert [decode_message(chunks) for chunks in far.decoder.messages] == messages
