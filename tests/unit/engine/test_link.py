"""One connection's data path: deadlines, heartbeats, back-pressure, large messages."""

import pytest

from antiphon.constants import SocketOption, SocketType
from antiphon.patterns.base import Watcher
from antiphon.testing import Faults, SimulatedSocket, World

DEALER, ROUTER = SocketType.DEALER, SocketType.ROUTER
SERVER = "tcp://server:5555"
SCHEMES = ("tcp", "ws")


class Interrupter(Watcher):
    """Raises what Ctrl-C would while the socket tells that it has changed."""

    def socket_changed(self) -> None:
        raise KeyboardInterrupt


def pair(
    world: World,
    client_options: dict[str, object],
    server_options: dict[str, object],
    scheme: str = "tcp",
) -> tuple[SimulatedSocket, SimulatedSocket]:
    """Return a connected DEALER and the DEALER that it is connected to."""
    server = SimulatedSocket(world.machine("server"), DEALER, **server_options)
    server.bind(f"{scheme}://*:5555")
    client = SimulatedSocket(world.machine("client"), DEALER, **client_options)
    client.connect(f"{scheme}://server:5555")
    world.run_until(lambda: any(peer.connected for peer in client.core.peers()))
    world.run(0.01)
    return client, server


def test_a_peer_that_never_greets_is_closed_when_the_handshake_is_due(world: World) -> None:
    server = SimulatedSocket(world.machine("server"), DEALER, handshake_ivl=500)
    server.bind("tcp://*:5555")
    client = SimulatedSocket(world.machine("client"), DEALER, handshake_ivl=0)
    client.connect(SERVER)
    world.run(0.0011)
    world.part("client", "server")
    world.run(0.49)
    assert not server.core.stats().failures
    world.run(0.02)
    assert server.core.stats().failures == {"handshake-timeout": 1}
    assert not server.core.peers()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("side", ["client", "server"])
def test_a_silent_peer_is_found_by_heartbeats(world: World, side: str, scheme: str) -> None:
    beating: dict[str, object] = {"heartbeat_ivl": 100, "heartbeat_timeout": 300}
    quiet: dict[str, object] = {}
    both = (beating, quiet) if side == "client" else (quiet, beating)
    client, server = pair(world, *both, scheme)
    world.run(10)
    asker, asked = (client, server) if side == "client" else (server, client)
    assert not asker.core.stats().failures
    world.part("client", "server")
    world.run(0.25)
    assert not asker.core.stats().failures
    world.run(0.2)
    assert asker.core.stats().failures["heartbeat-timeout"] == 1
    assert not asked.core.stats().failures


def test_a_peer_ends_a_connection_whose_time_to_live_is_over(world: World) -> None:
    """HEARTBEAT_TTL makes the peer, which has no heartbeat itself, give up (Z22)."""
    beating: dict[str, object] = {"heartbeat_ivl": 100, "heartbeat_ttl": 1000}
    _, server = pair(world, beating, {})
    world.run(5)
    world.part("client", "server")
    world.run(0.85)
    assert server.core.peers()
    world.run(1.2)
    assert server.core.stats().failures == {"heartbeat-timeout": 1}


def test_a_slow_reader_holds_the_writer_back_and_loses_nothing(world: World) -> None:
    client, server = pair(world, {"sndhwm": 10}, {"rcvhwm": 10})
    sent = 0
    while sent < 100_000 and client.try_send(b"%d" % sent, bytes(1000)):
        sent += 1
        world.run(0.001)
    assert 20 <= sent < 200
    assert [server.recv()[0] for _ in range(sent)] == [b"%d" % number for number in range(sent)]
    client.send(b"again")
    assert server.recv() == [b"again"]


