"""Whose turn it is: fair queueing in, load balancing or fanning out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.options import SocketOptions
from antiphon.patterns.pipe import Pipe, PipeEnd, message_size
from antiphon.patterns.schedule import FairQueue, FanOut, LoadBalancer
from antiphon.queue import MessageQueue


def take_outbound(pipe: Pipe) -> list[bytes]:
    """Take the oldest message, as the far end does."""
    parts = pipe.outbound[0]
    pipe.outbound_taken(1)
    return parts


def pipes(count: int, hwm: int = 1000) -> list[Pipe]:
    options = SocketOptions()
    options.sndhwm = options.rcvhwm = hwm
    return [Pipe(options) for _ in range(count)]


def queue_up(queue: FairQueue, pipe: Pipe, *bodies: bytes) -> None:
    pipe.put_inbound(MessageQueue([[body] for body in bodies]))
    queue.activate(pipe)


def taken(queue: FairQueue) -> list[bytes]:
    bodies = []
    while (parts := queue.take()) is not None:
        bodies += parts
    return bodies


def balanced(peers: list[Pipe]) -> LoadBalancer:
    balancer = LoadBalancer()
    for pipe in peers:
        balancer.activate(pipe)
    return balancer


def outbound(pipe: Pipe) -> list[bytes]:
    return [parts[0] for parts in pipe.outbound]


def test_one_message_from_each_peer_in_turn() -> None:
    """R28.14, R28.30, R28.38: the first of everyone comes before anyone's second."""
    queue = FairQueue()
    for name, pipe in zip((b"a", b"b", b"c"), pipes(3), strict=True):
        queue_up(queue, pipe, name + b"1", name + b"2", name + b"3")
    assert taken(queue) == [b"a1", b"b1", b"c1", b"a2", b"b2", b"c2", b"a3", b"b3", b"c3"]


def test_a_busy_peer_does_not_starve_a_quiet_one() -> None:
    """R28.14: a peer that starts later is served after one more message at most."""
    queue = FairQueue()
    busy, quiet = pipes(2)
    queue_up(queue, busy, *[b"busy"] * 100)
    queue.take()
    queue_up(queue, quiet, b"quiet")
    assert b"quiet" in [body for _ in range(2) for body in queue.take() or []]


def test_the_queue_knows_whose_message_it_gave() -> None:
    queue = FairQueue()
    first, second = pipes(2)
    queue_up(queue, first, b"1")
    queue_up(queue, second, b"2")
    queue.take()
    assert queue.last is first
    queue.take()
    assert queue.last is second
    assert queue.take() is None


def test_a_peer_is_queued_once_however_often_it_is_activated() -> None:
    queue = FairQueue()
    (pipe,) = pipes(1)
    queue_up(queue, pipe, b"1")
    queue_up(queue, pipe, b"2")
    assert taken(queue) == [b"1", b"2"]
    queue_up(queue, pipe, b"3")
    assert taken(queue) == [b"3"]


def test_a_removed_peer_is_not_asked_any_longer() -> None:
    """R28.24: and removing it twice, or before it had anything, is harmless."""
    queue = FairQueue()
    gone, stays = pipes(2)
    queue.remove(gone)
    queue_up(queue, gone, b"gone", b"gone")
    queue_up(queue, stays, b"stays")
    queue.take()
    queue.remove(gone)
    queue.remove(gone)
    assert queue.last is None
    assert taken(queue) == [b"stays"]


def test_who_waits_is_listed_in_the_order_of_their_turns() -> None:
    queue = FairQueue()
    peers = pipes(3)
    for peer in peers:
        queue_up(queue, peer, b"1", b"2")
    queue.take()
    assert list(queue) == [*peers[1:], peers[0]]
    assert len(queue) == 3


class _Breaks(PipeEnd):
    """A connection that turns out to be broken when it is read again."""

    def __init__(self, queue: FairQueue, pipe: Pipe) -> None:
        self.queue = queue
        self.pipe = pipe

    def inbound_room(self) -> None:
        self.queue.remove(self.pipe)
        self.pipe.clear()


def test_a_peer_that_ends_while_it_is_read_takes_no_other_with_it() -> None:
    """R28.14: reading on may end a connection, in the middle of take()."""
    queue = FairQueue()
    breaking, healthy = pipes(2, hwm=2)
    breaking.end = _Breaks(queue, breaking)
    queue_up(queue, breaking, b"bad1", b"bad2")
    breaking.paused = True
    queue_up(queue, healthy, b"good1", b"good2")
    assert taken(queue) == [b"bad1", b"good1", b"good2"]
    queue_up(queue, healthy, b"good3")
    assert taken(queue) == [b"good3"]


