"""PUB and XPUB: who gets a message, what peers may ask for, what the application is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.constants import SocketType
from antiphon.errors import OperationNotSupported, OptionError
from antiphon.patterns.base import PEER_GONE, QUEUE_FULL, SENDER_GONE, UNEXPECTED_MESSAGE
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.publisher import (
    MAX_TOPIC,
    TOO_MANY_SUBSCRIPTIONS,
    TOPIC_TOO_LONG,
    Pub,
    Xpub,
)

from .pipes import RememberingEnd, comes, connect, everything, goes, join, options

EITHER = pytest.mark.parametrize("kind", [Pub, Xpub])


def subscriber(pattern: Pub, *topics: bytes) -> Pipe:
    pipe = join(pattern)
    comes(pattern, pipe, *([b"\x01" + topic] for topic in topics))
    return pipe


def closing_reason(pipe: Pipe) -> str:
    assert isinstance(pipe.end, RememberingEnd)
    return pipe.end.closed


@EITHER
def test_a_message_goes_to_those_who_subscribed_to_a_prefix_of_its_first_frame(
    kind: type[Pub],
) -> None:
    pub = kind(options())
    everybody, weather, rain, stocks = (
        subscriber(pub, b""),
        subscriber(pub, b"weather"),
        subscriber(pub, b"weather.rain", b"weather"),
        subscriber(pub, b"stocks"),
    )
    assert pub.try_send([b"weather.rain", b"stocks", b""])
    assert goes(everybody) == goes(weather) == goes(rain) == [[b"weather.rain", b"stocks", b""]]
    assert goes(stocks) == []
    assert pub.try_send([b"weathe"])
    assert goes(everybody) == [[b"weathe"]]
    assert goes(weather) == goes(rain) == []
    assert pub.drops == {}


@EITHER
def test_without_subscribers_a_message_goes_nowhere_and_nothing_waits(kind: type[Pub]) -> None:
    pub = kind(options())
    assert pub.can_send()
    assert pub.try_send([b"unheard"])
    peer = join(pub)
    assert pub.try_send([b"unheard"])
    assert not peer.outbound
    assert pub.drops == {}


def test_who_has_no_room_goes_without_and_nobody_else_does() -> None:
    """RFC 29: drop when that subscriber's queue is full, never block; each copy is counted."""
    pub = Pub(options(hwm=2))
    slow, quick = subscriber(pub, b""), subscriber(pub, b"")
    for number in range(5):
        assert pub.try_send([b"%d" % number])
        assert goes(quick) == [[b"%d" % number]]
        if quick.unblocked():
            pub.writable(quick)
    assert slow.outbound == [[b"0"], [b"1"]]
    assert pub.drops == {QUEUE_FULL: 3}
    goes(slow)
    assert slow.unblocked()
    pub.try_send([b"5"])
    assert goes(slow) == [[b"5"]]


def test_nodrop_sends_to_all_or_to_none() -> None:
    pub = Xpub(options(hwm=1, xpub_nodrop=True))
    slow, quick = subscriber(pub, b"a"), subscriber(pub, b"")
    assert pub.try_send([b"a1"])
    goes(quick)
    assert quick.unblocked()
    assert not pub.try_send([b"a2"])
    # As with libzmq: there is room for what the slow one does not want.
    assert pub.can_send()
    assert not quick.outbound
    assert pub.try_send([b"b"])
    assert goes(quick) == [[b"b"]]
    assert quick.unblocked()
    goes(slow)
    assert slow.unblocked()
    assert pub.can_send()
    assert pub.try_send([b"a2"])
    assert pub.drops == {}


def test_inverted_matching_sends_to_all_others() -> None:
    pub = Pub(options(invert_matching=True))
    a, b, nothing = subscriber(pub, b"A"), subscriber(pub, b"B"), join(pub)
    pub.try_send([b"A1"])
    assert goes(a) == []
    assert goes(b) == goes(nothing) == [[b"A1"]]


def test_a_pub_never_receives_and_shows_no_subscriptions() -> None:
    pub = Pub(options(SocketType.PUB))
    subscriber(pub, b"A")
    assert not pub.can_recv()
    with pytest.raises(OperationNotSupported, match="PUB"):
        pub.try_recv()


