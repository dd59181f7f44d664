"""Alarms, which end the sleep of a thread: those of both builds."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from antiphon.hosts.alarm import Alarms
from antiphon.lock import Lock, make_lock

KINDS = pytest.mark.parametrize("make", [make_lock, Lock])
#: Longer than any of this takes, in seconds.
LONG = 60.0


@pytest.fixture
def steady() -> Iterator[int]:
    fd = os.eventfd(0)
    yield fd
    os.close(fd)


@KINDS
def test_what_is_rung_before_ends_the_next_sleep_and_no_other(
    make: Callable[[], Lock], steady: int
) -> None:
    lock = make()
    alarm = Alarms(lock, steady).make()
    start = time.monotonic()
    for _ in range(2):
        with lock:
            alarm.ring()
    alarm.sleep(LONG)
    woken = time.monotonic()
    alarm.sleep(0.02)
    assert woken - start < LONG / 2
    assert time.monotonic() - woken >= 0.01


@KINDS
def test_another_thread_ends_a_sleep(make: Callable[[], Lock], steady: int) -> None:
    lock = make()
    made = Alarms(lock, steady)
    alarms = [made.make(), made.make()]
    turns: list[int] = []

    def answer() -> None:
        for turn in range(100):
            alarms[0].sleep(LONG)
            with lock:
                turns.append(turn)
                alarms[1].ring()

    thread = threading.Thread(target=answer)
    thread.start()
    start = time.monotonic()
    for turn in range(100):
        with lock:
            alarms[0].ring()
        alarms[1].sleep(LONG)
        assert turns[-1] == turn
    thread.join(LONG)
    assert time.monotonic() - start < LONG


def test_who_is_woken_finds_the_lock_free(steady: int) -> None:
    lock = Lock()
    alarm = Alarms(lock, steady).make()
    free: list[bool] = []

    def sleep() -> None:
        alarm.sleep(LONG)
        free.append(lock.acquire(blocking=False))

    thread = threading.Thread(target=sleep)
    thread.start()
    with lock:
        alarm.ring()
        assert lock.bells == [alarm]
    thread.join(LONG)
    assert free == [True]
    assert lock.bells == []


def test_a_context_leaves_most_descriptors_to_others(steady: int) -> None:
    before = len(os.listdir("/proc/self/fd"))
    lock = Lock()
    alarms = Alarms(lock, steady)
    made = [alarms.make() for _ in range(100)]
    assert len(os.listdir("/proc/self/fd")) - before == 16
    with lock:
        made[-1].ring()
    made[-1].sleep(LONG)


def test_an_alarm_that_is_sounded_after_the_end_of_its_context_does_no_harm() -> None:
    steady = os.eventfd(0)
    lock = Lock()
    alarm = Alarms(lock, steady).make()
    with lock:
        alarm.ring()
        os.close(steady)


def test_it_does_without_descriptors() -> None:
    program = """
import os, resource, time
from antiphon.hosts.alarm import Alarms
from antiphon.lock import Lock
steady = os.eventfd(0)
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (0, most))
alarm = Alarms(Lock(), steady).make()
start = time.monotonic()
alarm.ring()
alarm.sleep(60)
assert time.monotonic() - start < 30
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=50)
