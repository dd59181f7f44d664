"""Whole sockets where things go wrong: every message comes once, in order, or is counted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.constants import SocketType
from antiphon.errors import OptionError, SocketClosed
from antiphon.testing import Faults, SimulatedSocket, World

DEALER, ROUTER, REQ, REP = SocketType.DEALER, SocketType.ROUTER, SocketType.REQ, SocketType.REP
SERVER = "tcp://server:5555"

FAULTS = st.builds(
    Faults,
    jitter=st.sampled_from([0.0, 0.05]),
    fragment=st.sampled_from([0, 1, 30]),
    refuse=st.sampled_from([0.0, 0.3]),
    cut=st.sampled_from([0.0, 0.005]),
)
SEEDS = st.integers(0, 2**32)


@settings(max_examples=40, deadline=None)
@given(SEEDS, FAULTS)
def test_a_relaxed_client_gets_the_reply_to_its_own_request(seed: int, faults: Faults) -> None:
    """REQ_RELAXED and REQ_CORRELATE: asking again until answered never gives an older reply."""
    world = World(seed, faults)
    server = SimulatedSocket(world.machine("server"), REP)
    server.bind("tcp://*:5555")
    client = SimulatedSocket(
        world.machine("client"), REQ, req_relaxed=True, req_correlate=True, reconnect_ivl=10
    )
    client.connect(SERVER)
    for number in range(20):
        question = b"question %d" % number
        answer = None
        while answer is None:
            client.send(question)
            deadline = world.clock + 2
            while answer is None and world.clock < deadline:
                world.run(0.05)
                if server.core.pattern.can_recv():
                    server.send(*server.recv(), b"answered")
                answer = client.try_recv()
        assert answer == [question, b"answered"]


@settings(max_examples=40, deadline=None)
@given(SEEDS, FAULTS)
def test_each_peer_of_a_router_is_heard_once_and_in_order(seed: int, faults: Faults) -> None:
    world = World(seed, faults)
    server = SimulatedSocket(world.machine("server"), ROUTER)
    server.bind("tcp://*:5555")
    clients = {}
    for name in (b"A", b"B", b"C"):
        clients[name] = SimulatedSocket(
            world.machine("client"), DEALER, routing_id=name, reconnect_ivl=10
        )
        clients[name].connect(SERVER)
    heard: dict[bytes, list[int]] = {name: [] for name in clients}
    for number in range(30):
        for client in clients.values():
            client.send(b"%d" % number)
        world.run(world.chance.random() / 50)
    world.run(30)
    while (message := server.try_recv()) is not None:
        name, body = message
        heard[name].append(int(body))
    for numbers in heard.values():
        assert numbers == sorted(set(numbers))
        if not faults.cut:
            assert numbers == list(range(30))


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_the_same_seed_gives_the_same_history(seed: int) -> None:
    def history() -> list[tuple[float, list[bytes]]]:
        world = World(seed, Faults(jitter=0.1, fragment=3, cut=0.01, refuse=0.2))
        server = SimulatedSocket(world.machine("server"), ROUTER)
        server.bind("tcp://*:5555")
        client = SimulatedSocket(world.machine("client"), DEALER)
        client.connect(SERVER)
        happened = []
        for number in range(20):
            client.send(b"%d" % number)
            world.run(0.1)
            while (message := server.try_recv()) is not None:
                happened.append((world.clock, message))
        return happened

    assert history() == history()


def test_a_dealer_shares_work_among_all_its_peers(world: World) -> None:
    client = SimulatedSocket(world.machine("client"), DEALER)
    workers = [SimulatedSocket(world.machine(name), REP) for name in ("one", "two", "three")]
    for name, worker in zip(("one", "two", "three"), workers, strict=True):
        worker.bind("tcp://*:5555")
        client.connect(f"tcp://{name}:5555")
    world.run(1)
    for number in range(9):
        client.send(b"", b"%d" % number)
    for worker in workers:
        for _ in range(3):
            worker.send(*worker.recv())
    assert sorted(client.recv()[1] for _ in range(9)) == [b"%d" % number for number in range(9)]


def test_connecting_twice_is_connecting_once(world: World) -> None:
    server = SimulatedSocket(world.machine("server"), ROUTER)
    server.bind("tcp://*:5555")
    client = SimulatedSocket(world.machine("client"), DEALER)
    client.connect(SERVER)
    client.connect(SERVER)
    world.run(1)
    assert len(server.core.peers()) == 1


def test_a_hundred_sockets_in_one_process(world: World) -> None:
    server = SimulatedSocket(world.machine("server"), ROUTER)
    server.bind("tcp://*:5555")
    clients = []
    for number in range(100):
        client = SimulatedSocket(world.machine(f"client{number}"), REQ)
        client.connect(SERVER)
        client.send(b"%d" % number)
        clients.append(client)
    for _ in clients:
        routing_id, empty, body = server.recv()
        server.send(routing_id, empty, body * 2)
    assert [client.recv() for client in clients] == [[b"%d" % n * 2] for n in range(100)]


def test_what_is_not_there_is_refused_by_name(world: World) -> None:
    machine = world.machine("client")
    with pytest.raises(OptionError, match="socket type"):
        SimulatedSocket(machine, 99)
    socket = SimulatedSocket(machine, DEALER, mechanism=2)
    with pytest.raises(OptionError, match="CURVE_SECRETKEY"):
        socket.connect(SERVER)
    socket.close()
    for call in (socket.connect, socket.bind):
        with pytest.raises(SocketClosed):
            call(SERVER)
