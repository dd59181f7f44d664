"""Figures of peers and sockets: they add up, and outlive the connections they are of."""

from antiphon.constants import SocketType
from antiphon.testing import SimulatedSocket, World

DEALER, ROUTER = SocketType.DEALER, SocketType.ROUTER
SERVER = "tcp://server:5555"

#: What NULL costs a peer on the wire: its greeting and its READY.
GREETING = 64


def router(world: World, **options: object) -> SimulatedSocket:
    socket = SimulatedSocket(world.machine("server"), ROUTER, **options)
    socket.bind("tcp://*:5555")
    return socket


def dealer(world: World, **options: object) -> SimulatedSocket:
    socket = SimulatedSocket(world.machine("client"), DEALER, **options)
    socket.connect(SERVER)
    return socket


def test_what_one_side_has_sent_the_other_has_received(world: World) -> None:
    server, client = router(world), dealer(world)
    for _ in range(3):
        client.send(b"x" * 1000)
        client.send(b"y" * 100_000)
    for _ in range(6):
        routing_id, _ = server.recv()
    server.send(routing_id, b"answer")
    client.recv()
    ours, theirs = server.core.stats(), client.core.stats()
    assert (ours.messages_received, ours.messages_sent) == (6, 1)
    assert (theirs.messages_received, theirs.messages_sent) == (1, 6)
    assert ours.bytes_received == theirs.bytes_sent
    assert ours.bytes_sent == theirs.bytes_received
    assert 303_000 < theirs.bytes_sent < 303_000 + 2 * GREETING + 100
    (peer,) = server.core.peers()
    assert (peer.bytes_received, peer.bytes_sent) == (ours.bytes_received, ours.bytes_sent)


def test_figures_outlive_their_connections(world: World) -> None:
    server, client = router(world), dealer(world, reconnect_ivl=10)
    client.send(b"one")
    server.recv()
    before = server.core.stats()
    world.cut()
    world.run(1)
    client.send(b"two")
    server.recv()
    ours, theirs = server.core.stats(), client.core.stats()
    assert (ours.messages_received, theirs.messages_sent) == (2, 2)
    assert theirs.reconnects == 1
    assert ours.bytes_received == theirs.bytes_sent > 2 * GREETING
    client.close()
    world.run(1)
    assert not server.core.peers()
    after = server.core.stats()
    assert after.messages_received == 2
    assert after.bytes_received == ours.bytes_received > before.bytes_received
    assert client.core.stats().messages_sent == 2


def test_figures_outlive_inproc_peers_and_endpoints(world: World) -> None:
    server = SimulatedSocket(world.machine("server"), ROUTER)
    server.bind("inproc://there")
    client = SimulatedSocket(world.machine("server"), DEALER)
    client.connect("inproc://there")
    client.send(b"hello")
    server.recv()
    (peer,) = server.core.peers()
    assert (peer.mechanism, peer.address, peer.last_seen) == ("", "", None)
    client.core.disconnect("inproc://there")
    assert client.core.stats().messages_sent == 1
    assert server.core.stats().messages_received == 1
    assert server.core.stats().bytes_received == 0


def test_reaching_a_high_water_mark_is_counted_once_each_time(world: World) -> None:
    server = router(world, rcvhwm=4)
    client = dealer(world, sndhwm=3, reconnect_ivl=10)
    assert [client.try_send(b"x") for _ in range(5)] == [True, True, True, False, False]
    assert client.core.stats().send_high_water == 1
    world.run(1)
    while client.try_send(b"x"):
        world.run(0.01)
    full = server.core.stats()
    assert full.receive_high_water == 1
    assert client.core.stats().send_high_water == 2
    (peer,) = server.core.peers()
    assert (peer.queued_in, peer.queued_bytes_in) == (4, 4)
    (peer,) = client.core.peers()
    assert (peer.queued_out, peer.queued_bytes_out) == (3, 3)


def test_a_peer_was_last_seen_when_it_last_said_something(world: World) -> None:
    server, client = router(world), dealer(world)
    client.send(b"hello")
    server.recv()
    for wait in (0.5, 3.0):
        world.run(wait)
        (peer,) = server.core.peers()
        assert peer.last_seen is not None
        assert wait - 0.01 <= peer.last_seen <= wait + 0.51
    client.send(b"again")
    server.recv()
    (peer,) = server.core.peers()
    assert peer.last_seen is not None
    assert peer.last_seen < 0.01
    assert (peer.mechanism, peer.address, peer.user_id) == ("NULL", "sim://client", "")


def test_heartbeats_keep_a_peer_seen(world: World) -> None:
    server, client = router(world), dealer(world, heartbeat_ivl=100)
    client.send(b"hello")
    server.recv()
    world.run(10)
    for socket in (server, client):
        (peer,) = socket.core.peers()
        assert peer.connected
        assert peer.last_seen is not None
        assert peer.last_seen < 0.2


def test_who_is_not_there_has_not_been_seen(world: World) -> None:
    client = dealer(world, reconnect_ivl=10)
    world.run(1)
    (peer,) = client.core.peers()
    assert (peer.connected, peer.last_seen, peer.mechanism, peer.address) == (False, None, "", "")
    assert client.core.stats().handshake_failures == 0
