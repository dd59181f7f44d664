"""What comes in is read on: after drops, after pauses, and not after the end of a connection."""

import socket
import struct
import time
from collections.abc import Iterator

import pytest

from antiphon.constants import SocketType
from antiphon.engine.socket import SocketCore
from antiphon.hosts.resolver import ThreadResolver
from antiphon.options import SocketOptions
from antiphon.reactor import Reactor
from antiphon.testing import SimulatedSocket, World

DEALER, ROUTER, REQ, REP = SocketType.DEALER, SocketType.ROUTER, SocketType.REQ, SocketType.REP
SERVER = "tcp://server:5555"


def pair(
    world: World,
    kinds: tuple[int, int],
    client_options: dict[str, object],
    server_options: dict[str, object],
) -> tuple[SimulatedSocket, SimulatedSocket]:
    """Return a client and the server that it is connected to."""
    client = SimulatedSocket(world.machine("client"), kinds[0], **client_options)
    server = SimulatedSocket(world.machine("server"), kinds[1], **server_options)
    server.bind("tcp://*:5555")
    client.connect(SERVER)
    world.run_until(lambda: any(peer.connected for peer in client.core.peers()))
    world.run(0.01)
    return client, server


@pytest.mark.parametrize("sides", [(1, 1), (1, 1000), (1000, 1)])
def test_the_smallest_queues_take_any_number_of_rounds(
    world: World, sides: tuple[int, int]
) -> None:
    client, server = pair(world, (REQ, REP), {"rcvhwm": sides[0]}, {"rcvhwm": sides[1]})
    for number in range(100):
        client.send(b"%d" % number)
        assert server.recv() == [b"%d" % number]
        server.send(b"re: %d" % number)
        assert client.recv() == [b"re: %d" % number]


@pytest.mark.parametrize("rcvhwm", [1, 10, 1000])
@pytest.mark.parametrize("junk", [(b"no delimiter",), (b"", b"not asked for")])
def test_a_req_reads_on_after_a_flood_of_junk(
    world: World, rcvhwm: int, junk: tuple[bytes, ...]
) -> None:
    client, server = pair(world, (REQ, ROUTER), {"rcvhwm": rcvhwm}, {"sndhwm": 0})
    for number in range(3):
        client.send(b"%d" % number)
        routing_id, *_ = server.recv()
        if junk[0]:
            for _ in range(3000):
                server.send(routing_id, *junk)
        server.send(routing_id, b"", b"re: %d" % number)
        assert client.recv() == [b"re: %d" % number]
        for _ in range(3000):
            server.send(routing_id, *junk)
        world.run(0.1)
    floods = 6 if junk[0] else 3
    assert sum(client.core.stats().drops.values()) == floods * 3000


@pytest.mark.parametrize("rcvhwm", [1, 10, 1000])
def test_a_rep_reads_on_after_a_flood_of_junk(world: World, rcvhwm: int) -> None:
    client, server = pair(world, (DEALER, REP), {"sndhwm": 0}, {"rcvhwm": rcvhwm})
    for number in range(3):
        for _ in range(3000):
            client.send(b"no delimiter")
        client.send(b"", b"%d" % number)
        assert server.recv() == [b"%d" % number]
        server.send(b"re: %d" % number)
        assert client.recv() == [b"", b"re: %d" % number]
    assert sum(server.core.stats().drops.values()) == 9000


