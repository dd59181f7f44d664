"""Messages that wait: in the order in which they came, whatever is done with them meanwhile."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.queue import MessageQueue

MESSAGES = [[b"one"], [b"", b"two"], [b""], [b"three", b"", b"3"]]


def test_messages_come_out_as_they_went_in() -> None:
    queue = MessageQueue(MESSAGES[:2])
    queue.back.append(b"")
    queue.put(MESSAGES[3])
    assert len(queue) == 4
    assert list(queue) == MESSAGES
    assert queue.oldest() == MESSAGES[0]
    assert [queue.take() for _ in range(3)] == MESSAGES[:3]
    assert queue.take_frame() == MESSAGES[3][0]
    assert not queue
    with pytest.raises(IndexError):
        queue.take()
    with pytest.raises(IndexError):
        queue.take_frame()
    with pytest.raises(IndexError):
        queue.oldest()


_STEPS = ["put", "frame", "other", "take", "take other", "move", "drain"]


@given(st.lists(st.sampled_from(_STEPS)))
def test_a_queue_takes_over_another(steps: list[str]) -> None:
    queue, other = MessageQueue(), MessageQueue()
    ours: list[list[bytes]] = []
    others: list[list[bytes]] = []
    for number, step in enumerate(steps):
        body = b"%d" % number
        if step == "put":
            queue.put([body, b""])
            ours.append([body, b""])
        elif step == "frame":
            queue.back.append(body)
            ours.append([body])
        elif step == "other":
            other.put([body])
            others.append([body])
        elif step == "take" and ours:
            assert queue.take() == ours.pop(0)
        elif step == "take other" and others:
            assert other.take() == others.pop(0)
        elif step == "move":
            queue.move(other)
            ours += others
            others = []
        elif step == "drain":
            assert queue.drain() == ours
            ours = []
        assert (len(queue), len(other)) == (len(ours), len(others))
        assert (list(queue), list(other)) == (ours, others)


def test_it_can_be_emptied() -> None:
    queue = MessageQueue(MESSAGES)
    queue.take()
    queue.clear()
    assert (len(queue), list(queue)) == (0, [])


def test_the_collector_has_nothing_to_do_with_messages_of_one_frame() -> None:
    queue = MessageQueue()
    gc.collect()
    before = len(gc.get_objects())
    for number in range(1000):
        queue.put([b"%d" % number])
    gc.collect()
    assert len(gc.get_objects()) - before < 100