def test_cve_2021_20237_messages_sent_to_a_pub_are_read_discarded_and_counted() -> None:
    """M6: nothing of them is kept; a subscription in between still counts."""
    pub = Pub(options())
    peer = join(pub)
    comes(pub, peer, [b"hello"], [b"\x01A"], [b"", b"\x02"], [b""])
    assert (len(peer.inbound), peer.received) == (0, 4)
    assert pub.drops == {UNEXPECTED_MESSAGE: 3}
    pub.try_send([b"A"])
    assert goes(peer) == [[b"A"]]


@EITHER
def test_a_cancel_ends_the_subscription_and_one_that_never_was_is_ignored(kind: type[Pub]) -> None:
    """libzmq's SUB tells every start and only the last end (departure from RFC 37, Z20)."""
    pub = kind(options())
    peer = subscriber(pub, b"A", b"A", b"B")
    comes(pub, peer, [b"\x00C"], [b"\x00A"])
    for topic in (b"A", b"B", b"C"):
        pub.try_send([topic])
    assert goes(peer) == [[b"B"]]


@EITHER
def test_a_vanished_subscriber_gets_nothing_more(kind: type[Pub]) -> None:
    """CVE-2020-15166, M1: it is in no table any longer; what waited for it is counted."""
    pub = kind(options())
    peer = subscriber(pub, b"A")
    pub.try_send([b"A"])
    pub.detach(peer)
    assert pub.drops == {PEER_GONE: 1}
    pub.try_send([b"A"])
    assert not peer.outbound
    assert pub.topics_count() == 0


def test_a_subscriber_that_is_given_up_gets_what_was_queued_and_nothing_more() -> None:
    pub = Pub(options())
    peer = subscriber(pub, b"")
    pub.try_send([b"before"])
    pub.retire(peer)
    comes(pub, peer, [b"\x01A"])
    pub.try_send([b"A"])
    assert goes(peer) == [[b"before"]]


def test_a_lost_connection_of_ours_keeps_its_queue_until_the_peer_says_anew_what_it_wants() -> None:
    """RFC 29: the queue of a connection that we initiated outlives it."""
    pub = Xpub(options())
    peer = subscriber(pub, b"A", b"B")
    assert everything(pub) == [[b"\x01A"], [b"\x01B"]]
    pub.interrupted(peer)
    pub.try_send([b"A"])
    connect(pub, peer)
    comes(pub, peer, [b"\x01B"])
    pub.try_send([b"A"])
    assert goes(peer) == [[b"A"]]
    assert everything(pub) == [[b"\x00A"], [b"\x00B"], [b"\x01B"]]


@EITHER
def test_m5_a_topic_longer_than_4_kib_closes_that_peer(kind: type[Pub]) -> None:
    pub = kind(options())
    good, bad = subscriber(pub, b"t" * MAX_TOPIC), subscriber(pub, b"A")
    comes(pub, bad, [b"\x01" + b"t" * (MAX_TOPIC + 1)], [b"\x01B"], [b"more"])
    assert closing_reason(bad) == TOPIC_TOO_LONG
    assert closing_reason(good) == ""
    assert pub.topics_count() == 1
    assert pub.drops == {SENDER_GONE: 2}


@EITHER
def test_m5_nothing_is_kept_of_a_message_whose_sender_is_closed_for_one_of_its_frames(
    kind: type[Pub],
) -> None:
    pub = kind(options())
    bad = join(pub)
    comes(pub, bad, [b"\x01" + b"t" * (MAX_TOPIC + 1), b"\x01A", b"more"])
    assert closing_reason(bad) == TOPIC_TOO_LONG
    assert pub.topics_count() == 0
    assert not (kind is Xpub and pub.can_recv())
    assert pub.try_send([b"A"])
    assert bad.outbound == []
    assert pub.drops == {SENDER_GONE: 1}


@EITHER
def test_m5_more_than_512_kib_of_topics_close_that_peer(kind: type[Pub]) -> None:
    pub = kind(options())
    count = pub.options.max_topics_bytes // MAX_TOPIC
    longest = [b"%d" % n + bytes(MAX_TOPIC - len(b"%d" % n)) for n in range(count)]
    peer = subscriber(pub, *longest)
    comes(pub, peer, [b"\x01" + longest[0]], [b"\x00" + longest[1]], [b"\x01x"])
    assert closing_reason(peer) == ""
    comes(pub, peer, [b"\x01" + longest[1]])
    assert closing_reason(peer) == TOO_MANY_SUBSCRIPTIONS
    assert pub.topics_count() == 0


