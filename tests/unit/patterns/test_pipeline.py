"""PUSH and PULL: work goes to one worker each, results are collected in turn (RFC 30)."""

import pytest

from antiphon.constants import SocketType
from antiphon.errors import ENOTSUP, OperationNotSupported
from antiphon.patterns.base import SENDER_GONE, UNEXPECTED_MESSAGE
from antiphon.patterns.pipeline import Pull, Push

from .pipes import comes, everything, goes, join, options


def test_push_gives_each_worker_its_turn() -> None:
    push = Push(options())
    workers = [join(push) for _ in range(5)]
    for number in range(10):
        assert push.try_send([b"%d" % number])
    assert [goes(worker) for worker in workers] == [
        [[b"%d" % n], [b"%d" % (n + 5)]] for n in range(5)
    ]


def test_push_waits_for_a_worker_with_room_and_discards_nothing() -> None:
    push = Push(options(hwm=1))
    assert not push.try_send([b"early"])
    worker = join(push)
    assert push.try_send([b"1"])
    assert not push.try_send([b"2"])
    assert (push.can_send(), push.can_recv()) == (False, False)
    join(push)
    assert push.can_send()
    assert push.drops == {}
    assert goes(worker) == [[b"1"]]


def test_push_never_receives_and_drops_what_comes_all_the_same() -> None:
    push = Push(options(SocketType.PUSH))
    worker = join(push)
    comes(push, worker, [b"cheeky"], [b"again"])
    assert not worker.inbound
    assert push.drops == {UNEXPECTED_MESSAGE: 2}
    with pytest.raises(OperationNotSupported, match="PUSH") as caught:
        push.try_recv()
    assert caught.value.errno == ENOTSUP


def test_pull_takes_one_message_of_each_sender_in_turn() -> None:
    pull = Pull(options())
    senders = [join(pull) for _ in range(5)]
    for sender in senders:
        name = b"%d" % senders.index(sender)
        comes(pull, sender, [name, b"first"], [name, b"second"])
    received = everything(pull)
    assert [parts[1] for parts in received] == [b"first"] * 5 + [b"second"] * 5
    assert sorted(parts[0] for parts in received[:5]) == [b"0", b"1", b"2", b"3", b"4"]


def test_pull_destroys_what_a_vanished_sender_left() -> None:
    """What libzmq's own test of this asks for, and libzmq does not do."""
    pull = Pull(options())
    gone, there = join(pull), join(pull)
    comes(pull, gone, [b"lost"], [b"lost too"])
    comes(pull, there, [b"kept"])
    pull.detach(gone)
    assert everything(pull) == [[b"kept"]]
    assert pull.drops == {SENDER_GONE: 2}


def test_pull_never_sends() -> None:
    pull = Pull(options(SocketType.PULL))
    join(pull)
    assert not pull.can_send()
    for attempt in (pull.check_send, lambda: pull.try_send([b"x"])):
        with pytest.raises(OperationNotSupported, match="PULL"):
            attempt()
