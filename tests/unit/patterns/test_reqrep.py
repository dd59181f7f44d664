"""REQ, REP and DEALER without connections: pipes are attached, filled and emptied here."""

import pytest

from antiphon.errors import EFSM, StateError
from antiphon.patterns.base import QUEUE_FULL
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.reqrep import Dealer, Rep, Req
from antiphon.patterns.router import Router
from antiphon.queue import MessageQueue

from .pipes import attach, everything, hears, options, says


def new_req(
    peers: int = 1, relaxed: bool = False, correlate: bool = False
) -> tuple[Req, list[Pipe]]:
    req = Req(options(), 0xFFFFFFFE)
    req.options.req_relaxed = relaxed
    req.options.req_correlate = correlate
    return req, [attach(req) for _ in range(peers)]


def test_req_puts_an_empty_frame_in_front_and_takes_it_away() -> None:
    """E2, E4, E12, R28.3, R28.4: two frames on the wire, one for the application."""
    req, (peer,) = new_req()
    assert req.try_send([b"Hello"])
    assert hears(peer) == [b"", b"Hello"]
    says(req, peer, b"", b"World", b"", b"more")
    assert req.try_recv() == [b"World", b"", b"more"]


def test_req_alternates() -> None:
    """K1, R28.2: receiving first and sending twice are errors, and change nothing."""
    req, (peer,) = new_req()
    with pytest.raises(StateError) as caught:
        req.try_recv()
    assert caught.value.errno == EFSM
    req.try_send([b"1"])
    with pytest.raises(StateError):
        req.try_send([b"2"])
    assert req.try_recv() is None
    says(req, peer, b"", b"answer")
    assert (req.can_send(), req.can_recv()) == (False, True)
    assert req.try_recv() == [b"answer"]
    assert (req.can_send(), req.can_recv()) == (True, False)
    assert len(peer.outbound) == 1


def test_req_asks_each_peer_in_turn_and_needs_one() -> None:
    """R28.1, R28.5, R28.6, R28.7: without a peer nothing is taken, and the state stays."""
    req, _ = new_req(0)
    assert not req.can_send()
    assert not req.try_send([b"early"])
    for peer in [attach(req) for _ in range(5)] * 2:
        assert req.try_send([b"q"])
        assert hears(peer) == [b"", b"q"]
        says(req, peer, b"", b"a")
        assert req.try_recv() == [b"a"]


def test_req_takes_the_reply_only_from_the_peer_it_asked() -> None:
    """R28.8, R28.9, OFF: also before it has asked, and once it has its answer."""
    req, (asked, other) = new_req(2)
    says(req, asked, b"", b"unasked")
    req.try_send([b"q"])
    says(req, other, b"", b"foreign")
    assert req.try_recv() is None
    says(req, asked, b"", b"right")
    says(req, asked, b"", b"again")
    assert req.try_recv() == [b"right"]
    assert req.drops == {"unexpected-reply": 3}


def test_req_waits_for_nobody_else_when_the_asked_peer_has_gone() -> None:
    """E15, OFF: strict request-reply does not recover by itself; a reply in hand stays."""
    req, (asked, other) = new_req(2)
    req.try_send([b"q"])
    req.detach(asked)
    says(req, other, b"", b"foreign")
    assert req.try_recv() is None
    assert req.drops == {"peer-gone": 1, "unexpected-reply": 1}


@pytest.mark.parametrize("reply", [[b"World"], [b"x", b"", b"World"], [b""], [b"x", b"World"]])
def test_req_skips_malformed_replies_and_goes_on_waiting(reply: list[bytes]) -> None:
    """E12, R28.3: no delimiter in front, or no body behind it."""
    req, (peer,) = new_req()
    req.try_send([b"q"])
    says(req, peer, *reply)
    assert not req.can_recv()
    says(req, peer, b"", b"good")
    assert req.try_recv() == [b"good"]
    assert req.drops == {"wrong-envelope": 1}


def test_req_relaxed_may_ask_again_and_asks_the_next_peer() -> None:
    """N5: the reply to the abandoned request is dropped and counted."""
    req, (first, second) = new_req(2, relaxed=True)
    req.try_send([b"1"])
    assert req.can_send()
    req.try_send([b"2"])
    says(req, first, b"", b"late")
    says(req, second, b"", b"answer")
    assert req.try_recv() == [b"answer"]
    assert req.drops == {"unexpected-reply": 1}


def test_req_relaxed_drops_a_reply_that_was_never_fetched() -> None:
    """N1, N5: and counts it, as every message that ends in the socket."""
    req, (peer,) = new_req(relaxed=True)
    req.try_send([b"1"])
    says(req, peer, b"", b"first")
    req.try_send([b"2"])
    assert not req.can_recv()
    says(req, peer, b"", b"second")
    assert req.try_recv() == [b"second"]
    assert sum(req.drops.values()) == 1