@pytest.mark.parametrize("kinds", [(DEALER, DEALER), (SocketType.PUSH, SocketType.PULL)])
@pytest.mark.parametrize("rcvhwm", [30, 50, 100, 300, 1000])
def test_a_full_queue_is_decoded_as_it_is_emptied(
    world: World, rcvhwm: int, kinds: tuple[SocketType, SocketType]
) -> None:
    """What RCVHWM lets in has come, is counted, and stays in order, but is not decoded yet."""
    server = SimulatedSocket(world.machine("server"), kinds[1], rcvhwm=rcvhwm)
    server.bind(SERVER.replace("server", "*"))
    client = SimulatedSocket(world.machine("client"), kinds[0], sndhwm=0)
    client.connect(SERVER)
    world.run(0.01)
    for number in range(20_000):
        client.send(b"%d" % number)
    world.run(0.1)
    (peer,) = server.core.peers()
    assert peer.queued_in == peer.received == rcvhwm
    assert peer.queued_bytes_in >= peer.queued_in
    assert server.core.stats().receive_high_water == 1
    (pipe,) = server.core.pipes()
    assert len(pipe.inbound) <= max(64, rcvhwm // 2)
    assert [server.recv() for _ in range(20_000)] == [[b"%d" % n] for n in range(20_000)]
    (peer,) = server.core.peers()
    assert (peer.queued_in, peer.queued_bytes_in, peer.received) == (0, 0, 20_000)


@pytest.mark.parametrize("size", [1, 10, 200, 500])
def test_a_peer_is_read_again_at_the_low_water_mark(world: World, size: int) -> None:
    """Whether what waits is decoded or not."""
    client, server = pair(world, {"rcvhwm": 1000}, {"sndhwm": 0})
    count = 40_000 // size + 2000
    for _ in range(count):
        server.send(bytes(size))
    world.run(0.1)
    taken = 0
    while client.core.peers()[0].received < count:
        assert client.core.peers()[0].queued_in > 500 - 32
        client.recv()
        taken += 1
        world.run(0.01)
    assert client.core.peers()[0].queued_in == count - taken <= 1000


@pytest.mark.parametrize("size", [1, 200])
def test_what_has_come_outlives_its_connections_in_the_bounds_of_the_queue(
    world: World, size: int
) -> None:
    client, server = pair(world, {"rcvhwm": 1000, "hiccup_msg": b"HICCUP"}, {"sndhwm": 0})
    for _ in range(3):
        for _ in range(5000):
            server.send(bytes(size))
        world.run(0.1)
        world.cut()
        world.run(1)
    (peer,) = client.core.peers()
    assert 1000 <= peer.queued_in <= 1003
    messages = [client.try_recv() for _ in range(1001)]
    assert messages == [[bytes(size)]] * 1000 + [[b"HICCUP"]]
    assert not client.core.stats().drops


@pytest.mark.parametrize("bounds", [(10,), (5000,), (40, 20_000), (0,)])
def test_a_bound_may_change_while_messages_are_not_decoded(
    world: World, bounds: tuple[int, ...]
) -> None:
    client, server = pair(world, {"rcvhwm": 1000}, {"sndhwm": 0})
    for number in range(20_000):
        server.send(b"%d" % number)
    world.run(0.1)
    got = [client.recv() for _ in range(10)]
    for bound in bounds:
        client.core.set_option(SocketOption.RCVHWM, bound)
        got += [client.recv() for _ in range(10)]
    got += [client.recv() for _ in range(20_000 - len(got))]
    assert got == [[b"%d" % number] for number in range(20_000)]


def test_what_a_peer_had_sent_whose_id_is_taken_over_is_counted(world: World) -> None:
    server = SimulatedSocket(world.machine("server"), ROUTER, router_handover=True)
    server.bind("tcp://*:5555")
    older = SimulatedSocket(world.machine("client"), DEALER, routing_id=b"A", sndhwm=0)
    older.connect(SERVER)
    world.run(0.1)
    for _ in range(20_000):
        older.send(b"x")
    world.run(0.1)
    newer = SimulatedSocket(world.machine("other"), DEALER, routing_id=b"A")
    newer.connect(SERVER)
    world.run(0.1)
    stats = server.core.stats()
    assert stats.drops == {"sender-gone": stats.messages_received}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_exception_while_reading_goes_on_closes_that_connection(
    world: World, scheme: str
) -> None:
    """Nobody would ask for the rest of what has come half way; the peer connects again."""
    client, server = pair(world, {"rcvhwm": 100, "reconnect_ivl": 10}, {"sndhwm": 0}, scheme)
    for _ in range(20_000):
        server.send(b"x")
    world.run(0.1)
    (pipe,) = client.core.pipes()
    client.core.pattern.watcher = Interrupter()
    with pytest.raises(KeyboardInterrupt):
        drain(client)
    client.core.pattern.watcher = None
    assert not pipe.paused
    world.run(1)
    assert client.core.stats().failures == {"interrupted": 1}
    assert client.core.stats().reconnects == 1
    assert client.recv() == [b"x"]


def test_queues_are_bounded_in_bytes_too(world: World) -> None:
    options: dict[str, object] = {"sndhwm": 0, "sndhwm_bytes": 1_000_000}
    client, server = pair(world, options, {"rcvhwm": 0, "rcvhwm_bytes": 1_000_000})
    sent = 0
    while sent < 1000 and client.try_send(bytes(100_000)):
        sent += 1
        world.run(0.01)
    assert 18 <= sent <= 26
    for _ in range(sent):
        server.recv()


def drain(socket: SimulatedSocket) -> None:
    """Take all that has come."""
    while socket.try_recv():
        pass


def filled(world: World, **options: object) -> tuple[SimulatedSocket, SimulatedSocket]:
    """Return a socket that has all queued that it can, and its peer that has read nothing."""
    client, server = pair(world, {"sndhwm": 10, **options}, {"rcvhwm": 1})
    while client.try_send(bytes(50_000)):
        world.run(0.001)
    return client, server


def test_m10_a_peer_that_takes_nothing_for_long_is_closed(world: World) -> None:
    client, _ = filled(world, sndstall_ivl=1000)
    world.run(0.9)
    assert client.core.stats().failures == {}
    world.run(0.3)
    assert client.core.stats().failures == {"slow-peer": 1}
    # It gets another chance, as with any connection that was lost.
    world.run_until(lambda: client.core.stats().reconnects == 1)


def test_m10_by_default_it_is_waited_for(world: World) -> None:
    client, server = filled(world)
    world.run(3600)
    assert client.core.stats().failures == {}
    assert server.recv() == [bytes(50_000)]


def test_m10_a_peer_that_takes_a_little_is_not_closed(world: World) -> None:
    client, server = filled(world, sndstall_ivl=1000)
    for _ in range(20):
        server.recv()
        world.run(0.4)
        while client.try_send(bytes(50_000)):
            world.run(0.001)
    assert client.core.stats().failures == {}


def test_m10_nor_is_one_for_which_nothing_waits(world: World) -> None:
    client, server = pair(world, {"sndstall_ivl": 100}, {"rcvhwm": 1})
    for _ in range(3):
        client.send(b"what the system's buffers take is away")
    world.run(60)
    assert client.core.stats().failures == {}
    assert server.recv()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("fragment", [0, 1, 1000, 40_000])
def test_messages_arrive_the_same_in_whatever_pieces(fragment: int, scheme: str) -> None:
    world = World(5, Faults(fragment=fragment))
    client, server = pair(world, {}, {}, scheme)
    sizes = [0, 1, 255, 256, 5000] + ([32_768, 70_000, 1_000_000] if fragment != 1 else [])
    messages = [[bytes([size % 251]) * size, b"", b"tail"] for size in sizes]
    for message in messages:
        client.send(*message)
    assert [server.recv() for _ in messages] == messages
    for message in messages:
        server.send(*message)
    assert [client.recv() for _ in messages] == messages


def test_a_message_over_the_limit_closes_that_connection_only(world: World) -> None:
    client, server = pair(world, {"reconnect_ivl": -1}, {"maxmsgsize": 1000})
    other = SimulatedSocket(world.machine("other"), DEALER)
    other.connect(SERVER)
    client.try_send(bytes(1001))
    world.run(1)
    assert server.core.stats().failures == {"message-too-long": 1}
    other.send(bytes(1000))
    assert server.recv() == [bytes(1000)]


def test_closing_with_linger_sends_what_waits(world: World) -> None:
    client, server = pair(world, {}, {"rcvhwm": 0})
    for number in range(500):
        assert client.try_send(b"%d" % number)
    client.close(linger_ms=1000)
    assert [server.recv(1)[0] for _ in range(500)] == [b"%d" % number for number in range(500)]
    world.run_until(lambda: client.core.ended)


def test_lingering_ends_in_time_and_counts_what_is_left(world: World) -> None:
    client, _ = pair(world, {}, {})
    world.part("client", "server")
    world.cut()
    world.run(0.01)
    for _ in range(3):
        client.try_send(b"never")
    client.close(linger_ms=500)
    world.run(0.45)
    still_there = not client.core.ended
    world.run(0.1)
    assert still_there
    assert client.core.ended
    assert client.core.stats().drops == {"peer-gone": 3}
