"""SUB and XSUB: what publishers are told, what comes in, what is filtered."""

import pytest

from antiphon.constants import SocketType
from antiphon.errors import OperationNotSupported, OptionError
from antiphon.patterns.base import PEER_GONE, QUEUE_FULL, SENDER_GONE
from antiphon.patterns.subscriber import NOT_SUBSCRIBED, SLOW_PUBLISHER, Sub, Xsub

from .pipes import RememberingEnd, comes, connect, everything, goes, join, options


def new_sub(*topics: bytes, hwm: int = 1000, **others: object) -> Sub:
    sub = Sub(options(SocketType.SUB, hwm, **others))
    for topic in topics:
        sub.subscribe(topic)
    return sub


def test_a_publisher_is_told_of_all_subscriptions_when_it_comes_and_of_later_ones_at_once() -> None:
    sub = new_sub(b"A", b"B")
    first, second = join(sub), join(sub)
    assert goes(first) == goes(second) == [[b"\x01A"], [b"\x01B"]]
    sub.subscribe(b"C")
    sub.unsubscribe(b"A")
    assert goes(first) == goes(second) == [[b"\x01C"], [b"\x00A"]]
    assert goes(join(sub)) == [[b"\x01B"], [b"\x01C"]]


def test_subscriptions_are_counted() -> None:
    """Z20: as many ends as starts; the publishers hear of each start and of the last end."""
    sub = new_sub(b"A")
    peer = join(sub)
    sub.subscribe(b"A")
    sub.unsubscribe(b"A")
    assert goes(peer) == [[b"\x01A"], [b"\x01A"]]
    comes(sub, peer, [b"A1"])
    sub.unsubscribe(b"A")
    assert goes(peer) == [[b"\x00A"]]
    comes(sub, peer, [b"A2"])
    assert everything(sub) == [[b"A1"]]
    sub.unsubscribe(b"A")
    assert goes(peer) == []


def test_verbose_unsubscribe_tells_each_end() -> None:
    xsub = Xsub(options(xsub_verbose_unsubscribe=True))
    peer = join(xsub)
    for part in (b"\x01A", b"\x01A", b"\x00A", b"\x00A", b"\x00A"):
        xsub.try_send([part])
    assert goes(peer) == [[b"\x01A"], [b"\x01A"], [b"\x00A"], [b"\x00A"], [b"\x00A"]]


def test_what_was_not_told_before_a_connection_broke_is_told_once_by_the_next() -> None:
    """R28.23: the pipe stays; the new connection starts with all subscriptions, then the rest."""
    xsub = Xsub(options())
    peer = join(xsub, connected=False)
    xsub.try_send([b"\x01A"])
    xsub.try_send([b"early"])
    assert peer.outbound == [[b"early"]]
    connect(xsub, peer)
    xsub.try_send([b"\x01B"])
    xsub.try_send([b"\x00A"])
    assert peer.outbound == [[b"\x01A"], [b"early"], [b"\x01B"], [b"\x00A"]]
    peer.peer_type = b""
    xsub.interrupted(peer)
    xsub.try_send([b"\x01C"])
    assert peer.outbound == [[b"early"]]
    connect(xsub, peer)
    assert goes(peer) == [[b"\x01B"], [b"\x01C"], [b"early"]]


def test_subscriptions_are_not_dropped_by_a_high_water_mark() -> None:
    sub = new_sub(*(b"%d" % n for n in range(50)), hwm=2)
    peer = join(sub)
    sub.subscribe(b"late")
    assert goes(peer) == [*([b"\x01%d" % n] for n in range(50)), [b"\x01late"]]
    assert peer.unblocked()
    assert sub.drops == {}


def test_a_publisher_that_reads_no_subscriptions_is_closed_in_the_end() -> None:
    sub = new_sub(hwm=10)
    slow, quick = join(sub), join(sub)
    told = 0
    for number in range(1000):
        sub.subscribe(b"%d" % number)
        sub.unsubscribe(b"%d" % number)
        told += len(goes(quick))
        quick.unblocked()
    assert isinstance(slow.end, RememberingEnd)
    assert slow.end.closed == SLOW_PUBLISHER
    assert told == 2000
    assert sub.drops == {}


def test_a_sub_filters_what_comes_all_the_same() -> None:
    sub = new_sub(b"A", b"AB")
    peer = join(sub)
    comes(sub, peer, [b"A"], [b"B", b"A"], [b""], [b"ABC", b""])
    assert everything(sub) == [[b"A"], [b"ABC", b""]]
    assert sub.drops == {NOT_SUBSCRIBED: 2}
    sub.subscribe(b"")
    comes(sub, peer, [b"B"], [b""])
    assert everything(sub) == [[b"B"], [b""]]


def test_a_sub_without_subscriptions_gets_nothing() -> None:
    sub = new_sub()
    peer = join(sub)
    comes(sub, peer, [b"x"])
    assert not sub.can_recv()
    assert not peer.in_fair_queue


def test_inverted_matching_keeps_what_is_not_subscribed_to() -> None:
    sub = new_sub(b"A", invert_matching=True)
    peer = join(sub)
    comes(sub, peer, [b"A1"], [b"B1"])
    assert everything(sub) == [[b"B1"]]


