"""The lock of a context, in both builds, and the compiled build's also where it is interpreted.

Interpreted it is made as it is not in use there, but what it does under contention is the same.
"""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from antiphon.lock import Lock, acquire, make_lock
from tests.waiting import until

KINDS = pytest.mark.parametrize("make", [make_lock, Lock])


@KINDS
def test_one_thread_at_a_time_has_it(make: Callable[[], Lock]) -> None:
    lock = make()
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        for _ in range(2000):
            with lock:
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(most) == 8000
    assert set(most) == {1}


@KINDS
def test_all_that_wait_get_it(make: Callable[[], Lock]) -> None:
    lock = make()
    lock.acquire()
    got: list[int] = []

    def wait(number: int) -> None:
        with lock:
            got.append(number)

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    assert got == []
    lock.release()
    for thread in threads:
        thread.join(60)
    assert sorted(got) == list(range(8))


@KINDS
def test_who_does_not_wait_has_it_only_if_it_is_free(make: Callable[[], Lock]) -> None:
    lock = make()
    assert lock.acquire(False)
    assert not lock.acquire(False)
    lock.release()
    assert lock.acquire(False)


def test_who_was_woken_in_vain_gets_it_next() -> None:
    """A thread that takes it again each time it has let it go shares it all the same."""
    lock = Lock()
    got = threading.Event()

    def wait() -> None:
        with lock:
            got.set()

    # A daemon, as it would wait for ever.
    thread = threading.Thread(target=wait, daemon=True)
    lock.acquire()
    thread.start()
    for _ in range(2):
        until(lambda: got.is_set() or lock._waiting)
        lock.release()
        lock.acquire()
    assert got.is_set()
    lock.release()
    thread.join(60)


@KINDS
def test_it_is_let_go_by_an_exception(make: Callable[[], Lock]) -> None:
    lock = make()
    with pytest.raises(ValueError, match="inside"), lock:
        raise ValueError("inside")
    with lock:
        pass


@KINDS
def test_an_interrupt_while_it_waits_leaves_it_to_others(make: Callable[[], Lock]) -> None:
    lock = make()
    lock.acquire()
    main = threading.main_thread().ident
    assert main is not None
    threading.Timer(0.1, signal.pthread_kill, (main, signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        lock.acquire()
    got = threading.Event()

    def wait() -> None:
        with lock:
            got.set()

    thread = threading.Thread(target=wait)
    thread.start()
    lock.release()
    assert got.wait(60)
    thread.join(60)


def test_acquire_has_the_lock_when_it_raises_the_interrupt() -> None:
    lock = make_lock()
    lock.acquire()
    main = threading.main_thread().ident
    assert main is not None
    threading.Timer(0.1, signal.pthread_kill, (main, signal.SIGINT)).start()
    threading.Timer(0.2, lock.release).start()
    with pytest.raises(KeyboardInterrupt):
        acquire(lock)
    others: list[bool] = []

    def wait() -> None:
        with lock:
            others.append(True)

    thread = threading.Thread(target=wait)
    thread.start()
    assert others == []
    lock.release()
    until(lambda: others == [True])
    thread.join(60)


SCRIPT_INTERRUPTED = """
import signal
import threading
from antiphon.lock import acquire, make_lock

def let_go_and_interrupt(lock):
    lock.release()
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

for _ in range(20):
    lock = make_lock()
    lock.acquire()
    timer = threading.Timer(0.01, let_go_and_interrupt, [lock])
    timer.start()
    try:
        acquire(lock)
        timer.join()
    except KeyboardInterrupt:
        print("interrupted", end=" ")
    lock.release()
"""


def test_an_interrupt_just_after_it_was_taken_finds_it_taken() -> None:
    """Nobody waits for a lock that he has himself."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT_INTERRUPTED], timeout=60, check=True, stdout=subprocess.PIPE
    )
    assert done.stdout == b"interrupted " * 20


def test_acquire_has_the_lock_whatever_a_signal_raises() -> None:
    lock = make_lock()
    lock.acquire()
    main = threading.main_thread().ident
    assert main is not None

    def end(_number: int, _frame: object) -> None:
        raise SystemExit(3)

    before = signal.signal(signal.SIGTERM, end)
    threading.Timer(0.1, signal.pthread_kill, (main, signal.SIGTERM)).start()
    threading.Timer(0.2, lock.release).start()
    try:
        with pytest.raises(SystemExit):
            acquire(lock)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert not lock.acquire(False)
    lock.release()