def test_req_correlate_numbers_requests_and_matches_replies() -> None:
    """N5: an id of four octets before the delimiter, another one each time, round the clock."""
    req, (peer,) = new_req(relaxed=True, correlate=True)
    numbers = []
    for body in (b"1", b"2"):
        req.try_send([body])
        number, empty, sent = hears(peer)
        assert (empty, sent) == (b"", body)
        numbers.append(number)
    assert numbers == [b"\xff\xff\xff\xff", b"\0\0\0\0"]
    for wrong in ([numbers[0], b"", b"1"], [b"", b"1"], [numbers[1], b"x", b"1"], [numbers[1]]):
        says(req, peer, *wrong)
    assert req.try_recv() is None
    says(req, peer, numbers[1], b"", b"2")
    assert req.try_recv() == [b"2"]
    assert req.drops == {"wrong-envelope": 4}


def test_rep_alternates() -> None:
    """E11, K1, R28.12: sending first, sending twice and receiving twice are errors."""
    rep = Rep(options())
    peer = attach(rep)
    with pytest.raises(StateError):
        rep.try_send([b"a"])
    assert rep.try_recv() is None
    says(rep, peer, b"", b"1")
    says(rep, peer, b"", b"2")
    assert rep.try_recv() == [b"1"]
    assert (rep.can_send(), rep.can_recv()) == (True, False)
    with pytest.raises(StateError):
        rep.try_recv()
    assert rep.try_send([b"a"])
    with pytest.raises(StateError):
        rep.try_send([b"a"])
    assert rep.try_recv() == [b"2"]


@pytest.mark.parametrize("hops", [0, 1, 2, 5])
def test_the_envelope_grows_and_shrinks_hop_by_hop(hops: int) -> None:
    """E3, E5, E6, E13, K2, R28.15-R28.17, R28.39, R28.40: REQ, n proxies, REP and back."""
    req, (wire,) = new_req()
    routers = [Router(options(), 7) for _ in range(hops)]
    sides = [attach(router, b"hop%d" % number) for number, router in enumerate(routers)]
    req.try_send([b"\x00\xff", b"", b"more"])
    parts = hears(wire)
    for router, side in zip(routers, sides, strict=True):
        says(router, side, *parts)
        parts = router.try_recv() or []
    assert parts == [b"hop%d" % n for n in reversed(range(hops))] + [b"", b"\x00\xff", b"", b"more"]
    rep = Rep(options())
    asker = attach(rep)
    says(rep, asker, *parts)
    assert rep.try_recv() == [b"\x00\xff", b"", b"more"]
    rep.try_send([b"", b"World"])
    parts = hears(asker)
    for router, side in zip(reversed(routers), reversed(sides), strict=True):
        assert router.try_send(parts)
        parts = hears(side)
    says(req, wire, *parts)
    assert req.try_recv() == [b"", b"World"]


@pytest.mark.parametrize("request_", [[b"x"], [b"x", b"y"], [b"x", b""], [b""]])
def test_rep_discards_what_has_no_delimiter_or_no_body(request_: list[bytes]) -> None:
    """K2, R28.13: the next valid one is served."""
    rep = Rep(options())
    peer = attach(rep)
    rep.deliver(peer, MessageQueue([request_, [b"", b"valid"]]))
    assert rep.try_recv() == [b"valid"]
    assert rep.drops == {"wrong-envelope": 1}


def test_rep_answers_each_peer_in_turn_along_its_own_way() -> None:
    """R28.10, R28.14, R28.17: the reply goes to the originator."""
    rep = Rep(options())
    peers = [attach(rep) for _ in range(3)]
    for index, peer in enumerate(peers * 2):
        says(rep, peer, b"via", b"", b"%d" % index)
    for index, peer in enumerate(peers * 2):
        assert rep.try_recv() == [b"%d" % index]
        rep.try_send([b"re %d" % index])
        assert hears(peer) == [b"via", b"", b"re %d" % index]


def test_rep_never_blocks_on_a_reply() -> None:
    """R28.18, R28.19, OFF: for a peer that is full or gone it is dropped and counted."""
    rep = Rep(options(hwm=1))
    full, gone = attach(rep), attach(rep)
    for number in range(2):
        says(rep, full, b"", b"%d" % number)
        rep.try_recv()
        assert rep.try_send([b"a"])
    says(rep, gone, b"", b"q")
    says(rep, gone, b"", b"never served")
    rep.try_recv()
    rep.detach(gone)
    assert rep.try_send([b"a"])
    assert rep.try_recv() is None
    assert rep.drops == {"queue-full": 1, "sender-gone": 1, "peer-gone": 1}


