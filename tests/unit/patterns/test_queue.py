"""What a peer has sent and nobody has taken yet."""

import gc

import pytest

from antiphon.patterns.queue import MessageQueue

MESSAGES = [[b"one"], [b"", b"two"], [b""], [b"three", b"", b"3"]]


def test_messages_come_out_as_they_went_in() -> None:
    queue = MessageQueue()
    queue.put_all(MESSAGES[:2])
    for message in MESSAGES[2:]:
        queue.put(message)
    assert len(queue) == 4
    assert list(queue) == MESSAGES
    assert queue.oldest() == MESSAGES[0]
    assert [queue.take() for _ in range(4)] == MESSAGES
    assert not queue
    with pytest.raises(IndexError):
        queue.take()
    with pytest.raises(IndexError):
        queue.oldest()


def test_it_can_be_emptied() -> None:
    queue = MessageQueue()
    queue.put_all(MESSAGES)
    queue.clear()
    assert (len(queue), list(queue)) == (0, [])


def test_the_collector_has_nothing_to_do_with_messages_of_one_frame() -> None:
    queue = MessageQueue()
    gc.collect()
    before = len(gc.get_objects())
    queue.put_all([[b"%d" % number] for number in range(1000)])
    gc.collect()
    assert len(gc.get_objects()) - before < 100