@pytest.mark.parametrize(
    ("reading", "writing"),
    [
        ({"heartbeat_ivl": 100, "heartbeat_timeout": 300}, {}),
        ({"heartbeat_ivl": 100}, {}),
        ({}, {"heartbeat_ivl": 100, "heartbeat_ttl": 300, "heartbeat_timeout": 60_000}),
    ],
)
@pytest.mark.parametrize("slow", ["client", "server"])
def test_a_slow_reader_does_not_blame_its_peer_for_what_it_has_not_read(
    world: World, slow: str, reading: dict[str, object], writing: dict[str, object]
) -> None:
    slowly, quickly = {"rcvhwm": 10, **reading}, {"sndhwm": 0, **writing}
    options = (slowly, quickly) if slow == "client" else (quickly, slowly)
    client, server = pair(world, (DEALER, DEALER), *options)
    reader, writer = (client, server) if slow == "client" else (server, client)
    for number in range(500):
        writer.send(b"%d" % number)
    received: list[bytes] = []
    while len(received) < 500:
        world.run(2 if len(received) % 100 == 0 else 0.001)
        received += reader.recv()
    assert received == [b"%d" % number for number in range(500)]
    assert not reader.core.stats().failures
    assert not writer.core.stats().failures


def test_a_reader_that_was_slow_still_finds_a_peer_that_has_gone(world: World) -> None:
    options: dict[str, object] = {"rcvhwm": 10, "heartbeat_ivl": 100, "heartbeat_timeout": 300}
    client, server = pair(world, (DEALER, DEALER), {}, options)
    for number in range(100):
        client.send(b"%d" % number)
    world.run(2)
    for number in range(100):
        assert server.recv() == [b"%d" % number]
    world.part("client", "server")
    world.run(1)
    assert server.core.stats().failures == {"heartbeat-timeout": 1}


@pytest.mark.parametrize("side", ["client", "server"])
def test_a_heartbeat_without_a_time_out_ends_nothing(world: World, side: str) -> None:
    beating: dict[str, object] = {"heartbeat_ivl": 100, "heartbeat_timeout": 0}
    options = (beating, {}) if side == "client" else ({}, beating)
    client, server = pair(world, (DEALER, DEALER), *options)
    world.run(2)
    world.part("client", "server")
    world.run(2)
    world.mend()
    client.send(b"still here")
    assert server.recv() == [b"still here"]
    for core in (client.core, server.core):
        assert not core.stats().failures


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    reactor = Reactor(ThreadResolver())
    yield reactor
    reactor.close()


def greeted(endpoint: str) -> socket.socket:
    """Return a connection to the endpoint, with all that comes before READY sent."""
    raw = socket.create_connection(("127.0.0.1", int(endpoint.rpartition(":")[2])), timeout=10)
    raw.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32))
    return raw


def ready(routing_id: bytes) -> bytes:
    properties = ((b"Socket-Type", b"DEALER"), (b"Identity", routing_id))
    body = b"\x05READY" + b"".join(
        struct.pack("!B", len(name)) + name + struct.pack("!I", len(value)) + value
        for name, value in properties
    )
    return bytes([4, len(body)]) + body


def received(reactor: Reactor, router: SocketCore) -> list[bytes]:
    deadline = time.monotonic() + 10
    while (message := router.pattern.try_recv()) is None:
        assert time.monotonic() < deadline
        reactor.poll(0.01)
    return message


def accepted(reactor: Reactor, router: SocketCore, count: int) -> None:
    deadline = time.monotonic() + 10
    while len(router.peers()) < count:
        assert time.monotonic() < deadline
        reactor.poll(0.01)
    # Read what there is, so that descriptors are reported in the order of what comes next.
    for _ in range(3):
        reactor.poll(0.0)


def test_what_the_old_peer_says_at_its_handover_is_not_taken_for_the_newcomers(
    reactor: Reactor,
) -> None:
    options = SocketOptions()
    options.router_handover = True
    router = SocketCore(reactor, ROUTER, options)
    endpoint = router.bind("tcp://127.0.0.1:*")
    with greeted(endpoint) as old, greeted(endpoint) as new:
        old.sendall(ready(b"X") + b"\x00\x03old")
        assert received(reactor, router) == [b"X", b"old"]
        accepted(reactor, router, 2)
        # Both are readable in one pass, the newcomer first.
        new.sendall(ready(b"X"))
        old.sendall(b"\x00\x05stale")
        reactor.poll(10)
        new.sendall(b"\x00\x05fresh")
        assert received(reactor, router) == [b"X", b"fresh"]
    router.close(0)
