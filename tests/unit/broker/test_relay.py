"""The broker's two ROUTERs in a simulated world: late, in pieces, and with workers that vanish."""

import pytest

from antiphon.broker.relay import Relay, Trace
from antiphon.broker.state import BrokerState
from antiphon.constants import SocketType
from antiphon.engine.socket import SocketCore
from antiphon.options import SocketOptions
from antiphon.testing import Faults, SimulatedSocket, World

DEALER, REQ, ROUTER = SocketType.DEALER, SocketType.REQ, SocketType.ROUTER
FRONTEND, BACKEND = "tcp://broker:5555", "tcp://broker:5556"


def broker(world: World, retries: int = 2, backlog: int = 0, trace: Trace | None = None) -> Relay:
    machine = world.machine("broker")
    relay = Relay(machine, BrokerState(retries, backlog), SocketOptions(), 1, trace)
    for router, endpoint in ((relay.frontend, "tcp://*:5555"), (relay.backend, "tcp://*:5556")):
        SocketCore(machine, int(ROUTER), router.options, router).bind(endpoint)
    return relay


def worker(world: World, name: str = "worker", kind: SocketType = REQ) -> SimulatedSocket:
    socket = SimulatedSocket(world.machine(name), kind)
    socket.connect(BACKEND)
    socket.send(*([b"READY"] if kind == REQ else [b"", b"READY"]))
    return socket


def client(world: World, kind: SocketType = REQ) -> SimulatedSocket:
    socket = SimulatedSocket(world.machine("client"), kind)
    socket.connect(FRONTEND)
    return socket


BODIES = [b"", b"x", bytes(255), bytes(256), bytes(5000), bytes(100_000)]


@pytest.mark.parametrize("fragment", [0, 1, 7, 1000])
@pytest.mark.parametrize("size", range(len(BODIES)))
def test_messages_of_any_size_pass_however_they_come(fragment: int, size: int) -> None:
    body = BODIES[size]
    if fragment and len(body) > 2000 * fragment:
        body = body[: 2000 * fragment]
    world = World(seed=3, faults=Faults(fragment=fragment))
    broker(world)
    serving, asking = worker(world), client(world)
    asking.send(body, b"", body)
    envelope = serving.recv()
    assert envelope[1:] == [b"", body, b"", body]
    serving.send(*envelope[:2], body)
    assert asking.recv() == [body]


def test_many_requests_to_several_workers_are_all_answered() -> None:
    world = World(seed=4, faults=Faults(fragment=50))
    relay = broker(world)
    serving = [worker(world, f"w{n}", DEALER if n else REQ) for n in range(3)]
    asking = client(world, DEALER)
    for number in range(300):
        asking.send(b"", b"%d" % number)

    def work() -> bool:
        for socket in serving:
            message = socket.try_recv()
            if message is not None:
                socket.send(*message[:-1], b"re " + message[-1])
        return relay.state.replies == 300

    world.run_until(work)
    replies = sorted(int(asking.recv()[1].removeprefix(b"re ")) for _ in range(300))
    assert replies == list(range(300))
    assert not relay.state.dropped


def test_the_request_of_a_lost_worker_goes_to_another_one() -> None:
    world = World(seed=5)
    relay = broker(world, retries=1)
    first = worker(world, "first")
    asking = client(world)
    asking.send(b"work")
    world.run_until(first.core.pattern.can_recv)
    first.close()
    second = worker(world, "second")
    envelope = second.recv()
    second.send(*envelope[:2], b"done")
    assert asking.recv() == [b"done"]
    assert (relay.state.retried, relay.state.lost) == (1, 0)


def test_clients_are_not_read_while_no_worker_is_free() -> None:
    """L9: what they send waits at them, and in the ROUTER's queues up to their bounds."""
    world = World(seed=6)
    relay = broker(world)
    asking = SimulatedSocket(world.machine("client"), DEALER, sndhwm=10)
    asking.connect(FRONTEND)
    sent = 0
    while sent < 10_000 and asking.try_send(b"", bytes(1000)):
        sent += 1
        world.run(0.001)
    assert sent < 10_000
    assert relay.state.requests == 0
    serving = worker(world, kind=DEALER)
    for _ in range(sent):
        envelope = serving.recv()
        serving.send(*envelope[:3], b"re")
        asking.recv()
    assert relay.state.replies == sent


def test_what_workers_say_out_of_turn_is_counted() -> None:
    world = World(seed=7)
    relay = broker(world)
    serving = worker(world, kind=DEALER)
    serving.send(b"", b"nobody", b"", b"unasked")
    asking = client(world)
    asking.send(b"x")
    envelope = serving.recv()
    serving.send(*envelope[:3], b"OK")
    assert asking.recv() == [b"OK"]
    assert relay.state.dropped == {"late-reply": 1}


def test_the_request_of_a_worker_that_loses_the_envelope_goes_to_another_one() -> None:
    """L14: and that worker gets nothing more, so that it spoils nothing more."""
    world = World(seed=9)
    relay = broker(world)
    careless = worker(world, "careless")
    asking = client(world)
    asking.send(b"x")
    careless.recv()
    careful = worker(world, "careful")
    careless.send(b"OK")
    for number in range(3):
        envelope = careful.recv()
        careful.send(*envelope[:2], b"OK %d" % number)
        assert asking.recv() == [b"OK %d" % number]
        asking.send(b"x")
    assert relay.state.dropped == {"malformed": 1}
    assert relay.state.retried == 1


def test_ready_while_busy_mixes_up_no_answers() -> None:
    """L11."""
    world = World(seed=10)
    broker(world)
    serving = worker(world, kind=DEALER)
    asking = client(world)
    for number in range(3):
        asking.send(b"request %d" % number)
        envelope = serving.recv()
        serving.send(b"", b"READY")
        serving.send(*envelope[:3], b"answer to " + envelope[3])
        assert asking.recv() == [b"answer to request %d" % number]


class Hops(Trace):
    def __init__(self) -> None:
        self.seen: list[tuple[str, list[bytes]]] = []

    def hop(self, name: str, frames: list[bytes]) -> None:
        self.seen.append((name, frames))


def test_a_trace_sees_each_hop() -> None:
    """L8."""
    world = World(seed=8)
    hops = Hops()
    broker(world, retries=0, trace=hops)
    serving = SimulatedSocket(world.machine("worker"), REQ, routing_id=b"WORKER")
    serving.connect(BACKEND)
    serving.send(b"READY")
    asking = SimulatedSocket(world.machine("client"), REQ, routing_id=b"CLIENT")
    asking.connect(FRONTEND)
    world.run(1)
    asking.send(b"Hello")
    envelope = serving.recv()
    serving.send(*envelope[:2], b"OK")
    assert asking.recv() == [b"OK"]
    assert hops.seen == [
        ("backend in", [b"WORKER", b"", b"READY"]),
        ("frontend in", [b"CLIENT", b"", b"Hello"]),
        ("backend out", [b"WORKER", b"", b"CLIENT", b"", b"Hello"]),
        ("backend in", [b"WORKER", b"", b"CLIENT", b"", b"OK"]),
        ("frontend out", [b"CLIENT", b"", b"OK"]),
    ]
