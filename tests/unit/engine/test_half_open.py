"""Bounds on unfinished handshakes: silent strangers lose their places, storms get through."""

import pytest

from antiphon.constants import Event, SocketType
from antiphon.engine.half_open import source_of
from antiphon.engine.network import Receiver, Stream
from antiphon.instrument import Instrument, SocketEvent
from antiphon.testing import Faults, SimulatedSocket, World

DEALER, ROUTER = SocketType.DEALER, SocketType.ROUTER


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2::1", "20010db800010002/64"),
        ("2001:db8:1:2:ffff::9", "20010db800010002/64"),
        ("2001:db8:1:3::1", "20010db800010003/64"),
        ("::1", "0/64"),
        ("fe80::1%eth0", "fe80000000000000/64"),
        ("no:address", "no:address"),
        ("", ""),
    ],
)
def test_an_ipv6_source_is_a_network(host: str, source: str) -> None:
    assert source_of(host) == source


class SilentPeer(Stream):
    """A connection on which nothing ever comes."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.open = True

    def start(self, receiver: Receiver) -> None:
        pass

    def write(self, chunks: list[bytes]) -> bool:
        return True

    def unsent(self) -> int:
        return 0

    def close(self) -> None:
        self.open = False


class Server:
    """A bound ROUTER whose peers come from wherever a test says."""

    def __init__(self, world: World, **options: object) -> None:
        self.socket = SimulatedSocket(world.machine("server"), ROUTER, **options)
        self.socket.bind("tcp://*:5555")
        [self.listening] = self.socket.core._listenings

    def accept(self, address: str) -> SilentPeer:
        peer = SilentPeer(f"tcp://{address}:1234")
        self.listening.accepted(peer)
        return peer

    @property
    def dropped(self) -> int:
        return self.socket.core.stats().failures.get("half-open-limit", 0)


def test_the_oldest_goes_once_it_has_had_its_second(world: World) -> None:
    server = Server(world, max_half_open=3)
    peers = []
    for n in range(3):
        peers.append(server.accept(f"10.0.0.{n}"))
        world.run(0.4)
    newcomer = server.accept("10.0.0.9")
    assert [peer.open for peer in (*peers, newcomer)] == [False, True, True, True]
    too_early = server.accept("10.0.0.10")
    assert not too_early.open
    assert peers[1].open
    assert server.dropped == 2


def test_one_address_cannot_take_the_places_of_others(world: World) -> None:
    server = Server(world, max_half_open=100, max_half_open_per_address=2)
    crowd = [server.accept("10.0.0.1") for _ in range(50)]
    other = server.accept("10.0.0.2")
    assert [peer.open for peer in crowd] == [True] * 2 + [False] * 48
    assert other.open
    world.run(1.1)
    assert server.accept("10.0.0.1").open
    assert not crowd[0].open
    assert crowd[1].open
    assert other.open


def test_an_ipv6_network_is_one_address(world: World) -> None:
    server = Server(world, max_half_open_per_address=1)
    assert server.accept("[2001:db8::1]").open
    assert not server.accept("[2001:db8::2]").open
    assert server.accept("[2001:db8:0:1::1]").open


def test_zero_is_no_bound(world: World) -> None:
    server = Server(world, max_half_open=0, max_half_open_per_address=0)
    assert all(server.accept("10.0.0.1").open for _ in range(2000))


def test_m3_one_address_cannot_begin_handshakes_faster_than_it_may(world: World) -> None:
    server = Server(world, max_handshake_rate=3)
    peers = [server.accept("10.0.0.1") for _ in range(10)]
    assert [peer.open for peer in peers] == [True] * 3 + [False] * 7
    assert server.accept("10.0.0.2").open
    assert server.socket.core.stats().failures == {"handshake-rate": 7}
    world.run(1.0)
    assert server.accept("10.0.0.1").open


def test_places_are_given_back(world: World) -> None:
    server = Server(world, max_half_open=1, handshake_ivl=500)
    first = server.accept("10.0.0.1")
    world.run(0.6)
    assert not first.open
    assert len(server.listening.half_open) == 0
    for n in range(10):
        client = SimulatedSocket(world.machine("client"), DEALER, routing_id=b"%d" % n)
        client.connect("tcp://server:5555")
        client.send(b"hello")
        assert server.socket.recv() == [b"%d" % n, b"hello"]
    assert len(server.listening.half_open) == 0
    assert server.dropped == 0


class Count(Instrument):
    def __init__(self) -> None:
        self.connected = 0

    def wants(self, number: int) -> bool:
        return number == Event.HANDSHAKE_SUCCEEDED

    def happened(self, event: SocketEvent) -> None:
        self.connected += 1


def test_two_thousand_clients_of_one_address_get_in_after_a_restart() -> None:
    """Within their retries, although far fewer may be half open at once."""
    world = World(7, Faults(latency=0.02, jitter=0.05))
    clients = []
    for n in range(2000):
        client = SimulatedSocket(world.machine("client"), DEALER, routing_id=b"%d" % n)
        client.connect("tcp://server:5555")
        clients.append(client)
    world.run(1.0)
    server = Server(world)
    count = Count()
    server.socket.core.add_instrument(count)
    world.run_until(lambda: count.connected == 2000, 15.0)
    assert server.dropped > 0


def test_silent_strangers_do_not_keep_a_client_out(world: World) -> None:
    """M1: a thousand of them, from its own address."""
    server = Server(world)
    for _ in range(1000):
        server.accept("client")
    world.run(1.0)
    client = SimulatedSocket(world.machine("client"), DEALER, routing_id=b"C")
    client.connect("tcp://server:5555")
    client.send(b"hello")
    assert server.socket.recv(0.25) == [b"C", b"hello"]
