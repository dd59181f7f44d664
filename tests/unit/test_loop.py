"""The loop: readers, timers, changes from inside handlers, and why it ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

import antiphon.zmq as zmq
import antiphon.zmq.asyncio as azmq
from antiphon.loop import Ended, Loop

Pair = tuple[zmq.Socket, zmq.Socket]


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    with zmq.Context() as context:
        context.linger, context.rcvtimeo = 0, 10_000
        yield context


@pytest.fixture
def loop() -> Loop:
    """Give a loop that no mistake keeps running."""
    loop = Loop()

    def give_up() -> None:
        raise TimeoutError("the loop has not ended")

    loop.after(20_000, give_up)
    return loop


def pair(context: zmq.Context) -> Pair:
    left, right = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
    left.bind("tcp://127.0.0.1:*")
    right.connect(left.last_endpoint)
    return left, right


# Readers.


def test_a_handler_reads_what_comes(context: zmq.Context, loop: Loop) -> None:
    left, right = pair(context)
    heard: list[bytes] = []

    def read(socket: zmq.Socket, last: bytes) -> None:
        heard.append(socket.recv())
        if heard[-1] == last:
            loop.stop()

    loop.reader(right, read, right, b"2")
    for number in range(3):
        left.send(b"%d" % number)
    assert loop.run() is Ended.STOPPED
    assert heard == [b"0", b"1", b"2"]


def test_descriptors_are_read_beside_sockets(context: zmq.Context, loop: Loop) -> None:
    left, right = pair(context)
    reading, writing = os.pipe()
    heard: list[bytes] = []

    def read_file() -> None:
        heard.append(os.read(reading, 100))
        left.send(b"from the socket")

    def read_socket() -> None:
        heard.append(right.recv())
        loop.stop()

    with os.fdopen(reading, "rb") as file:
        loop.reader(file, read_file)
        loop.reader(right, read_socket)
        os.write(writing, b"from the file")
        assert loop.run() is Ended.STOPPED
    os.close(writing)
    assert heard == [b"from the file", b"from the socket"]


def test_a_source_has_one_reader(context: zmq.Context, loop: Loop) -> None:
    _, socket = pair(context)
    reader = loop.reader(socket, loop.stop)
    with pytest.raises(ValueError, match="has a reader already"):
        loop.reader(socket, loop.stop)
    loop.cancel(reader)
    loop.reader(socket, loop.stop)
    loop.cancel(reader)
    with pytest.raises(ValueError, match="has a reader already"):
        loop.reader(socket, loop.stop)


def test_timers_that_are_due_when_the_loop_stops_are_called_when_it_runs_again(loop: Loop) -> None:
    calls: list[int] = []

    def fail() -> None:
        raise RuntimeError

    loop.after(0, loop.stop)
    loop.after(0, fail)
    loop.after(0, calls.append, 1)
    assert loop.run() is Ended.STOPPED
    with pytest.raises(RuntimeError):
        loop.run()
    loop.after(0, loop.stop)
    assert loop.run() is Ended.STOPPED
    assert calls == [1]


def test_an_asyncio_socket_is_refused(loop: Loop) -> None:
    with azmq.Context() as other, pytest.raises(TypeError, match="use the Poller of the module"):
        loop.reader(other.socket(zmq.DEALER), loop.stop)
    loop.after(0, loop.stop)
    assert loop.run() is Ended.STOPPED


def test_a_reader_cancels_another_that_is_ready_too(context: zmq.Context, loop: Loop) -> None:
    pairs = [pair(context), pair(context)]
    calls: list[int] = []

    def only(number: int) -> None:
        calls.append(number)
        loop.cancel(readers[1 - number])
        loop.stop()

    readers = [loop.reader(pairs[number][1], only, number) for number in (0, 1)]
    for left, right in pairs:
        left.send(b"x")
        assert right.poll(10_000)
    assert loop.run() is Ended.STOPPED
    assert calls == [0]


def test_what_another_handler_has_read_is_not_waited_for(context: zmq.Context, loop: Loop) -> None:
    pairs = [pair(context), pair(context)]
    sockets = [right for _, right in pairs]

    def read_both() -> None:
        for socket in sockets:
            socket.recv()
        loop.after(0, loop.stop)

    for socket in sockets:
        loop.reader(socket, read_both)
    for left, right in pairs:
        left.send(b"x")
        assert right.poll(10_000)
    assert loop.run() is Ended.STOPPED


def test_readers_come_and_go_inside_handlers(context: zmq.Context, loop: Loop) -> None:
    left, right = pair(context)
    calls: list[str] = []

    def first() -> None:
        calls.append("first")
        right.recv()
        loop.cancel(reader)
        loop.reader(right, second)
        left.send(b"again")

    def second() -> None:
        calls.append("second")
        right.recv()
        loop.stop()

    reader = loop.reader(right, first)
    left.send(b"x")
    assert loop.run() is Ended.STOPPED
    assert calls == ["first", "second"]


# Timers.


def test_timers_fire_in_the_order_of_their_times(loop: Loop) -> None:
    fired: list[int] = []
    for delay in (30, 10, 20, 0):
        loop.after(delay, fired.append, delay)
    loop.after(40, loop.stop)
    assert loop.run() is Ended.STOPPED
    assert fired == [0, 10, 20, 30]


def test_a_timer_fires_once_n_times_or_for_ever(loop: Loop) -> None:
    fired: list[str] = []

    def last() -> None:
        fired.append("ever")
        if fired.count("ever") == 6:
            loop.stop()

    loop.after(1, fired.append, "once")
    loop.every(1, fired.append, "thrice", times=3)
    loop.every(2, last)
    assert loop.run() is Ended.STOPPED
    assert [fired.count(name) for name in ("once", "thrice", "ever")] == [1, 3, 6]


def test_no_timer_is_early(loop: Loop) -> None:
    started = time.monotonic()
    loop.after(12.5, loop.stop)
    loop.run()
    assert time.monotonic() - started >= 0.0125


def test_slow_handlers_do_not_shift_the_next_call(loop: Loop) -> None:
    calls: list[float] = []

    def slow() -> None:
        calls.append(time.monotonic())
        time.sleep(0.01)

    loop.every(20, slow, times=5)
    loop.after(120, loop.stop)
    started = time.monotonic()
    loop.run()
    for number, call in enumerate(calls, 1):
        assert call - started >= number * 0.02 - 0.001


def test_calls_that_were_missed_are_left_out(loop: Loop) -> None:
    calls: list[float] = []

    def tick() -> None:
        calls.append(time.monotonic())
        if len(calls) == 1:
            time.sleep(0.055)
        if len(calls) == 3:
            loop.stop()

    deadline = loop.every(10, tick).deadline
    assert deadline is not None
    loop.run()
    intervals = [int((call - deadline) / 0.01 + 0.001) for call in calls]
    assert intervals[0] < intervals[1] < intervals[2]
    assert intervals[1] >= 5


def test_a_timer_cancels_itself_and_another(loop: Loop) -> None:
    fired: list[str] = []

    def both() -> None:
        fired.append("both")
        loop.cancel(mine)
        loop.cancel(other)
        loop.after(5, loop.stop)

    mine = loop.every(1, both)
    other = loop.after(1, fired.append, "other")
    assert loop.run() is Ended.STOPPED
    assert fired == ["both"]


def test_a_timer_that_starts_another_at_once_does_not_starve_readers(
    context: zmq.Context, loop: Loop
) -> None:
    left, right = pair(context)

    def again() -> None:
        loop.after(0, again)

    again()
    loop.reader(right, loop.stop)
    left.send(b"x")
    assert loop.run() is Ended.STOPPED


def test_cancelled_timers_are_forgotten(loop: Loop) -> None:
    for _ in range(10_000):
        loop.cancel(loop.after(60_000, loop.stop))
    assert len(loop._timers) < 2000
    loop.after(0, loop.stop)
    assert loop.run() is Ended.STOPPED


@pytest.mark.parametrize("wrong", [0, -1, float("nan")])
def test_times_that_make_no_sense_are_refused(loop: Loop, wrong: float) -> None:
    with pytest.raises(ValueError, match="interval_ms is"):
        loop.every(wrong, loop.stop)
    with pytest.raises(ValueError, match="times is"):
        loop.every(1, loop.stop, times=0)
    with pytest.raises(ValueError, match="delay_ms is"):
        loop.after(-1, loop.stop)


# How it ends.


def test_it_ends_when_nothing_is_left_to_wait_for() -> None:
    loop = Loop()
    fired: list[str] = []
    loop.every(1, fired.append, "x", times=2)
    loop.cancel(loop.after(60_000, fired.append, "never"))
    assert loop.run() is Ended.IDLE
    assert fired == ["x", "x"]


def test_what_a_handler_raises_is_raised(loop: Loop) -> None:
    loop.after(0, int, "wrong")
    with pytest.raises(ValueError, match="wrong"):
        loop.run()
    loop.after(0, loop.stop)
    assert loop.run() is Ended.STOPPED


def test_stop_before_run_counts(loop: Loop) -> None:
    loop.after(0, loop.cancel, loop.after(0, lambda: None))
    loop.stop()
    assert loop.run() is Ended.STOPPED


def test_a_loop_inside_a_loop_ends_alone(loop: Loop) -> None:
    ends: list[Ended] = []

    def inner() -> None:
        loop.after(0, loop.stop)
        ends.append(loop.run())
        loop.after(0, loop.stop)

    loop.after(0, inner)
    ends.append(loop.run())
    assert ends == [Ended.STOPPED, Ended.STOPPED]


def test_the_end_of_the_context_ends_it(context: zmq.Context, loop: Loop) -> None:
    _, right = pair(context)
    loop.reader(right, right.recv)
    ending = threading.Thread(target=context.term)
    loop.after(10, ending.start)
    assert loop.run() is Ended.TERMINATED
    ending.join()


def test_a_socket_that_was_closed_is_named(context: zmq.Context, loop: Loop) -> None:
    _, right = pair(context)
    loop.reader(right, right.recv)
    loop.after(0, right.close)
    with pytest.raises(zmq.ZMQError, match="the socket is closed"):
        loop.run()


INTERRUPTED = """
import antiphon.zmq as zmq
from antiphon.loop import Loop
with zmq.Context() as context:
    socket = context.socket(zmq.REP)
    socket.bind("tcp://127.0.0.1:*")
    loop = Loop()
    loop.reader(socket, socket.recv)
    loop.after(0, print, "running")
    print(loop.run().name)
"""


def test_ctrl_c_ends_it() -> None:
    program = subprocess.Popen(
        [sys.executable, "-u", "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "running\n"
    program.send_signal(signal.SIGINT)
    output, _ = program.communicate(timeout=20)
    assert (program.returncode, output) == (0, "INTERRUPTED\n")
