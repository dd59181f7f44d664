"""Connections that we initiate: when they are dialled again, and what their queues outlive."""

import pytest

from antiphon.constants import Event, SocketType
from antiphon.errors import ENOENT, EndpointError, OptionError
from antiphon.instrument import Instrument, SocketEvent
from antiphon.testing import Faults, SimulatedSocket, World

DEALER, ROUTER, REQ = SocketType.DEALER, SocketType.ROUTER, SocketType.REQ
SERVER = "tcp://server:5555"


class Attempts(Instrument):
    """Notes when attempts fail, on the world's clock."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.times: list[float] = []

    def happened(self, event: SocketEvent) -> None:
        if event.reason == "connect-failed" and event.number == Event.CLOSED:
            self.times.append(self.world.clock)


def client(world: World, **options: object) -> SimulatedSocket:
    return SimulatedSocket(world.machine("client"), DEALER, **options)


def server(world: World, **options: object) -> SimulatedSocket:
    socket = SimulatedSocket(world.machine("server"), ROUTER, **options)
    socket.bind("tcp://*:5555")
    return socket


def gaps(world: World, **options: object) -> list[float]:
    """Return the seconds between failing attempts."""
    socket = client(world, **options)
    attempts = Attempts(world)
    socket.core.add_instrument(attempts)
    socket.connect(SERVER)
    world.run_until(lambda: len(attempts.times) == 12, 600)
    return [b - a for a, b in zip(attempts.times, attempts.times[1:], strict=False)]


def test_delays_without_a_maximum_stay_between_once_and_twice_the_interval(world: World) -> None:
    found = gaps(world, reconnect_ivl=100)
    assert all(0.1 <= gap <= 0.201 for gap in found)
    assert len(set(found)) == len(found)


def test_delays_double_up_to_the_maximum(world: World) -> None:
    found = gaps(world, reconnect_ivl=10, reconnect_ivl_max=400)
    wanted = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, *[0.4] * 5]
    for gap, least in zip(found, wanted, strict=True):
        assert least <= gap <= 2 * least + 0.001


def test_a_success_starts_the_delays_anew(world: World) -> None:
    socket = client(world, reconnect_ivl=10, reconnect_ivl_max=10_000)
    attempts = Attempts(world)
    socket.core.add_instrument(attempts)
    socket.connect(SERVER)
    world.run(20)
    bound = server(world)
    world.run_until(lambda: any(peer.connected for peer in socket.core.peers()), 30)
    attempts.times.clear()
    bound.close()
    world.run_until(lambda: len(attempts.times) == 2)
    assert attempts.times[1] - attempts.times[0] < 0.05


@pytest.mark.parametrize("interval", [-1, 0])
def test_without_an_interval_nobody_dials_again(world: World, interval: int) -> None:
    socket = client(world, reconnect_ivl=interval)
    socket.connect(SERVER)
    world.run(100)
    assert socket.core.stats().failures == {"connect-failed": 1}
    assert not socket.core.peers()


def test_messages_wait_for_a_server_that_comes_late(world: World) -> None:
    socket = client(world, routing_id=b"C")
    socket.connect(SERVER)
    assert socket.try_send(b"early")
    world.run(5)
    assert server(world).recv() == [b"C", b"early"]


def test_immediate_sends_only_to_who_is_there(world: World) -> None:
    socket = client(world, immediate=True)
    socket.connect(SERVER)
    world.run(1)
    assert not socket.try_send(b"nobody")
    bound = server(world)
    socket.send(b"hello")
    assert bound.recv()[1:] == [b"hello"]
    bound.close()
    world.run(0.01)
    assert not socket.try_send(b"nobody again")


def test_queued_messages_survive_a_lost_connection_in_order(world: World) -> None:
    socket = client(world, routing_id=b"C", sndhwm=0)
    bound = server(world)
    socket.connect(SERVER)
    world.run(1)
    world.part("client", "server")
    world.cut()
    world.run(1)
    for number in range(100):
        assert socket.try_send(b"%d" % number)
    world.mend()
    assert [bound.recv()[1] for _ in range(100)] == [b"%d" % number for number in range(100)]


def test_an_illegal_pair_is_given_up_and_named(world: World) -> None:
    asking = SimulatedSocket(world.machine("server"), REQ)
    asking.bind("tcp://*:5555")
    socket = SimulatedSocket(world.machine("client"), REQ)
    socket.connect(SERVER)
    world.run(100)
    assert sum(socket.core.stats().failures.values()) == 1
    assert asking.core.stats().failures == {"illegal-pair": 1}
    assert not socket.core.peers()


def test_disconnect_lets_queued_messages_out_first(world: World) -> None:
    socket = client(world)
    bound = server(world)
    socket.connect(SERVER)
    world.run(1)
    socket.try_send(b"last words")
    socket.core.disconnect(SERVER)
    assert bound.recv()[1:] == [b"last words"]
    world.run_until(lambda: not socket.core.peers())
    with pytest.raises(EndpointError) as info:
        socket.core.disconnect(SERVER)
    assert info.value.errno == ENOENT


def test_attempts_that_fail_by_chance_end_in_a_connection() -> None:
    world = World(3, Faults(refuse=0.8))
    bound = server(world)
    socket = client(world)
    socket.connect(SERVER)
    socket.send(b"through")
    assert bound.recv()[1:] == [b"through"]
    assert socket.core.stats().failures["connect-failed"] > 0


def test_a_router_knows_a_named_connection_before_it_is_made(world: World) -> None:
    """CONNECT_ROUTING_ID names a peer (R10)."""
    router = SimulatedSocket(world.machine("client"), ROUTER)
    router.core.options.connect_routing_id = b"S"
    router.connect(SERVER)
    assert router.try_send(b"S", b"early")
    bound = server(world)
    assert bound.recv()[1:] == [b"early"]
    router.core.options.connect_routing_id = b"S"
    with pytest.raises(OptionError, match="another peer has this id"):
        router.connect("tcp://server:5556")


def test_probe_router_introduces_itself(world: World) -> None:
    bound = server(world)
    client(world, probe_router=True, routing_id=b"C").connect(SERVER)
    assert bound.recv() == [b"C", b""]
