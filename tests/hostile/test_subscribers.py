"""Subscribers that mean harm to a publisher and to those who listen to it."""

import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.interop.raw import NULL_GREETING, command, message, ready

from .kit import LONG, MIB, PATIENCE_S, Crowd, Watch, until

pytestmark = pytest.mark.timeout(120 if LONG else 30)

Attacked = Callable[..., Watch]

PEERS = 20 if LONG else 5
CHURN = 50_000 if LONG else 5_000
BOUND = 8 * MIB
#: What one subscriber may make a publisher hold.
MOST = 16 * MIB
LONGEST = 4096
MOST_TOPICS = 10_000
MOST_OCTETS = 512 * 1024
STALL_MS = 10_000 if LONG else 500


@pytest.fixture
def watch(attacked: Attacked) -> Watch:
    """Give a publisher with a legitimate subscriber."""
    return attacked("PUB")


def subscribers(watch: Watch, count: int) -> Crowd:
    """Return peers whose handshake is complete."""
    crowd = Crowd(watch.server.address, count)
    crowd.send(NULL_GREETING + ready(b"SUB"))
    crowd.read_from_each(64 + len(ready(b"PUB")))
    return crowd


def send_all(crowd: Crowd, data: bytes) -> None:
    """Send to each peer, whole or until it is closed."""
    position = dict.fromkeys(crowd.open, 0)
    deadline = time.monotonic() + PATIENCE_S
    while any(position[stream] < len(data) for stream in crowd.open):
        assert time.monotonic() < deadline
        for stream in list(crowd.open):
            if position[stream] < len(data):
                rest = data[position[stream] : position[stream] + 65536]
                position[stream] += crowd.send_one(stream, rest)
        crowd.read()


def topics(count: int, size: int) -> bytes:
    """Return subscriptions to topics that have nothing in common."""
    return b"".join(
        command(b"SUBSCRIBE", number.to_bytes(8, "little") * (size // 8)) for number in range(count)
    )


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("topic-too-long", command(b"SUBSCRIBE", bytes(LONGEST + 1))),
        ("topic-too-long", message([b"\x01" + bytes(1 << 20)])),
        ("command-too-long", command(b"SUBSCRIBE", bytes(1 << 20))),
        ("too-many-subscriptions", topics(MOST_TOPICS + 1, 8)),
        ("too-many-subscriptions", topics(MOST_OCTETS // LONGEST + 1, LONGEST)),
    ],
    ids=["4097", "1Mi-message", "1Mi-command", "10001-topics", "512Ki-of-topics"],
)
def test_whoever_asks_for_too_much(watch: Watch, reason: str, said: bytes) -> None:
    """M5: refused at the limit, and counted."""
    for wave in watch.waves():
        with subscribers(watch, PEERS) as crowd:
            send_all(crowd, said)
            assert watch.grown() <= PEERS * MOST
            crowd.read_to_end()
        assert watch.refused() == {reason: wave * PEERS}
    watch.check_unharmed()
    watch.check_recovered()


@pytest.mark.parametrize(
    ("count", "size"),
    [(MOST_TOPICS - 1, 48), (MOST_OCTETS // LONGEST - 1, LONGEST)],
    ids=["many", "long"],
)
def test_whoever_asks_for_all_that_is_allowed(watch: Watch, count: int, size: int) -> None:
    """M5: it costs no more than it may, and nothing afterwards."""
    for _ in watch.waves():
        with subscribers(watch, 1) as crowd:
            send_all(crowd, topics(count, size) + command(b"SUBSCRIBE", b"news"))
            crowd.read_from_each(1)
            assert watch.grown() <= MOST
    watch.check_unharmed()
    watch.check_recovered()


def test_subscribing_and_cancelling_all_the_time(watch: Watch) -> None:
    """M5: nothing of it stays."""
    said = command(b"SUBSCRIBE", bytes(200)) + command(b"CANCEL", bytes(200))
    for _ in watch.waves():
        with subscribers(watch, 1) as crowd:
            send_all(crowd, said * CHURN + command(b"SUBSCRIBE", b"news"))
            crowd.read_from_each(1)
    watch.check_unharmed()
    watch.check_recovered()


def test_messages_to_a_publisher(watch: Watch) -> None:
    """M6: they are read, counted and forgotten."""
    said = message([b"unasked", bytes(1000)]) * 1000
    for wave in watch.waves():
        with subscribers(watch, PEERS) as crowd:
            send_all(crowd, said)
            until(partial(all_counted, watch, wave * PEERS * 1000))
    watch.check_unharmed()
    watch.check_recovered()


def all_counted(watch: Watch, count: int) -> bool:
    """Tell whether so many messages were dropped as unexpected."""
    return watch.counted("drops").get("unexpected-message") == count


def test_a_subscriber_that_does_not_read(attacked: Attacked) -> None:
    """M10: its queue is bounded, it misses what has no room, and nobody else misses anything."""
    watch = attacked("PUB", SNDHWM_BYTES=BOUND, SIZE=65536)
    for _ in watch.waves():
        with subscribers(watch, 1) as crowd:
            crowd.send(command(b"SUBSCRIBE", b"news"))
            until(lambda: watch.counted("drops").get("queue-full", 0) > 0)
            assert watch.grown() <= BOUND + 4 * MIB
    watch.check_unharmed()
    assert set(watch.counted("drops")) <= {"queue-full", "peer-gone"}
    watch.check_recovered()


def test_a_subscriber_that_does_not_read_and_is_not_waited_for(attacked: Attacked) -> None:
    """M10: under SNDSTALL_IVL it is closed for that, and counted."""
    watch = attacked("PUB", SNDHWM_BYTES=BOUND, SIZE=65536, SNDSTALL_IVL=STALL_MS)
    for wave in watch.waves():
        with subscribers(watch, PEERS) as crowd:
            crowd.send(command(b"SUBSCRIBE", b"news"))
            until(partial(all_slow, watch, wave * PEERS))
            assert watch.grown() <= PEERS * BOUND + 4 * MIB
    watch.check_unharmed()
    watch.check_recovered()


def all_slow(watch: Watch, count: int) -> bool:
    """Tell whether so many peers were closed because they took nothing."""
    return watch.refused() == {"slow-peer": count}
