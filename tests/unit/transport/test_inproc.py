"""inproc: connecting first, legal pairs, bounds of both sides, messages without bytes."""

import pytest

from antiphon.constants import SocketType
from antiphon.errors import EADDRINUSE, ENOCOMPATPROTO, ENOENT, EndpointError
from antiphon.testing import Machine, SimulatedSocket, World

DEALER, ROUTER, REQ, REP = SocketType.DEALER, SocketType.ROUTER, SocketType.REQ, SocketType.REP
NAME = "inproc://name"


@pytest.fixture
def machine() -> Machine:
    return World().machine("one")


@pytest.mark.parametrize("first", ["bind", "connect"])
def test_the_order_of_bind_and_connect_does_not_matter(machine: Machine, first: str) -> None:
    server, client = SimulatedSocket(machine, REP), SimulatedSocket(machine, REQ)
    if first == "bind":
        server.bind(NAME)
        client.connect(NAME)
        client.send(b"question")
    else:
        client.connect(NAME)
        client.send(b"question")
        server.bind(NAME)
    assert server.recv() == [b"question"]
    server.send(b"answer")
    assert client.recv() == [b"answer"]


def test_frames_are_passed_as_they_are(machine: Machine) -> None:
    server, client = SimulatedSocket(machine, DEALER), SimulatedSocket(machine, DEALER)
    server.bind(NAME)
    client.connect(NAME)
    frame = bytes(1_000_000)
    client.send(frame)
    assert server.recv()[0] is frame


def test_a_router_knows_its_peers_by_their_ids(machine: Machine) -> None:
    router = SimulatedSocket(machine, ROUTER)
    router.bind(NAME)
    for name in (b"A", b"B"):
        client = SimulatedSocket(machine, DEALER, routing_id=name)
        client.connect(NAME)
        client.send(b"hello")
        assert router.recv() == [name, b"hello"]
        router.send(name, b"hello, " + name)
        assert client.recv() == [b"hello, " + name]
    stranger = SimulatedSocket(machine, REQ)
    stranger.connect(NAME)
    stranger.send(b"hi")
    routing_id, *rest = router.recv()
    assert len(routing_id) == 5
    assert rest == [b"", b"hi"]


@pytest.mark.parametrize("first", ["bind", "connect"])
def test_an_illegal_pair_is_refused_by_name(machine: Machine, first: str) -> None:
    """K7."""
    one, other = SimulatedSocket(machine, REQ), SimulatedSocket(machine, REQ)
    if first == "bind":
        one.bind(NAME)
        with pytest.raises(EndpointError, match="REQ cannot talk to REQ") as info:
            other.connect(NAME)
        assert info.value.errno == ENOCOMPATPROTO
    else:
        other.connect(NAME)
        one.bind(NAME)
        for socket in (one, other):
            assert socket.core.stats().failures == {"illegal-pair": 1}


def test_a_name_is_taken_once_and_free_after_closing(machine: Machine) -> None:
    first, second = SimulatedSocket(machine, REP), SimulatedSocket(machine, REP)
    first.bind(NAME)
    with pytest.raises(EndpointError) as info:
        second.bind(NAME)
    assert info.value.errno == EADDRINUSE
    first.close()
    second.bind(NAME)


def test_a_connection_waits_for_the_next_of_its_name(machine: Machine) -> None:
    client = SimulatedSocket(machine, DEALER)
    client.connect(NAME)
    for number in range(3):
        server = SimulatedSocket(machine, DEALER)
        server.bind(NAME)
        client.send(b"%d" % number)
        assert server.recv() == [b"%d" % number]
        server.close()
    client.send(b"for whoever comes")
    last = SimulatedSocket(machine, DEALER)
    last.bind(NAME)
    assert last.recv() == [b"for whoever comes"]


def test_the_bounds_of_both_sides_add_up(machine: Machine) -> None:
    server = SimulatedSocket(machine, DEALER, rcvhwm=3)
    client = SimulatedSocket(machine, DEALER, sndhwm=4)
    server.bind(NAME)
    client.connect(NAME)
    sent = 0
    while sent < 100 and client.try_send(b"%d" % sent):
        sent += 1
    assert sent == 7
    assert [server.recv()[0] for _ in range(sent)] == [b"%d" % number for number in range(sent)]
    client.send(b"again")
    assert server.recv() == [b"again"]


def test_disconnecting_and_unbinding(machine: Machine) -> None:
    server, client = SimulatedSocket(machine, REP), SimulatedSocket(machine, REQ)
    server.bind(NAME)
    client.connect(NAME)
    client.core.disconnect(NAME)
    assert not server.core.peers()
    server.core.unbind(NAME)
    for call in (client.core.disconnect, server.core.unbind):
        with pytest.raises(EndpointError) as info:
            call(NAME)
        assert info.value.errno == ENOENT


def test_closing_with_linger_waits_for_a_full_peer(machine: Machine) -> None:
    server = SimulatedSocket(machine, DEALER, rcvhwm=1)
    client = SimulatedSocket(machine, DEALER)
    server.bind(NAME)
    client.connect(NAME)
    for number in range(5):
        client.send(b"%d" % number)
    client.close(linger_ms=-1)
    assert not client.core.ended
    assert server.recv() == [b"0"]


def test_machines_do_not_share_names(machine: Machine) -> None:
    SimulatedSocket(machine, REP).bind(NAME)
    elsewhere = SimulatedSocket(machine.world.machine("two"), REP)
    elsewhere.bind(NAME)