@EITHER
def test_m5_more_than_10_000_subscriptions_close_that_peer(kind: type[Pub]) -> None:
    pub = kind(options())
    peer = subscriber(pub, *(b"%d" % n for n in range(10_000)))
    comes(pub, peer, [b"\x01" + b"5"], [b"\x001"], [b"\x01one more"])
    assert closing_reason(peer) == ""
    assert pub.topics_count() == 10_000
    comes(pub, peer, [b"\x01too many"])
    assert closing_reason(peer) == TOO_MANY_SUBSCRIPTIONS
    assert pub.topics_count() == 0


@EITHER
def test_the_bounds_of_topics_are_options(kind: type[Pub]) -> None:
    few = kind(options(max_topics=2))
    peer = subscriber(few, b"A", b"B")
    comes(few, peer, [b"\x01C"])
    assert closing_reason(peer) == TOO_MANY_SUBSCRIPTIONS
    short = kind(options(max_topics_bytes=5))
    peer = subscriber(short, b"12345")
    comes(short, peer, [b"\x01"])
    assert closing_reason(peer) == ""
    comes(short, peer, [b"\x016"])
    assert closing_reason(peer) == TOO_MANY_SUBSCRIPTIONS


@EITHER
def test_zero_is_no_bound_on_topics(kind: type[Pub]) -> None:
    pub = kind(options(max_topics=0, max_topics_bytes=0))
    peer = subscriber(pub, *(b"%d" % n + bytes(100) for n in range(10_001)))
    assert closing_reason(peer) == ""
    assert pub.topics_count() == 10_001


def test_topics_are_counted_once_each_and_nested_ones_too() -> None:
    """test_pubsub_topics_count of libzmq."""
    pub = Pub(options())
    first, _ = subscriber(pub, b"a", b"ab", b"abc"), subscriber(pub, b"a", b"x")
    assert pub.topics_count() == 4
    comes(pub, first, [b"\x00a"], [b"\x00ab"])
    assert pub.topics_count() == 3


# What an XPUB's application sees.


def test_xpub_shows_the_first_subscription_and_the_last_end_of_a_topic() -> None:
    xpub = Xpub(options())
    one, two = subscriber(xpub, b"A", b"A"), subscriber(xpub, b"A", b"B")
    assert xpub.can_recv()
    assert everything(xpub) == [[b"\x01A"], [b"\x01B"]]
    comes(xpub, one, [b"\x00A"], [b"\x00never"])
    assert everything(xpub) == []
    comes(xpub, two, [b"\x00A"])
    assert everything(xpub) == [[b"\x00A"]]
    assert not xpub.can_recv()


def test_xpub_makes_up_the_ends_that_a_vanished_subscriber_owes() -> None:
    xpub = Xpub(options())
    one = subscriber(xpub, b"A", b"B")
    subscriber(xpub, b"B")
    everything(xpub)
    xpub.detach(one)
    assert everything(xpub) == [[b"\x00A"]]


def test_verbose_shows_each_subscription_and_only_the_last_end() -> None:
    xpub = Xpub(options(xpub_verbose=True))
    one, two = subscriber(xpub, b"A", b"A"), subscriber(xpub, b"A")
    assert everything(xpub) == [[b"\x01A"]] * 3
    comes(xpub, one, [b"\x00A"])
    assert everything(xpub) == []
    comes(xpub, two, [b"\x00A"])
    assert everything(xpub) == [[b"\x00A"]]


def test_verboser_shows_each_end_too_also_of_those_who_vanish() -> None:
    xpub = Xpub(options(xpub_verboser=True))
    one, two = subscriber(xpub, b"A"), subscriber(xpub, b"A", b"B")
    assert everything(xpub) == [[b"\x01A"], [b"\x01A"], [b"\x01B"]]
    comes(xpub, one, [b"\x00A"])
    assert everything(xpub) == [[b"\x00A"]]
    subscriber(xpub, b"A")
    xpub.detach(two)
    assert everything(xpub) == [[b"\x01A"], [b"\x00A"], [b"\x00B"]]


def test_xpub_takes_messages_of_its_peers_in_turn() -> None:
    xpub = Xpub(options())
    one, two = join(xpub), join(xpub)
    comes(xpub, one, [b"1a", b"x"], [b"1b"])
    comes(xpub, two, [b""], [b"2b"])
    assert everything(xpub) == [[b"1a", b"x"], [b""], [b"1b"], [b"2b"]]
    comes(xpub, one, [b"lost"])
    xpub.detach(one)
    assert everything(xpub) == []
    assert xpub.drops == {SENDER_GONE: 1}


