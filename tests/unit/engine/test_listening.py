"""Connections that come in: their queues go with them (R28.24), unbinding lets words out."""

import pytest

from antiphon.constants import SocketType
from antiphon.errors import EADDRINUSE, ENOENT, EndpointError
from antiphon.testing import SimulatedSocket, World

DEALER, ROUTER, REQ, REP = SocketType.DEALER, SocketType.ROUTER, SocketType.REQ, SocketType.REP
SERVER = "tcp://server:5555"


def router(world: World, **options: object) -> SimulatedSocket:
    socket = SimulatedSocket(world.machine("server"), ROUTER, **options)
    socket.bind("tcp://*:5555")
    return socket


def dealer(world: World, **options: object) -> SimulatedSocket:
    socket = SimulatedSocket(world.machine("client"), DEALER, **options)
    socket.connect(SERVER)
    return socket


def test_queues_of_a_vanished_peer_are_destroyed_and_counted(world: World) -> None:
    server, client = router(world), dealer(world, routing_id=b"C", rcvhwm=1)
    client.send(b"one")
    client.send(b"two")
    assert server.recv() == [b"C", b"one"]
    world.part("client", "server")
    for _ in range(3):
        server.send(b"C", b"never")
    client.close()
    world.mend()
    world.run(1)
    drops = server.core.stats().drops
    assert drops["sender-gone"] == 1
    assert server.try_recv() is None
    assert not server.core.peers()
    server.send(b"C", b"nobody")
    assert server.core.stats().drops["unknown-id"] == 1


def test_a_second_peer_with_an_id_in_use_is_refused(world: World) -> None:
    server, first = router(world), dealer(world, routing_id=b"C")
    first.send(b"hello")
    server.recv()
    second = dealer(world, routing_id=b"C", reconnect_ivl=-1)
    second.try_send(b"me too")
    world.run(1)
    assert server.try_recv() is None
    assert server.core.stats().drops == {"duplicate-id": 1}
    server.send(b"C", b"to the first")
    assert first.recv() == [b"to the first"]


def test_handover_gives_the_id_to_the_newcomer(world: World) -> None:
    server = router(world, router_handover=True)
    first = dealer(world, routing_id=b"C", reconnect_ivl=-1)
    first.send(b"hello")
    server.recv()
    second = dealer(world, routing_id=b"C")
    second.send(b"I am C now")
    assert server.recv() == [b"C", b"I am C now"]
    server.send(b"C", b"yes")
    assert second.recv() == [b"yes"]
    assert first.try_recv() is None


def test_unbinding_lets_replies_out_and_nobody_in(world: World) -> None:
    server, client = router(world), dealer(world, routing_id=b"C", reconnect_ivl=-1)
    client.send(b"hello")
    server.recv()
    server.try_send(b"C", b"goodbye")
    server.core.unbind("tcp://*:5555")
    assert client.recv() == [b"goodbye"]
    world.run(1)
    assert not server.core.peers()
    late = dealer(world)
    world.run(1)
    assert late.core.stats().failures["connect-failed"] > 0
    with pytest.raises(EndpointError) as info:
        server.core.unbind("tcp://*:5555")
    assert info.value.errno == ENOENT
    router(world)


def test_an_address_in_use_is_refused(world: World) -> None:
    router(world)
    with pytest.raises(EndpointError) as info:
        router(world)
    assert info.value.errno == EADDRINUSE


def test_many_endpoints_serve_one_socket(world: World) -> None:
    server = SimulatedSocket(world.machine("server"), REP)
    ports = [server.bind("tcp://127.0.0.1:*").rpartition(":")[2] for _ in range(3)]
    assert len(set(ports)) == 3
    clients = []
    for port in ports:
        client = SimulatedSocket(world.machine("client"), REQ)
        client.connect(f"tcp://server:{port}")
        client.send(port.encode())
        clients.append(client)
    for _ in ports:
        server.send(*server.recv())
    assert [client.recv() for client in clients] == [[port.encode()] for port in ports]


@pytest.mark.parametrize(
    ("sends", "receives"),
    [
        (SocketType.PUSH, SocketType.PULL),
        (SocketType.PAIR, SocketType.PAIR),
        (SocketType.SCATTER, SocketType.GATHER),
    ],
    ids=lambda kind: kind.name,
)
def test_what_a_peer_has_said_before_it_went_is_still_given(
    world: World, sends: SocketType, receives: SocketType
) -> None:
    """Nobody waits for an answer: PUSH sends all it has and goes, and PULL comes to it later."""
    server = SimulatedSocket(world.machine("server"), receives)
    server.bind("tcp://*:5555")
    client = SimulatedSocket(world.machine("client"), sends)
    client.connect(SERVER)
    for number in range(10):
        client.send(b"%d" % number)
    world.run(1)
    client.close()
    world.run(1)
    assert [server.recv() for _ in range(10)] == [[b"%d" % number] for number in range(10)]
    assert not server.core.peers()
    assert not server.core.stats().drops
