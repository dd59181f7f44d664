"""Messages that a socket sends or makes up as peers come and go, over each kind of transport."""

import pytest

from antiphon.constants import SocketType
from antiphon.testing import SimulatedSocket, World

DEALER, ROUTER, PUSH, PULL = (
    SocketType.DEALER,
    SocketType.ROUTER,
    SocketType.PUSH,
    SocketType.PULL,
)
SUB, PUB = SocketType.SUB, SocketType.PUB
ENDPOINTS = pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:5555", "inproc://name"])


@ENDPOINTS
@pytest.mark.parametrize("binds_first", [True, False])
def test_hello_msg_is_the_first_that_a_new_peer_gets(endpoint: str, binds_first: bool) -> None:
    """test_hello_msg of libzmq: a late bind, too."""
    machine = World().machine("one")
    router = SimulatedSocket(machine, ROUTER, hello_msg=b"H")
    dealer = SimulatedSocket(machine, DEALER)
    if binds_first:
        router.bind(endpoint)
    dealer.connect(endpoint)
    if not binds_first:
        router.bind(endpoint)
    assert dealer.recv() == [b"H"]


@ENDPOINTS
def test_disconnect_msg_comes_when_an_accepted_peer_has_gone(endpoint: str) -> None:
    machine = World().machine("one")
    router = SimulatedSocket(machine, ROUTER, disconnect_msg=b"D", router_notify=3)
    router.bind(endpoint)
    dealer = SimulatedSocket(machine, DEALER, routing_id=b"A")
    dealer.connect(endpoint)
    assert router.recv() == [b"A", b""]
    dealer.send(b"hello")
    assert router.recv() == [b"A", b"hello"]
    dealer.close()
    assert [router.recv(), router.recv()] == [[b"A", b""], [b"A", b"D"]]


@ENDPOINTS
def test_hiccup_msg_comes_when_the_peer_that_one_connected_to_has_gone(endpoint: str) -> None:
    world = World()
    machine = world.machine("one")
    dealer = SimulatedSocket(machine, DEALER, hiccup_msg=b"HICCUP")
    dealer.connect(endpoint)
    world.run(1)
    assert dealer.try_recv() is None
    for _ in range(2):
        server = SimulatedSocket(machine, DEALER)
        server.bind(endpoint)
        dealer.send(b"hello")
        assert server.recv() == [b"hello"]
        server.close()
        assert dealer.recv() == [b"HICCUP"]


@ENDPOINTS
def test_conflate_leaves_the_last_message_of_twenty(endpoint: str) -> None:
    """test_conflate of libzmq."""
    world = World()
    machine = world.machine("one")
    pull = SimulatedSocket(machine, PULL, conflate=True)
    pull.bind(endpoint)
    push = SimulatedSocket(machine, PUSH, conflate=True)
    push.connect(endpoint)
    for number in range(20):
        assert push.try_send(b"%d" % number)
    world.run(1)
    assert pull.recv() == [b"19"]
    assert pull.try_recv() is None


@ENDPOINTS
def test_conflate_of_a_subscriber_spares_its_subscriptions(endpoint: str) -> None:
    world = World()
    machine = world.machine("one")
    sub = SimulatedSocket(machine, SUB, conflate=True)
    for topic in (b"A", b"B", b"C"):
        sub.core.pattern.subscribe(topic)
    sub.bind(endpoint)
    pub = SimulatedSocket(machine, PUB)
    pub.connect(endpoint)
    world.run_until(lambda: pub.core.pattern.topics_count() == 3)
    for topic in (b"A", b"B", b"C", b"D"):
        pub.send(topic)
    world.run(1)
    assert sub.recv() == [b"C"]
    assert sub.try_recv() is None
