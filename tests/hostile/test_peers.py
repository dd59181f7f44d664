"""Peers that complete the handshake and then mean harm."""

import time
from collections.abc import Callable

import pytest

from tests.interop.raw import NULL_GREETING, RawPeer, command, frame, message, ready

from .kit import LONG, MIB, PATIENCE_S, Crowd, Watch, until

pytestmark = pytest.mark.timeout(120 if LONG else 30)

Attacked = Callable[..., Watch]

PEERS = 100 if LONG else 20
HALF_MESSAGES = 10_000 if LONG else 400
CLAIMS = 100
FLOOD_S = 5.0 if LONG else 1.0
MAX_FRAMES = 65536
#: Answers to PINGs: a burst, and then so many each second.
PINGS_PER_S, PONG_BURST, PONGS_PER_S = 20_000, 10, 100
BOUND = 8 * MIB

OPENING = NULL_GREETING + ready(b"DEALER", b"")
#: The sizes at which arithmetic goes wrong (P2).
SIZES = sorted(
    {0, 1, 255, 256, 2**64 - 1} | {2**bits + more for bits in (31, 32, 63) for more in (-1, 0, 1)}
)


def established(address: tuple[str, int], count: int) -> Crowd:
    """Return peers whose handshake is complete."""
    crowd = Crowd(address, count)
    crowd.send(OPENING)
    crowd.read_from_each(len(OPENING))
    return crowd


def pour(crowd: Crowd, data: bytes, enough: int) -> int:
    """Send the same again and again, to all, until each has sent enough or is closed."""
    sent = dict.fromkeys(crowd.open, 0)
    while crowd.open and min(sent[stream] for stream in crowd.open) < enough:
        for stream in list(crowd.open):
            offset = sent[stream] % len(data)
            sent[stream] += crowd.send_one(stream, data[offset:])
        crowd.read()
    return sum(sent.values())


def test_a_message_without_an_end(attacked: Attacked) -> None:
    """M6: the frames of a message are counted, and a frame costs nothing to the peer."""
    watch = attacked()
    for wave in watch.waves():
        with established(watch.server.address, PEERS) as crowd:
            pour(crowd, frame(1, b"") * 8192, 4 * MAX_FRAMES)
            watch.grown()
            crowd.read_to_end()
        assert watch.refused() == {"too-many-frames": wave * PEERS}
    watch.check_unharmed()
    watch.check_recovered()


def test_messages_of_many_frames(attacked: Attacked) -> None:
    """M6: they are served like any other, and leave nothing behind."""
    watch = attacked()
    body = message([b""] * 1024)
    for _ in watch.waves():
        with established(watch.server.address, PEERS) as crowd:
            crowd.send(body)
            crowd.read_from_each(len(body))
    watch.check_unharmed()
    assert watch.refused() == {}
    watch.check_recovered()


@pytest.mark.parametrize(
    "half",
    [frame(1, b"half") * 1000, b"\x02" + (2**40).to_bytes(8) + bytes(9000)],
    ids=["frames", "a-frame"],
)
def test_half_a_message_then_the_end(attacked: Attacked, half: bytes) -> None:
    """M6: what has come of a message goes with its connection, though a stranger stays."""
    watch = attacked()
    # Its time to shake hands is over before that of all who come later, and so are their timers.
    with Crowd(watch.server.address, 1):
        repeat_halves(watch, half)
    watch.check_unharmed()
    assert set(watch.counted("failures")) <= {"connection-lost"}
    watch.check_recovered()