def test_an_xsub_takes_all_that_comes() -> None:
    xsub = Xsub(options())
    peer = join(xsub)
    comes(xsub, peer, [b"anything"])
    assert xsub.can_recv()
    assert everything(xsub) == [[b"anything"]]


def test_publishers_are_heard_in_turn() -> None:
    sub = new_sub(b"")
    one, two = join(sub), join(sub)
    comes(sub, one, [b"1a"], [b"1b"])
    comes(sub, two, [b"2a"], [b"2b"])
    assert everything(sub) == [[b"1a"], [b"2a"], [b"1b"], [b"2b"]]


def test_a_sub_never_sends() -> None:
    sub = new_sub(b"")
    join(sub)
    assert not sub.can_send()
    for attempt in (sub.check_send, lambda: sub.try_send([b"x"])):
        with pytest.raises(OperationNotSupported, match="SUB"):
            attempt()


def test_an_xsub_sends_to_every_publisher_that_has_room() -> None:
    xsub = Xsub(options(hwm=2))
    slow, quick = join(xsub), join(xsub)
    assert xsub.can_send()
    for number in range(3):
        assert xsub.try_send([b"%d" % number, b"x"])
        assert goes(quick) == [[b"%d" % number, b"x"]]
        quick.unblocked()
    assert slow.outbound == [[b"0", b"x"], [b"1", b"x"]]
    assert xsub.drops == {QUEUE_FULL: 1}


@pytest.mark.parametrize("first_only", [False, True])
def test_subscriptions_among_the_frames_of_a_message(first_only: bool) -> None:
    xsub = Xsub(options(only_first_subscribe=first_only))
    peer = join(xsub)
    xsub.try_send([b"\x01A", b"\x01B", b"text"])
    xsub.try_send([b"text", b"\x01C"])
    assert goes(peer) == [[b"\x01A", b"\x01B", b"text"], [b"text", b"\x01C"]]
    assert xsub.topics_count() == (1 if first_only else 3)


def test_changes_among_other_frames_reach_those_who_have_no_room_or_are_not_there() -> None:
    xsub = Xsub(options(hwm=1))
    absent, full = join(xsub, connected=False), join(xsub)
    full.push([b"fills it"])
    xsub.try_send([b"text", b"\x01A", b"\x00never", b"more"])
    xsub.try_send([b"\x01B", b"\x01C"])
    assert goes(full) == [[b"fills it"], [b"\x01A"], [b"\x01B"], [b"\x01C"]]
    assert xsub.drops == {QUEUE_FULL: 1}
    connect(xsub, absent)
    assert goes(absent) == [[b"\x01A"], [b"\x01B"], [b"\x01C"], [b"text", b"more"]]


@pytest.mark.parametrize("first_only", [False, True])
def test_what_waits_for_the_next_connection_subscribes_to_nothing(first_only: bool) -> None:
    xsub = Xsub(options(only_first_subscribe=first_only))
    peer = join(xsub)
    xsub.try_send([b"\x01A", b"text"])
    xsub.try_send([b"text", b"\x01B"])
    xsub.try_send([b"\x01C", b"\x01D", b"text"])
    xsub.interrupted(peer)
    if first_only:
        assert goes(peer) == [[b"text"], [b"text", b"\x01B"]]
        # By itself it would subscribe.
        assert xsub.drops == {PEER_GONE: 1}
    else:
        assert goes(peer) == [[b"text"]] * 3
        assert xsub.drops == {}


def test_a_frame_that_is_the_first_once_more_is_not_the_first() -> None:
    xsub = Xsub(options(only_first_subscribe=True))
    peer = join(xsub)
    frame = b"\x01A"
    xsub.try_send([frame, frame])
    xsub.try_send([b"\x00A"])
    assert goes(peer) == [[b"\x01A", b"\x01A"], [b"\x00A"]]


def test_topics_are_counted_once_each() -> None:
    sub = new_sub(b"A", b"A", b"AB")
    assert sub.topics_count() == 2
    sub.unsubscribe(b"A")
    assert sub.topics_count() == 2
    sub.unsubscribe(b"A")
    assert sub.topics_count() == 1


def test_a_vanished_publisher_leaves_nothing() -> None:
    """R28.24: messages are counted; subscriptions that it was not told are none."""
    xsub = Xsub(options())
    gone, there = join(xsub), join(xsub)
    comes(xsub, gone, [b"lost"])
    xsub.try_send([b"\x01A"])
    xsub.try_send([b"message"])
    xsub.detach(gone)
    assert xsub.drops == {SENDER_GONE: 1, PEER_GONE: 1}
    assert everything(xsub) == []
    xsub.try_send([b"more"])
    assert not gone.outbound
    assert len(there.outbound) == 3


def test_a_publisher_that_is_given_up_gets_what_was_queued_and_hears_nothing_more() -> None:
    xsub = Xsub(options())
    peer = join(xsub)
    xsub.try_send([b"before"])
    xsub.retire(peer)
    xsub.try_send([b"\x01A"])
    xsub.try_send([b"after"])
    comes(xsub, peer, [b"last words"])
    assert goes(peer) == [[b"before"]]
    assert everything(xsub) == [[b"last words"]]


def test_only_a_sub_subscribes_by_options() -> None:
    xsub = Xsub(options())
    for attempt in (xsub.subscribe, xsub.unsubscribe):
        with pytest.raises(OptionError, match="SUBSCRIBE"):
            attempt(b"A")
