"""The double queue of a peer: its bounds, and whom it wakes when (R28.22-R28.26)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.constants import SocketType
from antiphon.options import SocketOptions
from antiphon.patterns.pipe import Pipe, PipeEnd, make_pipe, message_size
from antiphon.queue import MessageQueue

BIG = 10**6


def take_outbound(pipe: Pipe) -> list[bytes]:
    """Take the oldest message, as the far end does."""
    parts = pipe.outbound[0]
    pipe.outbound_taken(1)
    return parts


class FarEnd(PipeEnd):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def outbound_ready(self) -> None:
        self.told.append("ready")

    def inbound_room(self) -> None:
        self.told.append("room")


def bounds(hwm: int = 1000, limit_bytes: int = 2**20) -> SocketOptions:
    options = SocketOptions()
    options.sndhwm = options.rcvhwm = hwm
    options.sndhwm_bytes = options.rcvhwm_bytes = limit_bytes
    return options


def joined(hwm: int = 1000, limit_bytes: int = 2**20) -> tuple[Pipe, FarEnd]:
    pipe = Pipe(bounds(hwm, limit_bytes))
    end = FarEnd()
    pipe.end = end
    return pipe, end


def arrive(pipe: Pipe, *messages: list[bytes]) -> int:
    """Do what a far end does: stop at the bound, and pause; returns how many went in."""
    for count, parts in enumerate(messages):
        if not pipe.room():
            pipe.paused = True
            return count
        pipe.inbound_bytes += message_size(parts)
        pipe.put_inbound(MessageQueue([parts]))
    pipe.paused = not pipe.room()
    return len(messages)


def fill(pipe: Pipe, size: int = 0) -> int:
    """Push until the pipe is full; returns how many messages that took."""
    count = 0
    while not pipe.blocked:
        pipe.push([bytes(size)])
        count += 1
    return count


def take_until_unblocked(pipe: Pipe) -> int:
    """Return how many messages were left when the pipe said that it has room."""
    while not pipe.unblocked():
        take_outbound(pipe)
    return len(pipe.outbound)


def test_every_frame_costs_something_even_an_empty_one() -> None:
    assert message_size([]) == 0
    assert message_size([b""]) > 0
    assert message_size([b"", b"ab"]) == message_size([b""]) * 2 + 2


def test_messages_leave_in_the_order_they_came() -> None:
    """R28.22: one queue in each direction, and neither mixes with the other."""
    pipe, _ = joined()
    for number in range(5):
        pipe.push([b"out%d" % number])
    arrive(pipe, *([b"in%d" % number] for number in range(5)))
    assert [take_outbound(pipe) for _ in range(5)] == [[b"out%d" % n] for n in range(5)]
    assert [pipe.take_inbound() for _ in range(5)] == [[b"in%d" % n] for n in range(5)]
    assert (pipe.sent, pipe.received) == (5, 5)


@pytest.mark.parametrize("hwm", [1, 2, 3, 10])
def test_outbound_is_full_at_its_bound_until_half_of_it(hwm: int) -> None:
    """R28.25, R28.26: the bound in messages, and its low-water mark."""
    pipe, _ = joined(hwm)
    assert fill(pipe) == hwm
    assert take_until_unblocked(pipe) == hwm // 2
    assert not pipe.blocked


def test_room_in_outbound_is_told_once() -> None:
    pipe, _ = joined(2)
    assert not pipe.unblocked()
    fill(pipe)
    take_outbound(pipe)
    assert pipe.unblocked()
    assert not pipe.unblocked()


def test_a_bound_of_zero_is_none() -> None:
    pipe, _ = joined(0)
    for _ in range(3000):
        pipe.push([b""])
    assert not pipe.blocked
    assert arrive(pipe, *([b""] for _ in range(3000))) == 3000
    assert pipe.room() > 0


def test_the_oldest_message_out_is_let_through_whatever_it_weighs() -> None:
    """R28.25: a message larger than the whole bound can be sent, one at a time."""
    pipe, _ = joined(limit_bytes=100)
    pipe.push([bytes(BIG)])
    alone = pipe.blocked
    pipe.push([bytes(BIG)])
    assert (alone, pipe.blocked) == (False, True)
    take_outbound(pipe)
    assert pipe.unblocked()


def test_outbound_is_full_by_its_bytes_until_half_of_them() -> None:
    """R28.25: ten messages are the bound; the oldest is left out on both sides of it."""
    pipe, _ = joined(limit_bytes=message_size([bytes(100)]) * 10)
    assert fill(pipe, 100) == 11
    assert take_until_unblocked(pipe) == 6
    assert fill(pipe, 100) == 5


def test_many_empty_frames_fill_a_queue_too() -> None:
    pipe, _ = joined(0, 64 * 1024)
    assert fill(pipe) <= 1025


def test_room_needs_both_low_water_marks() -> None:
    pipe, _ = joined(4, message_size([bytes(100)]) * 2)
    pipe.push([b"light"])
    pipe.push([b"light"])
    pipe.push([bytes(BIG)])
    pipe.push([b"light"])
    take_outbound(pipe)
    take_outbound(pipe)
    assert pipe.unblocked()


def test_the_far_end_is_told_only_of_the_first_message() -> None:
    pipe, end = joined()
    pipe.push([b"1"])
    pipe.push([b"2"])
    assert end.told == ["ready"]
    take_outbound(pipe)
    pipe.push([b"3"])
    assert end.told == ["ready"]
    take_outbound(pipe)
    take_outbound(pipe)
    pipe.push([b"4"])
    assert end.told == ["ready", "ready"]


@pytest.mark.parametrize("hwm", [1, 2, 3, 10])
def test_reading_goes_on_at_the_low_water_mark(hwm: int) -> None:
    """R28.25: the far end stops at the bound and is told, once, at half of it."""
    pipe, end = joined(hwm)
    assert arrive(pipe, *([b"m"] for _ in range(hwm + 1))) == hwm
    while not end.told:
        pipe.take_inbound()
    assert len(pipe.inbound) == hwm // 2
    while pipe.inbound:
        pipe.take_inbound()
    assert end.told == ["room"]


def test_a_queue_that_was_never_full_wakes_nobody() -> None:
    pipe, end = joined(4)
    arrive(pipe, [b"1"], [b"2"], [b"3"])
    for _ in range(3):
        pipe.take_inbound()
    assert end.told == []


def test_inbound_is_full_by_its_bytes_until_half_of_them() -> None:
    """R28.25: as for outbound, the oldest message is not weighed."""
    pipe, end = joined(limit_bytes=message_size([bytes(100)]) * 10)
    assert arrive(pipe, *([bytes(100)] for _ in range(20))) == 11
    while not end.told:
        pipe.take_inbound()
    assert len(pipe.inbound) == 6
    assert pipe.room() > 0


def test_the_oldest_message_in_is_let_in_whatever_it_weighs() -> None:
    pipe, end = joined(limit_bytes=100)
    for _ in range(3):
        assert arrive(pipe, [bytes(BIG)], [bytes(BIG)], [b""]) == 2
        pipe.take_inbound()
        pipe.take_inbound()
        assert not pipe.paused
    assert end.told == ["room"] * 3


def test_new_bounds_count_for_what_is_queued_already() -> None:
    pipe, end = joined(4)
    arrive(pipe, *([b"m"] for _ in range(4)))
    fill(pipe)
    pipe.set_limits(bounds(2))
    assert pipe.room() == 0
    pipe.check_inbound()
    assert end.told == ["ready"]
    pipe.set_limits(bounds(8))
    pipe.check_inbound()
    assert end.told == ["ready", "room"]
    assert pipe.room() == 4
    assert pipe.unblocked()


def test_the_queues_outlive_the_far_end() -> None:
    """R28.23: what is queued waits for the next connection."""
    pipe, end = joined(1)
    arrive(pipe, [b"in"], [b"too much"])
    pipe.push([b"out"])
    pipe.disconnected()
    assert not pipe.paused
    assert (list(pipe.inbound), list(pipe.outbound)) == ([[b"in"]], [[b"out"]])
    pipe.take_inbound()
    assert end.told == ["ready"]


@given(st.lists(st.one_of(st.none(), st.integers(0, 300)), max_size=60), st.integers(1, 1000))
def test_open_queues_are_below_their_bounds(steps: list[int | None], limit: int) -> None:
    """R28.25: whatever comes and goes, a queue that is not full weighs less than its bound."""
    pipe, _ = joined(8, limit)
    for size in steps:
        if size is None:
            if pipe.outbound:
                take_outbound(pipe)
                pipe.unblocked()
            if pipe.inbound:
                pipe.take_inbound()
        else:
            if not pipe.blocked:
                pipe.push([bytes(size)])
            arrive(pipe, [bytes(size)])
        heavy = sum(message_size(parts) for parts in list(pipe.outbound)[1:])
        assert pipe.blocked or (heavy < limit and len(pipe.outbound) < 8)
        assert len(pipe.inbound) <= 8
        heavy = sum(message_size(parts) for parts in list(pipe.inbound)[1:])
        assert pipe.paused or (heavy < limit and len(pipe.inbound) < 8)


@pytest.mark.parametrize(
    ("kind", "outbound", "inbound"),
    [
        (SocketType.PUSH, True, False),
        (SocketType.PUB, True, False),
        (SocketType.PULL, False, True),
        (SocketType.SUB, False, True),
        (SocketType.DEALER, True, True),
        (SocketType.ROUTER, False, False),
    ],
)
def test_conflate_keeps_the_last_message_and_is_never_full(
    kind: SocketType, outbound: bool, inbound: bool
) -> None:
    """4.2 conflate: whole messages, in the directions in which the type sends or receives."""
    options = SocketOptions(kind)
    options.conflate = True
    options.sndhwm = options.rcvhwm = 10
    pipe = make_pipe(options)
    for number in range(9):
        pipe.push([b"%d" % number, b"x"])
    assert pipe.outbound == [[b"%d" % n, b"x"] for n in ([8] if outbound else range(9))]
    pipe.push([b"last"])
    assert pipe.blocked != outbound
    for number in range(0, 10, 2):
        pipe.put_inbound(MessageQueue([[b"%d" % number], [b"%d" % (number + 1)]]))
    assert list(pipe.inbound) == [[b"%d" % n] for n in ([9] if inbound else range(10))]
    assert pipe.received == 10
    assert (pipe.room() > 0) == inbound


def test_messages_that_wait_can_be_replaced() -> None:
    options = SocketOptions()
    options.sndhwm = 2
    pipe = Pipe(options)
    for part in (b"1", b"2"):
        pipe.push([part])
    assert pipe.blocked
    pipe.replace_outbound([[b"3"]])
    assert (pipe.outbound, pipe.blocked) == ([[b"3"]], False)
    pipe.replace_outbound([[b"4"], [b"5"], [b"6"]])
    assert (len(pipe.outbound), pipe.blocked) == (3, True)


def test_what_is_not_decoded_is_asked_for_when_inbound_is_empty() -> None:
    pipe, end = joined(10)
    pipe.put_inbound(MessageQueue([[b"1"], [b"2"]]))
    pipe.put_off(15)
    pipe.stop_inbound()
    assert pipe.received == 17
    pipe.take_inbound()
    assert end.told == []
    pipe.take_inbound()
    assert end.told == ["room"]
    assert pipe.paused
    assert (pipe.take_up(10), pipe.undecoded, pipe.received) == (10, 5, 7)
    assert (pipe.take_up(10), pipe.undecoded, pipe.received) == (5, 0, 2)
    pipe.check_inbound()
    assert end.told == ["room", "room"]
    assert not pipe.paused


def test_a_pipe_without_a_far_end_has_nothing_to_decode() -> None:
    for end_it in (Pipe.clear, Pipe.disconnected):
        pipe, _ = joined(10)
        pipe.put_off(15)
        end_it(pipe)
        assert pipe.undecoded == 0
