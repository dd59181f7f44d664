"""RADIO and DISH: groups are joined, match as a whole, and are bounded."""

import pytest

from antiphon.constants import SocketType
from antiphon.errors import EINVAL, OperationNotSupported, OptionError, ZMQError
from antiphon.options import SocketOptions
from antiphon.patterns.base import PEER_GONE, QUEUE_FULL, SENDER_GONE, UNEXPECTED_MESSAGE
from antiphon.patterns.pair import Pair
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.publisher import TOO_MANY_SUBSCRIPTIONS
from antiphon.patterns.radio import GROUP_TOO_LONG, MAX_GROUP, NOT_JOINED, Dish, Radio
from antiphon.patterns.threadsafe import SEVERAL_FRAMES

from .pipes import RememberingEnd, comes, connect, everything, goes, join, options

#: Shorter than a step of the trie, as long, longer, and as long as can be.
LENGTHS = (0, 1, 31, 32, 33, 64, MAX_GROUP)


def new_dish(*groups: bytes) -> Dish:
    dish = Dish(options(SocketType.DISH))
    for group in groups:
        dish.join(group)
    return dish


def test_a_message_goes_to_those_who_joined_its_group_and_to_no_other() -> None:
    """RFC 48: a group is no prefix."""
    radio = Radio(options())
    peers = {}
    for length in LENGTHS:
        group = b"g" * length
        peers[group] = join(radio)
        comes(radio, peers[group], [b"\x01" + group])
    for group, peer in peers.items():
        assert radio.try_send([group, b"body"])
        assert radio.try_send([group[:-1] + b"x", b"nobody has joined this"])
        assert goes(peer) == [[group, b"body"]]
    assert all(not peer.outbound for peer in peers.values())
    assert radio.drops == {}


def test_a_peer_that_leaves_or_goes_gets_nothing_more() -> None:
    radio = Radio(options())
    leaver, goer, back = join(radio), join(radio), join(radio)
    for peer in (leaver, goer, back):
        comes(radio, peer, [b"\x01A"])
    comes(radio, leaver, [b"\x00A"], [b"\x00never joined"])
    radio.try_send([b"A", b"1"])
    radio.detach(goer)
    connect(radio, back)
    radio.try_send([b"A", b"2"])
    assert not leaver.outbound
    assert goes(back) == [[b"A", b"1"]]
    assert radio.drops == {PEER_GONE: 1}
    assert radio.trie.topics == 0


def test_a_radio_waits_for_nobody_unless_it_is_told_to() -> None:
    radio = Radio(options(hwm=1))
    comes(radio, join(radio), [b"\x01A"])
    assert radio.try_send([b"A", b"1"])
    assert radio.try_send([b"A", b"2"])
    assert radio.drops == {QUEUE_FULL: 1}
    radio.options.xpub_nodrop = True
    assert not radio.try_send([b"A", b"3"])
    assert radio.drops == {QUEUE_FULL: 1}


def test_a_radio_sends_a_group_and_one_frame() -> None:
    """Z24."""
    radio = Radio(options())
    for parts in ([b"A"], [b"A", b"1", b"2"]):
        with pytest.raises(ZMQError) as caught:
            radio.try_send(parts)
        assert caught.value.errno == EINVAL
    with pytest.raises(OptionError, match="256 bytes"):
        radio.try_send([b"A" * 256, b""])
    with pytest.raises(OperationNotSupported):
        radio.try_recv()


def test_what_is_not_for_a_radio_is_dropped_and_counted() -> None:
    """M6: also a message that only begins as one that joins."""
    radio = Radio(options())
    peer = join(radio)
    comes(radio, peer, [b"hello"], [b""], [b"\x01A", b"body"])
    assert radio.drops == {UNEXPECTED_MESSAGE: 3}
    assert radio.trie.topics == 0


def closed(pipe: Pipe) -> str:
    """Return why the pattern has closed a peer."""
    assert isinstance(pipe.end, RememberingEnd)
    return pipe.end.closed


def test_a_peer_that_joins_too_much_is_closed() -> None:
    """M5."""
    radio = Radio(options())
    long, greedy = join(radio), join(radio)
    comes(radio, long, [b"\x01" + b"g" * (MAX_GROUP + 1)], [b"\x01A"])
    assert closed(long) == GROUP_TOO_LONG
    comes(radio, greedy, *([b"\x01%d" % number] for number in range(radio.options.max_topics)))
    assert closed(greedy) == ""
    comes(radio, greedy, [b"\x01one more"])
    assert closed(greedy) == TOO_MANY_SUBSCRIPTIONS
    assert radio.trie.topics == 0
    assert radio.drops == {SENDER_GONE: 1}


def test_a_dish_tells_each_radio_its_groups() -> None:
    dish = new_dish(b"A", b"B")
    first = join(dish)
    assert goes(first) == [[b"\x01A"], [b"\x01B"]]
    dish.leave(b"A")
    dish.join(b"")
    assert goes(first) == [[b"\x00A"], [b"\x01"]]
    assert goes(join(dish)) == [[b"\x01B"], [b"\x01"]]


def test_a_dish_gets_only_what_it_has_joined_in_two_frames() -> None:
    dish = new_dish(b"A")
    peer = join(dish)
    comes(dish, peer, [b"A", b"1"], [b"AB", b"2"], [b"A"], [b"A", b"3", b""], [b"A", b"4"])
    assert everything(dish) == [[b"A", b"1"], [b"A", b"4"]]
    assert dish.drops == {NOT_JOINED: 1, SEVERAL_FRAMES: 2}
    assert peer.received == 5
    dish.leave(b"A")
    comes(dish, peer, [b"A", b"5"])
    assert not dish.can_recv()
    assert dish.drops[NOT_JOINED] == 2


def test_a_dish_joins_once_and_leaves_what_it_has_joined() -> None:
    dish = new_dish(b"A", b"g" * MAX_GROUP)
    with pytest.raises(OptionError, match="already"):
        dish.join(b"A")
    with pytest.raises(OptionError, match="256 bytes"):
        dish.join(b"g" * (MAX_GROUP + 1))
    with pytest.raises(OptionError, match="not joined"):
        dish.leave(b"B")
    dish.leave(b"A")
    dish.join(b"A")


def test_a_dish_never_sends_and_others_have_no_groups() -> None:
    dish = new_dish()
    for send in (dish.check_send, lambda: dish.try_send([b"A", b"1"])):
        with pytest.raises(OperationNotSupported):
            send()
    assert not dish.can_send()
    for change in (Pair(options(SocketType.PAIR)).join, Radio(options(SocketType.RADIO)).leave):
        with pytest.raises(OperationNotSupported, match="no groups"):
            change(b"A")


def test_a_dish_does_not_linger() -> None:
    assert SocketOptions(SocketType.DISH).linger == 0
    assert SocketOptions(SocketType.RADIO).linger == -1
