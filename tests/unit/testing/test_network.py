"""The simulated world keeps its promises: time, faults, machines."""

import pytest

from antiphon.constants import SocketType
from antiphon.endpoint import parse_endpoint
from antiphon.engine.network import Caller, Stream, Timer
from antiphon.options import SocketOptions
from antiphon.testing import Faults, SimulatedSocket, StuckError, World

DEALER = SocketType.DEALER


class Alarm(Timer):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.times: list[float] = []

    def fire(self) -> None:
        self.times.append(self.world.clock)


class Outcome(Caller):
    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.streams: list[Stream] = []

    def connected(self, stream: Stream) -> None:
        self.streams.append(stream)

    def failed(self, reason: str) -> None:
        self.reasons.append(reason)


def test_time_passes_only_when_told() -> None:
    world = World()
    assert world.clock == 0
    world.run(3600)
    assert world.clock == 3600
    assert world.machine("one").now() == 3600


def test_timers_fire_once_move_and_are_cancelled() -> None:
    world = World()
    machine, first, second = world.machine("one"), Alarm(world), Alarm(world)
    machine.set_timer(first, 5)
    machine.set_timer(second, 1)
    machine.set_timer(first, 2)
    world.run(1.5)
    machine.set_timer(second, 10)
    machine.cancel_timer(second)
    world.run(100)
    assert first.times == [2.0]
    assert second.times == [1.0]


def test_what_never_happens_is_an_error_that_says_so() -> None:
    world = World()
    with pytest.raises(StuckError, match=r"not within 60\.0 s"):
        world.run_until(lambda: False)


def test_a_machine_is_one_by_its_name() -> None:
    world = World()
    assert world.machine("one") is world.machine("one")
    assert world.machine("one") is not world.machine("two")


@pytest.mark.parametrize("host", ["nowhere", "there", "127.0.0.1"])
def test_dialling_where_nobody_listens_fails_later(host: str) -> None:
    world, outcome = World(), Outcome()
    here, _ = world.machine("here"), world.machine("there")
    here.dial(parse_endpoint(f"tcp://{host}:1", bind=False), SocketOptions(), outcome)
    assert not outcome.reasons
    world.run(1)
    assert len(outcome.reasons) == 1


def test_a_cancelled_call_tells_nobody() -> None:
    world, outcome = World(), Outcome()
    endpoint = parse_endpoint("tcp://nowhere:1", bind=False)
    world.machine("here").dial(endpoint, SocketOptions(), outcome).cancel()
    world.run(1)
    assert not outcome.reasons


def test_latency_and_jitter_delay_what_is_sent() -> None:
    world = World(1, Faults(latency=2.0, jitter=1.0))
    server = SimulatedSocket(world.machine("server"), DEALER)
    server.bind("tcp://*:5555")
    client = SimulatedSocket(world.machine("client"), DEALER)
    client.connect("tcp://server:5555")
    world.run_until(lambda: any(peer.connected for peer in client.core.peers()))
    start = world.clock
    client.send(b"slow")
    server.recv()
    assert 2.0 <= world.clock - start <= 3.0


def test_parted_machines_hear_each_other_after_mending() -> None:
    world = World()
    server = SimulatedSocket(world.machine("server"), DEALER)
    server.bind("tcp://*:5555")
    client = SimulatedSocket(world.machine("client"), DEALER)
    client.connect("tcp://server:5555")
    world.run(1)
    world.part("client", "server")
    client.send(b"held up")
    world.run(10)
    assert server.try_recv() is None
    world.mend()
    assert server.recv() == [b"held up"]


def test_ports_are_free_again_after_closing() -> None:
    world = World()
    for _ in range(2):
        server = SimulatedSocket(world.machine("server"), DEALER)
        server.bind("tcp://*:5555")
        server.close()