@pytest.mark.parametrize("first_only", [False, True])
def test_subscriptions_among_the_frames_of_a_message(first_only: bool) -> None:
    """ONLY_FIRST_SUBSCRIBE: the frames that follow are the application's, whatever they hold."""
    xpub = Xpub(options(only_first_subscribe=first_only))
    peer = join(xpub)
    comes(xpub, peer, [b"\x01A", b"\x01B", b"text"], [b"text", b"\x01C"])
    expected = [[b"\x01A"], [b"\x01B"], [b"text"], [b"text", b"\x01C"]]
    if first_only:
        expected = [[b"\x01A"], [b"\x01B", b"text"], [b"text", b"\x01C"]]
    assert everything(xpub) == expected
    assert xpub.topics_count() == (1 if first_only else 3)


def test_a_frame_that_is_the_first_once_more_is_not_the_first() -> None:
    xpub = Xpub(options(only_first_subscribe=True))
    comes(xpub, join(xpub), [b"\x01", b"\x01"])
    assert everything(xpub) == [[b"\x01"], [b"\x01"]]
    assert xpub.drops == {}


@pytest.mark.parametrize("manual", [False, True])
def test_what_a_peer_says_is_told_in_its_order(manual: bool) -> None:
    xpub = Xpub(options(xpub_manual=manual))
    peer = join(xpub)
    said = [[b"\x01A"], [b"text"], [b"\x00A"], [b"\x01A"], [b"more", b"\x00A"], [b"text"]]
    comes(xpub, peer, *said)
    assert everything(xpub) == said
    assert peer.received == len(said)


@pytest.mark.parametrize("manual", [False, True])
def test_a_subscription_ends_a_message(manual: bool) -> None:
    xpub = Xpub(options(xpub_manual=manual))
    peer = join(xpub)
    comes(xpub, peer, [b"x", b"\x01B", b"y"])
    assert everything(xpub) == [[b"x", b"\x01B"], [b"y"]]
    assert peer.received == 1


def test_one_that_is_not_told_is_left_out_of_its_message() -> None:
    xpub = Xpub(options())
    peer = subscriber(xpub, b"B")
    comes(xpub, peer, [b"x", b"\x01B", b"y", b"\x00never"])
    assert everything(xpub) == [[b"\x01B"], [b"x", b"y"]]


def test_no_end_of_a_subscription_is_lost_with_a_vanished_subscriber() -> None:
    xpub = Xpub(options())
    peer = subscriber(xpub, b"A", b"B")
    comes(xpub, peer, [b"text"], [b"\x00A"], [b"and", b"\x01C"])
    xpub.detach(peer)
    said = [b"\x01A", b"\x01B", b"\x00A", b"\x01C", b"\x00B", b"\x00C"]
    assert everything(xpub) == [[part] for part in said]
    assert xpub.drops == {SENDER_GONE: 2}


def test_an_xpub_knows_whose_message_or_subscription_it_was() -> None:
    xpub = Xpub(options())
    one, two = subscriber(xpub, b"A"), subscriber(xpub, b"B")
    comes(xpub, one, [b"text"])
    senders = []
    while xpub.try_recv() is not None:
        senders.append(xpub.last_sender())
    assert senders == [one, two, one]
    xpub.detach(one)
    assert xpub.last_sender() is None
    assert xpub.try_recv() == [b"\x00A"]
    assert xpub.last_sender() is None


def test_a_new_subscriber_is_welcomed() -> None:
    xpub = Xpub(options(xpub_welcome_msg=b"welcome"))
    assert goes(join(xpub)) == [[b"welcome"]]
    assert goes(join(xpub, connected=False)) == []


def test_manual_the_application_decides_who_has_which_topic() -> None:
    xpub = Xpub(options(xpub_manual=True))
    one, two = subscriber(xpub, b"A"), subscriber(xpub, b"A", b"B")
    assert xpub.topics_count() == 0
    assert xpub.try_recv() == [b"\x01A"]
    xpub.subscribe(b"XA")
    assert xpub.try_recv() == [b"\x01A"]
    xpub.try_send([b"XA"])
    xpub.try_send([b"A"])
    assert (goes(one), goes(two)) == ([[b"XA"]], [])
    assert xpub.try_recv() == [b"\x01B"]
    xpub.subscribe(b"XB")
    comes(xpub, one, [b"\x00A"])
    assert xpub.try_recv() == [b"\x00A"]
    xpub.unsubscribe(b"XA")
    xpub.try_send([b"XA"])
    xpub.try_send([b"XB"])
    assert (goes(one), goes(two)) == ([], [[b"XB"]])