def test_the_only_peer_may_end_while_it_is_read() -> None:
    """R28.14: its last message is still given out."""
    queue = FairQueue()
    (breaking,) = pipes(1, hwm=2)
    breaking.end = _Breaks(queue, breaking)
    queue_up(queue, breaking, b"bad1", b"bad2")
    breaking.paused = True
    assert taken(queue) == [b"bad1"]


class _Raises(PipeEnd):
    """A connection whose end somebody looks at who raises."""

    def inbound_room(self) -> None:
        raise ValueError("seen")


def test_who_raises_while_a_peer_is_read_holds_nobody_up() -> None:
    queue = FairQueue()
    broken, healthy = pipes(2, hwm=2)
    broken.end = _Raises()
    queue_up(queue, broken, b"taken")
    broken.paused = True
    queue_up(queue, healthy, b"good")
    with pytest.raises(ValueError, match="seen"):
        queue.take()
    assert taken(queue) == [b"good"]
    assert len(queue) == 0


def test_one_message_to_each_peer_in_turn() -> None:
    """R28.5, R28.27: strict rotation."""
    peers = pipes(3)
    balancer = balanced(peers)
    for number in range(7):
        assert balancer.send([b"%d" % number]) is peers[number % 3]
    assert [outbound(pipe) for pipe in peers] == [[b"0", b"3", b"6"], [b"1", b"4"], [b"2", b"5"]]


def test_nobody_there_takes_nothing() -> None:
    """R28.6, R28.28."""
    parts = [b"kept"]
    assert LoadBalancer().send(parts) is None
    assert parts == [b"kept"]


def test_full_peers_are_passed_over() -> None:
    """R28.26: a peer is available only while its queue has room."""
    roomy = pipes(1)[0]
    small = pipes(1, hwm=1)[0]
    balancer = balanced([small, roomy])
    for number in range(4):
        balancer.send([b"%d" % number])
    assert (outbound(small), outbound(roomy)) == ([b"0"], [b"1", b"2", b"3"])


def test_when_all_are_full_nothing_is_taken_until_one_has_room() -> None:
    """R28.28, R28.29: none is sent to a full queue, none is discarded."""
    peers = pipes(2, hwm=2)
    balancer = balanced(peers)
    while balancer.send([b"m"]) is not None:
        pass
    assert [len(pipe.outbound) for pipe in peers] == [2, 2]
    take_outbound(peers[1])
    assert peers[1].unblocked()
    balancer.activate(peers[1])
    assert balancer.send([b"m"]) is peers[1]
    assert balancer.send([b"m"]) is None


def test_a_peer_with_room_again_joins_once() -> None:
    peers = pipes(2)
    balancer = balanced(peers)
    balancer.activate(peers[0])
    assert [balancer.send([b"m"]) for _ in range(4)] == peers * 2


def test_a_removed_peer_is_not_sent_to() -> None:
    """R28.24: the rotation of the others goes on."""
    peers = pipes(3)
    balancer = balanced(peers)
    balancer.send([b"m"])
    balancer.remove(peers[1])
    balancer.remove(peers[1])
    assert [balancer.send([b"m"]) for _ in range(4)] == [peers[2], peers[0], peers[2], peers[0]]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=6))
def test_fair_queueing_is_round_by_round(counts: list[int]) -> None:
    """E8, R28.38: round n holds the nth message of each peer that has so many, in one order."""
    queue = FairQueue()
    for index, (pipe, count) in enumerate(zip(pipes(len(counts)), counts, strict=True)):
        if count:
            queue_up(queue, pipe, *(bytes([number, index]) for number in range(count)))
    assert taken(queue) == sorted(
        bytes([number, index]) for index, count in enumerate(counts) for number in range(count)
    )


def test_a_fan_out_gives_to_all_who_have_room_and_counts_the_others() -> None:
    fan_out = FanOut()
    first, full, last = pipes(3, hwm=1)
    for pipe in (first, full, last):
        fan_out.add(pipe)
    full.push([b"waits"])
    assert fan_out.send([b"news"], fan_out.everybody()) == 1
    assert first.outbound == last.outbound == [[b"news"]]
    assert full.outbound == [[b"waits"]]


def test_a_fan_out_knows_who_takes_part() -> None:
    fan_out = FanOut()
    first, second, third = pipes(3)
    third.retired = True
    for pipe in (first, second, third):
        fan_out.add(pipe)
    assert fan_out.everybody() == [first, second]
    assert fan_out.all_but([first, third]) == [second]
    fan_out.remove(first)
    fan_out.remove(first)
    assert fan_out.everybody() == [second]


def test_what_is_fanned_out_weighs_as_much_in_each_queue_as_what_is_sent_alone() -> None:
    fan_out = FanOut()
    alone, *many = pipes(3)
    for _ in range(3):
        alone.push([b"topic", b"body"])
        fan_out.send([b"topic", b"body"], many)
    assert {pipe.outbound_bytes for pipe in (alone, *many)} == {
        2 * message_size([b"topic", b"body"])
    }
