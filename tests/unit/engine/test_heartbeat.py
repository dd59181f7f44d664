"""Heartbeats on their own: when to ask, when to give up (Z21 to Z23)."""

import pytest

from antiphon.engine.heartbeat import DEAD, PING, QUIET, Heartbeat
from antiphon.wire.connection import PONG_BURST


def started(interval: float, timeout: float = 2.0) -> Heartbeat:
    heartbeat = Heartbeat(interval, timeout)
    heartbeat.start(100.0)
    return heartbeat


def test_without_an_interval_nothing_is_ever_due() -> None:
    heartbeat = started(0.0)
    assert heartbeat.next_deadline() < 0
    assert heartbeat.on_timer(10_000.0) == QUIET


def test_a_ping_is_due_after_each_interval() -> None:
    heartbeat = started(1.0)
    assert heartbeat.next_deadline() == 101.0
    assert heartbeat.on_timer(100.5) == QUIET
    assert heartbeat.on_timer(101.0) == PING
    heartbeat.heard = True
    assert heartbeat.on_timer(102.0) == PING
    assert heartbeat.next_deadline() == 103.0


def test_silence_after_a_ping_is_death() -> None:
    heartbeat = started(1.0)
    assert heartbeat.on_timer(101.0) == PING
    assert heartbeat.on_timer(102.0) == PING
    assert heartbeat.next_deadline() == 103.0
    assert heartbeat.on_timer(103.0) == DEAD


def test_any_byte_is_life() -> None:
    heartbeat = started(1.0)
    assert heartbeat.on_timer(101.0) == PING
    heartbeat.heard = True
    assert heartbeat.on_timer(103.5) == PING


def test_the_peers_time_to_live_counts_from_its_last_byte() -> None:
    heartbeat = started(0.0)
    heartbeat.peer_ttl = 3.0
    assert heartbeat.next_deadline() == 103.0
    heartbeat.heard = True
    assert heartbeat.on_timer(102.0) == QUIET
    assert heartbeat.next_deadline() == 105.0
    assert heartbeat.on_timer(105.0) == DEAD


def test_pings_are_answered_at_a_limited_rate() -> None:
    heartbeat = Heartbeat(0.0, 0.0)
    heartbeat.start(100.0)
    assert heartbeat.pongs(0.0, 100.0) == 0.0
    assert heartbeat.pongs(0.0, 100.05) == pytest.approx(5.0)
    assert heartbeat.pongs(3.0, 100.07) == pytest.approx(5.0)
    assert heartbeat.pongs(3.0, 200.0) == PONG_BURST