def test_manual_the_ends_of_a_vanished_subscriber_are_of_what_it_asked_for() -> None:
    xpub = Xpub(options(xpub_manual=True))
    one, two = subscriber(xpub, b"A"), subscriber(xpub, b"A")
    assert everything(xpub) == [[b"\x01A"]] * 2
    xpub.subscribe(b"X")
    xpub.detach(two)
    assert everything(xpub) == [[b"\x00A"]]
    assert xpub.topics_count() == 0
    # It is nobody's turn: an end that was made up has no sender.
    xpub.subscribe(b"X")
    assert xpub.topics_count() == 0
    comes(xpub, one, [b"\x01unread"])
    xpub.detach(one)
    assert everything(xpub) == [[b"\x00A"]]


def test_manual_a_peer_that_asks_for_too_much_is_closed() -> None:
    xpub = Xpub(options(xpub_manual=True))
    peer, other = join(xpub), join(xpub)
    comes(xpub, peer, [b"\x01" + b"t" * (MAX_TOPIC + 1)])
    comes(xpub, other, [b"\x01A"])
    assert everything(xpub) == [[b"\x01A"]]
    assert closing_reason(peer) == TOPIC_TOO_LONG


def test_subscribing_for_a_peer_takes_manual_mode() -> None:
    xpub = Xpub(options())
    for attempt in (xpub.subscribe, xpub.unsubscribe, Pub(options()).subscribe):
        with pytest.raises(OptionError, match="XPUB_MANUAL"):
            attempt(b"A")


def test_manual_last_value_goes_to_the_last_subscriber_alone_and_once() -> None:
    """test_xpub_manual_last_value of libzmq: a cache answers whoever came last."""
    xpub = Xpub(options(xpub_manual_last_value=True))
    one, two = subscriber(xpub, b"A"), subscriber(xpub, b"A")
    for _ in (one, two):
        assert xpub.try_recv() == [b"\x01A"]
        xpub.subscribe(b"A")
        xpub.try_send([b"A", b"cached"])
    assert goes(one) == goes(two) == [[b"A", b"cached"]]
    xpub.try_send([b"A", b"news"])
    assert goes(one) == goes(two) == [[b"A", b"news"]]


def test_an_application_that_never_looks_costs_no_more_than_the_topics_there_are() -> None:
    xpub = Xpub(options(hwm=10))
    for number in range(2000):
        peer = subscriber(xpub, b"%d" % number)
        comes(xpub, peer, [b"\x00%d" % number])
        xpub.detach(peer)
    subscriber(xpub, b"last")
    told = everything(xpub)
    assert len(told) == 11
    assert told[-1] == [b"\x01last"]


def test_repetitions_are_dropped_and_counted_when_the_application_does_not_look() -> None:
    xpub = Xpub(options(hwm=10, xpub_verbose=True))
    peer = subscriber(xpub, b"A")
    comes(xpub, peer, *([b"\x01A"] for _ in range(100)))
    assert len(everything(xpub)) == 10
    assert xpub.drops == {QUEUE_FULL: 91}


@given(
    st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.sampled_from([b"", b"A", b"AB"]))),
    st.integers(0, 5),
)
def test_what_the_application_was_told_adds_up_to_what_there_is(
    changes: list[tuple[int, bool, bytes]], hwm: int
) -> None:
    """However late it looks, and whether or not starts and ends were taken back meanwhile."""
    xpub = Xpub(options(hwm=hwm))
    peers = [join(xpub) for _ in range(3)]
    held: set[tuple[int, bytes]] = set()
    for who, starts, topic in changes:
        comes(xpub, peers[who], [(b"\x01" if starts else b"\x00") + topic])
        (held.add if starts else held.discard)((who, topic))
    known: set[bytes] = set()
    for (part,) in everything(xpub):
        if part[0]:
            assert part[1:] not in known
            known.add(part[1:])
        else:
            known.remove(part[1:])
    assert known == {topic for _, topic in held}