def repeat_halves(watch: Watch, half: bytes) -> None:
    """Let many peers begin a message and go."""
    watch.before = watch.server.ask()
    for _ in watch.waves():
        for _ in range(HALF_MESSAGES // 200):
            with established(watch.server.address, 100) as crowd:
                crowd.send(half)


def test_messages_that_nobody_receives(attacked: Attacked) -> None:
    """What waits from one peer is bounded in bytes; then it is not read any longer."""
    watch = attacked()
    for _ in watch.waves():
        with established(watch.server.idle_address, 2) as crowd:
            deadline = time.monotonic() + FLOOD_S / 2
            while time.monotonic() < deadline:
                crowd.send(message([bytes(16_000)] * 4) * 4)
                watch.grown()
            assert len(crowd.open) == 2
            assert watch.grown() <= 2 * (BOUND + MIB) + MIB
        watch.server.ask("drain")
    watch.check_unharmed()
    watch.check_recovered()


def test_a_peer_that_does_not_read(attacked: Attacked) -> None:
    """M10: what waits for it is bounded; the rest is dropped and counted, and it alone suffers."""
    watch = attacked(SNDHWM_BYTES=BOUND)
    request = message([bytes(65536)])
    for _ in watch.waves():
        with established(watch.server.address, 1) as crowd:
            (stream,) = crowd.open
            sent, deadline = 0, time.monotonic() + PATIENCE_S
            while sent < 8 * BOUND:
                # Only writing: what the server answers stays where it is.
                sent += crowd.send_one(stream, request[sent % len(request) :])
                assert time.monotonic() < deadline
            until(lambda: watch.counted("drops").get("queue-full", 0) > 0)
            assert watch.grown() <= BOUND + 4 * MIB
    watch.check_unharmed()
    # When it goes, so does what waits from it and for it.
    gone = {"peer-gone", "sender-gone", "unknown-id"}
    assert set(watch.counted("drops")) <= {"queue-full"} | gone
    watch.check_recovered()


def test_claims_of_a_routing_id_that_is_taken(attacked: Attacked) -> None:
    """M7: each is refused and counted, and its owner is answered all the time."""
    watch = attacked()
    with RawPeer.dial(watch.server.endpoint) as victim:
        victim.shake_hands(b"DEALER", b"victim")
        with Crowd(watch.server.address, CLAIMS) as crowd:
            crowd.send(NULL_GREETING + ready(b"DEALER", b"victim") + message([b"stolen"]))
            while crowd.read(0.01):
                victim.send(message([b"mine"]))
                assert victim.read(6) == message([b"mine"])
        victim.send(message([b"mine"]))
        assert victim.read(6) == message([b"mine"])
    watch.check_unharmed()
    assert watch.counted("drops") == {"duplicate-id": CLAIMS}
    watch.check_recovered()


def test_a_flood_of_pings(attacked: Attacked) -> None:
    """M9: few are answered, and nothing piles up."""
    watch = attacked()
    ping = command(b"PING", b"\0\0" + b"sixteen octets..")
    pong = command(b"PONG", b"sixteen octets..")
    with established(watch.server.address, 1) as crowd:
        before = sum(crowd.received.values())
        start = time.monotonic()
        sent = 0
        while (elapsed := time.monotonic() - start) < FLOOD_S:
            due = int(elapsed * PINGS_PER_S) - sent
            sent += crowd.send(ping * due) // len(ping)
            crowd.read(0.005)
        assert watch.grown() <= MIB
        answers = (sum(crowd.received.values()) - before) / len(pong)
    watch.note(f"{sent / elapsed:.0f} PINGs a second, {answers / elapsed:.0f} PONGs a second")
    assert sent > PINGS_PER_S * FLOOD_S / 2
    assert 1 <= answers <= PONG_BURST + PONGS_PER_S * (elapsed + 0.1)
    watch.check_unharmed()
    watch.check_recovered()


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("unexpected-command", ready(b"DEALER", b"")),
        ("error-command", command(b"ERROR", b"\xff" + b"x" * 255)),
        ("bad-command", b"\x04\x00"),
    ],
    ids=["ready", "error", "nameless"],
)
def test_commands_out_of_place(attacked: Attacked, reason: str, said: bytes) -> None:
    """M9: the connection ends, whatever else was sent with them."""
    watch = attacked()
    with established(watch.server.address, PEERS) as crowd:
        crowd.send(said + message([b"late"]) + command(b"PING", b"\0\0"))
        crowd.read_to_end()
    watch.check_unharmed()
    assert watch.refused() == {reason: PEERS}
    watch.check_recovered()


def test_unknown_commands(attacked: Attacked) -> None:
    """M9: they are ignored, however many and however large."""
    watch = attacked()
    for _ in watch.waves():
        with established(watch.server.address, PEERS) as crowd:
            pour(crowd, command(b"FUTURE", bytes(8000)), 100_000)
            assert len(crowd.open) == PEERS
            watch.grown()
    watch.check_unharmed()
    assert set(watch.counted("failures")) <= {"connection-lost"}
    watch.check_recovered()


def test_sizes_at_which_arithmetic_goes_wrong(attacked: Attacked) -> None:
    """P2: in a frame, a command and a property; the largest that is allowed is only awaited."""
    watch = attacked(MAXMSGSIZE=2**31 - 1)
    expected: dict[str, int] = {}
    with established(watch.server.address, 2 * len(SIZES)) as crowd:
        streams = iter(sorted(crowd.open, key=lambda stream: stream.fileno()))
        for flags, most, reason in (
            (0x02, 2**31 - 1, "message-too-long"),
            (0x06, 8192, "command-too-long"),
        ):
            for size in SIZES:
                crowd.send_one(next(streams), bytes([flags]) + size.to_bytes(8))
                if size > most:
                    why = "bad-length" if size >= 2**63 else reason
                    expected[why] = expected.get(why, 0) + 1
        # A command of size 0 has no name.
        expected["bad-command"] = 1
        until(lambda: watch.refused() == expected)
        assert watch.grown() < MIB
    watch.check_unharmed()
    with Crowd(watch.server.address, len(SIZES)) as crowd:
        for stream, size in zip(list(crowd.open), SIZES, strict=True):
            value = b"\x0bSocket-Type" + (size & 0xFFFFFFFF).to_bytes(4)
            crowd.send_one(stream, NULL_GREETING + command(b"READY", value))
        crowd.read_to_end()
    failures = watch.counted("failures")
    assert failures["bad-metadata"] + failures["illegal-pair"] == len(SIZES)
    assert watch.grown() < MIB
    watch.check_unharmed()
    watch.check_recovered()