def test_rep_answers_again_after_an_interruption() -> None:
    """R28.18, R28.23: what waited for the old connection is dropped; the new one has room."""
    rep = Rep(options(hwm=1))
    peer = attach(rep)
    says(rep, peer, b"", b"1")
    rep.try_recv()
    rep.try_send([b"never read"])
    says(rep, peer, b"", b"2")
    rep.interrupted(peer)
    assert rep.try_recv() is None
    says(rep, peer, b"", b"3")
    assert rep.try_recv() == [b"3"]
    rep.try_send([b"re 3"])
    assert rep.drops == {"peer-gone": 1, "sender-gone": 1}
    assert hears(peer) == [b"", b"re 3"]


def test_dealer_adds_and_removes_nothing() -> None:
    """K2, K4, K5, R28.21: many requests may be under way, and any number of replies come."""
    dealer = Dealer(options())
    peer = attach(dealer)
    for parts in ([b"", b"1"], [b""], [b"x", b"", b"y"]):
        assert dealer.try_send(parts)
        assert hears(peer) == parts
        says(dealer, peer, *parts)
        assert dealer.try_recv() == parts


def test_dealer_sends_and_receives_in_turn() -> None:
    """R28.20, R28.27, R28.30."""
    dealer = Dealer(options())
    peers = [attach(dealer) for _ in range(5)]
    for index, peer in enumerate(peers):
        dealer.deliver(peer, MessageQueue([[b"%d" % index, b"first"], [b"%d" % index, b"second"]]))
        dealer.try_send([b"to %d" % index])
        assert hears(peer) == [b"to %d" % index]
    order = [[b"%d" % index, which] for which in (b"first", b"second") for index in range(5)]
    assert everything(dealer) == order


def test_dealer_takes_nothing_that_no_peer_has_room_for() -> None:
    """R28.26, R28.28, R28.29: nobody there, or everybody full; then one has room again."""
    dealer = Dealer(options(hwm=1))
    assert not dealer.can_send()
    assert not dealer.try_send([b"m"])
    peers = [attach(dealer) for _ in range(2)]
    assert [dealer.try_send([b"m"]) for _ in range(3)] == [True, True, False]
    hears(peers[1])
    assert peers[1].unblocked()
    dealer.writable(peers[1])
    assert dealer.can_send()
    assert dealer.try_send([b"n"])
    assert (list(peers[1].outbound), dealer.drops) == ([[b"n"]], {})


def test_dealer_destroys_the_queues_of_a_peer_that_has_gone() -> None:
    """R28.24, OFF: what it sent is not given out, what waits for it is counted."""
    dealer = Dealer(options())
    peer = attach(dealer)
    says(dealer, peer, b"in")
    dealer.try_send([b"out"])
    dealer.detach(peer)
    assert (dealer.can_send(), dealer.can_recv(), dealer.try_recv()) == (False, False, None)
    assert dealer.drops == {"sender-gone": 1, "peer-gone": 1}


def test_of_a_peer_that_has_gone_in_order_what_came_is_taken_and_what_waits_is_counted() -> None:
    """N1: nothing ends in silence, and nothing more is sent to it."""
    dealer = Dealer(options())
    peer = attach(dealer)
    says(dealer, peer, b"last words")
    dealer.try_send([b"too late"])
    dealer.part(peer)
    assert dealer.drops == {"peer-gone": 1}
    assert not dealer.can_send()
    assert dealer.try_recv() == [b"last words"]


def test_dealer_sends_again_to_a_full_peer_that_comes_back() -> None:
    """R28.24, R28.26: under IMMEDIATE a pipe is detached and attached again, with empty queues."""
    dealer = Dealer(options(hwm=1))
    peer = attach(dealer)
    dealer.try_send([b"lost"])
    dealer.detach(peer)
    assert not dealer.attach(peer)
    assert dealer.can_send()


def test_dealer_tells_of_a_lost_connection_under_hiccup_msg() -> None:
    dealer = Dealer(options())
    peer = attach(dealer)
    dealer.interrupted(peer)
    assert everything(dealer) == []
    dealer.options.hiccup_msg = b"HICCUP"
    says(dealer, peer, b"before")
    dealer.interrupted(peer)
    assert everything(dealer) == [[b"before"], [b"HICCUP"]]


def test_a_dealer_whose_application_reads_nothing_is_told_a_bounded_number_of_times() -> None:
    dealer = Dealer(options(hwm=2))
    dealer.options.hiccup_msg = b"HICCUP"
    peer = attach(dealer)
    for _ in range(100):
        dealer.interrupted(peer)
    told = everything(dealer)
    assert 2 < len(told) < 100
    assert dealer.drops == {QUEUE_FULL: 100 - len(told)}
