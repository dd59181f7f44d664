"""What pairs promise beyond single messages, with libzmq on the other side (K1 to K6)."""

from pathlib import Path
from typing import cast

import pytest

import antiphon.zmq as zmq
from tests.waiting import until

from .conversation import TRANSPORTS, Conversation, Setting, filler, settings
from .peers import Socket, Sockets, endpoint_of

pytestmark = pytest.mark.timeout(30)

ASYNCHRONOUS = [
    setting
    for setting in settings(("tcp4", "ipc"))
    if {setting.first, setting.second} <= {"DEALER", "ROUTER"}
]


@pytest.mark.parametrize("setting", ASYNCHRONOUS, ids=str)
def test_many_in_flight_keep_their_order(
    setting: Setting, sockets: Sockets, tmp_path: Path
) -> None:
    """Hundreds of messages of mixed size at once: reads end anywhere in a frame."""
    endpoint = TRANSPORTS[setting.transport].format(directory=tmp_path)
    conversation = Conversation(setting, sockets, endpoint)
    requests = [[b"%d" % i, filler(i * 37 % 1500, i)] for i in range(400)]
    for request in requests:
        conversation.say(request)
    envelopes = []
    for request in requests:
        envelope, heard = conversation.hear()
        assert heard == request
        envelopes.append(envelope)
    for envelope, request in zip(envelopes, requests, strict=True):
        conversation.second.send_multipart(envelope + request[::-1])
    for request in requests:
        assert conversation.hear_answer() == request[::-1]


def connect_pair(binder: Socket, connecter: Socket) -> None:
    """Bind one socket to a free port and connect the other to it."""
    binder.bind("tcp://127.0.0.1:*")
    connecter.connect(endpoint_of(binder))


@pytest.mark.parametrize("kind", ["REQ", "DEALER"])
@pytest.mark.parametrize("we_route", [True, False])
def test_a_peer_is_known_by_the_id_it_set(sockets: Sockets, kind: str, we_route: bool) -> None:
    """The longest routing id crosses the handshake unchanged (R3)."""
    make_router, make_peer = sockets.subject, sockets.peer
    if not we_route:
        make_router, make_peer = make_peer, make_router
    routing_id = bytes(range(1, 256))
    router, peer = make_router("ROUTER"), make_peer(kind, ROUTING_ID=routing_id)
    connect_pair(router, peer)
    peer.send(b"x")
    assert router.recv_multipart()[0] == routing_id


@pytest.mark.parametrize("kind", ["REQ", "DEALER"])
def test_a_nameless_peer_gets_an_id_of_five_bytes(sockets: Sockets, kind: str) -> None:
    """Each peer gets its own, with a first byte of zero (E9)."""
    router = sockets.subject("ROUTER")
    router.bind("tcp://127.0.0.1:*")
    ids = set()
    for _ in range(5):
        peer = sockets.peer(kind)
        peer.connect(endpoint_of(router))
        peer.send(b"x")
        ids.add(router.recv_multipart()[0])
    assert len(ids) == 5
    assert {(len(i), i[0]) for i in ids} == {(5, 0)}


def test_a_nameless_peer_that_comes_back_is_somebody_else(sockets: Sockets) -> None:
    """One that has a name is who it was (E10)."""
    router = sockets.subject("ROUTER", ROUTER_HANDOVER=1)
    router.bind("tcp://127.0.0.1:*")
    for options, same in (({}, False), ({"ROUTING_ID": b"ADA"}, True)):
        ids: list[bytes] = []
        for _ in range(2):
            peer = sockets.peer("DEALER", **options)
            peer.connect(endpoint_of(router))
            peer.send(b"x")
            ids.append(router.recv_multipart()[0])
            peer.close(0)
        assert (ids[0] == ids[1]) is same


@pytest.mark.parametrize("router_binds", [True, False])
def test_a_router_hears_of_a_peer_by_its_first_message(
    sockets: Sockets, router_binds: bool
) -> None:
    """Until then only peers() tells that it is there, whichever side connects (R2)."""
    router = cast("zmq.Socket", sockets.subject("ROUTER"))
    dealer = sockets.peer("DEALER", ROUTING_ID=b"ADA")
    connect_pair(*((router, dealer) if router_binds else (dealer, router)))
    until(lambda: any(peer.connected for peer in router.peers()))
    assert [peer.routing_id for peer in router.peers()] == [b"ADA"]
    assert router.poll(0) == 0
    dealer.send(b"Hello")
    assert router.recv_multipart() == [b"ADA", b"Hello"]


def test_a_socket_binds_and_connects_several_times_each(sockets: Sockets) -> None:
    """It is the same queue to the program, whoever has come how (K8)."""
    dealer = sockets.subject("DEALER")
    routers = [sockets.peer("ROUTER") for _ in range(4)]
    for router in routers[:2]:
        dealer.bind("tcp://127.0.0.1:*")
        router.connect(endpoint_of(dealer))
    for router in routers[2:]:
        router.bind("tcp://127.0.0.1:*")
        dealer.connect(endpoint_of(router))
    counts = [0] * 4
    for number in range(200):
        dealer.send(b"%d" % number)
        until(lambda: any(router.poll(0) for router in routers))
        for index, router in enumerate(routers):
            if router.poll(0):
                name, body = router.recv_multipart()
                counts[index] += 1
                router.send_multipart([name, body])
        assert dealer.recv() == b"%d" % number
    # Those who were there from the beginning have had a quarter each; some came a little later.
    assert min(counts) > 25


def test_a_router_takes_turns_among_peers(sockets: Sockets) -> None:
    """A peer that never stops talking does not keep another from being heard (E8)."""
    router = sockets.subject("ROUTER", RCVHWM=2)
    router.bind("tcp://127.0.0.1:*")
    chatty, quiet = sockets.peer("DEALER"), sockets.peer("DEALER")
    for dealer in (chatty, quiet):
        dealer.connect(endpoint_of(router))
    for _ in range(500):
        chatty.send(b"more")
    quiet.send(b"once")
    for _ in range(20000):
        if router.recv_multipart()[1] == b"once":
            return
        chatty.send(b"more")
    pytest.fail("20000 messages of one peer went before the only one of the other")


@pytest.mark.parametrize("subject_deals", [True, False])
def test_a_dealer_gives_rep_peers_turns(sockets: Sockets, subject_deals: bool) -> None:
    """Requests of one DEALER reach two REPs in turn, and each reply comes home (K2)."""
    make_dealer, make_rep = sockets.subject, sockets.peer
    if not subject_deals:
        make_dealer, make_rep = make_rep, make_dealer
    dealer = make_dealer("DEALER")
    reps = [make_rep("REP"), make_rep("REP")]
    for rep in reps:
        connect_pair(rep, dealer)
    for _ in reps:  # a first message to each shows that both are connected
        dealer.send_multipart([b"", b"ping"])
    for rep in reps:
        assert rep.recv() == b"ping"
        rep.send(b"pong")
    assert [dealer.recv_multipart() for _ in reps] == [[b"", b"pong"]] * 2
    for i in range(10):
        dealer.send_multipart([b"", b"%d" % i])
    replies = set()
    for _ in range(5):
        for rep in reps:
            rep.send(b"done " + rep.recv())
            replies.add(dealer.recv_multipart()[1])
    assert replies == {b"done %d" % i for i in range(10)}
