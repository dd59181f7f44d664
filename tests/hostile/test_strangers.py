"""Peers that never become one: silence, dribbling, other protocols, no descriptors left."""

import time
from collections.abc import Callable

import pytest

from tests.interop.raw import NULL_GREETING, ready

from .kit import LONG, MIB, Crowd, Watch, until

pytestmark = pytest.mark.timeout(120 if LONG else 30)

Attacked = Callable[..., Watch]

STRANGERS = 1000 if LONG else 150
HANDSHAKE_MS = 5000 if LONG else 800
#: How long a client's connection and first answer may take; where others use the machine, its
#: system may have to ask for a connection more than once, a second apart.
WELCOME_MS = 250 if LONG else 5000
#: Resident memory for one connection of a stranger, without the kernel's.
STRANGER_BYTES = 6 * 1024
#: How fast a slow peer sends, one byte at a time.
DRIBBLE_S = 0.1
#: How many unfinished handshakes one address may have where that is tested.
HALF_OPEN = 64
#: How many handshakes one address may begin in a second where that is tested, and how often all
#: strangers come.
RATE = 20
FLOODS = 20 if LONG else 4
NOFILE, CONNECTS = (256, 400) if LONG else (64, 100)


def test_silent_connections(attacked: Attacked) -> None:
    """M1: they cost little, are closed when their time is over, and hold up nobody."""
    watch = attacked(HANDSHAKE_IVL=HANDSHAKE_MS)
    for wave in watch.waves():
        with Crowd(watch.server.address, STRANGERS) as crowd:
            assert watch.grown() <= STRANGERS * STRANGER_BYTES + MIB
            assert crowd.read_to_end() <= HANDSHAKE_MS / 1000 + 1
        assert watch.refused() == {"handshake-timeout": wave * STRANGERS}
    assert watch.check_unharmed()["handshake_ms"][1] < WELCOME_MS
    watch.check_recovered()


def test_strangers_of_one_address(attacked: Attacked) -> None:
    """M1: whoever goes beyond its share of unfinished handshakes takes nobody else's."""
    watch = attacked(HANDSHAKE_IVL=30_000, MAX_HALF_OPEN_PER_ADDRESS=HALF_OPEN)
    with Crowd(watch.server.address, STRANGERS, per_source=STRANGERS) as crowd:
        until(lambda: crowd.read(0.05) <= HALF_OPEN)
        figures = watch.check_unharmed()
        assert len(crowd.open) == HALF_OPEN
    assert figures["handshake_ms"][1] < WELCOME_MS
    assert watch.counted("failures")["half-open-limit"] == STRANGERS - HALF_OPEN
    watch.check_recovered()


def test_handshakes_begun_by_one_address_all_the_time(attacked: Attacked) -> None:
    """M3: only so many a second are begun with it; the others have cost an accept()."""
    watch = attacked(HANDSHAKE_IVL=HANDSHAKE_MS, MAX_HANDSHAKE_RATE=RATE)
    begun = time.monotonic()
    for _ in range(FLOODS):
        with Crowd(watch.server.address, STRANGERS, per_source=STRANGERS) as crowd:
            crowd.send(NULL_GREETING)
            crowd.read(0.05)
    figures = watch.check_unharmed()
    allowed = RATE * (time.monotonic() - begun + 1)
    assert watch.refused()["handshake-rate"] >= FLOODS * STRANGERS - allowed
    assert figures["handshake_ms"][1] < WELCOME_MS
    watch.check_recovered()


def test_a_byte_at_a_time(attacked: Attacked) -> None:
    """M2: whoever goes on sending gets no more time for that."""
    watch = attacked(HANDSHAKE_IVL=HANDSHAKE_MS)
    for wave in watch.waves():
        with Crowd(watch.server.address, STRANGERS) as crowd:
            assert dribble(crowd) <= HANDSHAKE_MS / 1000 + 1
            assert watch.grown() <= STRANGERS * STRANGER_BYTES + MIB
        assert watch.refused() == {"handshake-timeout": wave * STRANGERS}
    assert watch.check_unharmed()["handshake_ms"][1] < WELCOME_MS
    watch.check_recovered()


def dribble(crowd: Crowd) -> float:
    """Send a handshake byte by byte until the server has closed all; returns how long it took."""
    start = time.monotonic()
    for octet in NULL_GREETING + ready(b"REQ", b""):
        crowd.send(bytes([octet]))
        pause = time.monotonic() + DRIBBLE_S
        while time.monotonic() < pause:
            if not crowd.read(0.01):
                return time.monotonic() - start
    raise AssertionError("a handshake that took too long was completed")


def test_no_descriptors_left(attacked: Attacked) -> None:
    """M4: peers that are there are served, nothing spins, and all is well soon after."""
    watch = attacked(NOFILE=NOFILE, HANDSHAKE_IVL=30_000, BACKLOG=CONNECTS)
    watch.client.ask("steady")
    with Crowd(watch.server.address, CONNECTS) as crowd:
        until(lambda: watch.server.descriptors() >= NOFILE - 1)
        used, start = watch.server.cpu(), time.monotonic()
        while time.monotonic() < start + 1:
            crowd.read(0.05)
        share = (watch.server.cpu() - used) / (time.monotonic() - start)
    watch.note(f"{share:.0%} of a processor while no descriptor was left")
    assert share < 0.2
    watch.check_unharmed()
    assert until(lambda: watch.server.descriptors() < NOFILE // 2) < 2
    watch.check_recovered()


STRANGE = {
    "http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "old-version": b"\x01\x00",
    "not-zmtp": b"\x80\x00\x03hello",
}


def test_other_protocols(attacked: Attacked) -> None:
    """P4: closed at once, counted by kind, and nothing of it reaches the application."""
    watch = attacked()
    each = STRANGERS // len(STRANGE)
    for data in STRANGE.values():
        with Crowd(watch.server.address, each) as crowd:
            crowd.send(data)
            assert crowd.read_to_end() < 5
            assert max(crowd.received.values()) <= len(NULL_GREETING)
    watch.check_unharmed()
    assert watch.refused() == dict.fromkeys(STRANGE, each)
    watch.check_recovered()
