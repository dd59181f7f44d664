"""PAIR: one peer at most, in both directions, and nothing is discarded (RFC 31)."""

from antiphon.patterns.base import PEER_GONE
from antiphon.patterns.pair import PAIR_TAKEN, Pair
from antiphon.patterns.pipe import Pipe

from .pipes import comes, everything, goes, join, options


def test_messages_pass_both_ways_unchanged() -> None:
    pair = Pair(options())
    peer = join(pair)
    assert pair.try_send([b"a", b"", b"b"])
    assert goes(peer) == [[b"a", b"", b"b"]]
    comes(pair, peer, [b"1"], [b"2", b""])
    assert everything(pair) == [[b"1"], [b"2", b""]]


def test_nothing_is_taken_without_a_peer_that_has_room() -> None:
    pair = Pair(options(hwm=2))
    assert not pair.try_send([b"early"])
    peer = join(pair)
    assert [pair.try_send([b"x"]) for _ in range(3)] == [True, True, False]
    assert not pair.can_send()
    goes(peer)
    assert peer.unblocked()
    pair.writable(peer)
    assert pair.can_send()


def test_a_second_peer_is_refused_with_a_reason_while_the_first_is_there() -> None:
    pair = Pair(options())
    first = join(pair)
    second = Pipe(pair.options)
    assert pair.attach(second) == PAIR_TAKEN
    assert not second.attached
    pair.try_send([b"for the first"])
    assert (len(first.outbound), len(second.outbound)) == (1, 0)
    pair.detach(first)
    assert pair.drops == {PEER_GONE: 1}
    assert not pair.attach(second)


def test_a_peer_that_has_been_given_up_makes_room_for_another() -> None:
    pair = Pair(options())
    first = join(pair)
    pair.try_send([b"on its way"])
    pair.retire(first)
    second = join(pair)
    pair.try_send([b"new"])
    pair.detach(first)
    assert goes(second) == [[b"new"]]
    assert pair.attach(Pipe(pair.options)) == PAIR_TAKEN
