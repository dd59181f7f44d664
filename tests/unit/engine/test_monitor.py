"""Monitor messages: both versions byte by byte, readers that are slow, what is refused."""

import struct

import pytest

from antiphon.constants import Event, SocketType
from antiphon.errors import (
    EADDRINUSE,
    EINPROGRESS,
    EINVAL,
    EPROTONOSUPPORT,
    EndpointError,
    OptionError,
    SocketClosed,
    ZMQError,
)
from antiphon.testing import SimulatedSocket, World

DEALER, ROUTER, PAIR = SocketType.DEALER, SocketType.ROUTER, SocketType.PAIR
SERVER = "tcp://server:5555"
ADDRESS = "inproc://monitor"


def reader(world: World, name: str, kind: int = PAIR, **options: object) -> SimulatedSocket:
    socket = SimulatedSocket(world.machine(name), kind, **options)
    socket.connect(ADDRESS)
    return socket


def read(monitor: SimulatedSocket) -> list[str]:
    """Return the names of the events that wait, in version 1."""
    names: list[str] = []
    while (frames := monitor.try_recv()) is not None:
        number, _value = struct.unpack("=HI", frames[0])
        names.append(str(Event(number).name))
    return names


def client(world: World, events: int = Event.ALL, version: int = 1) -> SimulatedSocket:
    socket = SimulatedSocket(world.machine("client"), DEALER, reconnect_ivl=50)
    socket.core.monitor(ADDRESS, events, version)
    return socket


def server(world: World) -> SimulatedSocket:
    socket = SimulatedSocket(world.machine("server"), ROUTER)
    socket.bind("tcp://*:5555")
    return socket


def test_version_1_is_an_event_with_its_value_and_the_endpoint(world: World) -> None:
    socket = client(world)
    monitor = reader(world, "client")
    server(world)
    socket.connect(SERVER)
    world.run(1)
    assert monitor.try_recv() == [struct.pack("=HI", 0x0002, EINPROGRESS), SERVER.encode()]
    # A simulated stream has no descriptor.
    assert monitor.try_recv() == [struct.pack("=HI", 0x0001, 0xFFFFFFFF), SERVER.encode()]
    assert monitor.try_recv() == [struct.pack("=HI", 0x1000, 0), SERVER.encode()]
    socket.close()
    assert monitor.try_recv() == [struct.pack("=HI", 0x0400, 0), b""]


@pytest.mark.parametrize(
    ("kind", "reading"),
    [
        (SocketType.PAIR, SocketType.PAIR),
        (SocketType.PUSH, SocketType.PULL),
        (SocketType.PUB, SocketType.SUB),
    ],
)
def test_version_2_has_wide_numbers_and_both_addresses(
    world: World, kind: int, reading: int
) -> None:
    socket = SimulatedSocket(world.machine("server"), ROUTER)
    socket.core.monitor(ADDRESS, Event.ALL_V2, 2, kind)
    monitor = reader(world, "server", reading)
    if reading == SocketType.SUB:
        monitor.core.set_option(6, b"")
    socket.bind("tcp://*:5555")
    peer = SimulatedSocket(world.machine("client"), DEALER)
    peer.connect(SERVER)
    world.run(1)
    told = [monitor.try_recv(), monitor.try_recv()]
    one, none = struct.pack("=Q", 1), struct.pack("=q", -1)
    assert told == [
        [struct.pack("=Q", 0x0008), one, none, b"tcp://*:5555", b""],
        [struct.pack("=Q", 0x0020), one, none, b"", b"sim://client"],
    ]


def test_only_what_was_asked_for_is_told(world: World) -> None:
    socket = client(world, Event.CONNECTED | Event.DISCONNECTED)
    monitor = reader(world, "client")
    server(world)
    socket.connect(SERVER)
    world.run(1)
    world.cut()
    world.run(1)
    socket.close()
    assert read(monitor) == ["CONNECTED", "DISCONNECTED", "CONNECTED"]


def test_what_libzmq_is_silent_about_is_not_told(world: World) -> None:
    """Events of inproc, of our own, and of connections that the socket ends itself."""
    socket = client(world)
    monitor = reader(world, "client")
    socket.bind("inproc://there")
    socket.connect("inproc://there")
    server(world)
    socket.connect(SERVER)
    world.run(1)
    assert read(monitor) == ["CONNECT_DELAYED", "CONNECTED", "HANDSHAKE_SUCCEEDED"]
    socket.core.disconnect(SERVER)
    world.run(1)
    assert read(monitor) == []


@pytest.mark.parametrize("there", [True, False])
def test_a_reader_that_is_slow_or_absent_holds_nothing_up(world: World, there: bool) -> None:
    socket = client(world)
    monitor = reader(world, "client", rcvhwm=5) if there else None
    server(world)
    socket.connect(SERVER)
    for _ in range(500):
        world.run(0.2)
        world.cut()
    world.run(1)
    stats = socket.core.stats()
    waiting = len(read(monitor)) if monitor is not None else 0
    assert 0 <= waiting <= 5 + 1000 + 5
    assert stats.drops["monitor-full"] > 2000 - 1010
    (peer,) = socket.core.peers()
    assert peer.connected


def test_a_monitor_can_be_had_again_at_the_same_address(world: World) -> None:
    socket = client(world)
    first = reader(world, "client")
    socket.core.monitor(ADDRESS, Event.CONNECTED)
    assert read(first) == ["MONITOR_STOPPED"]
    first.close()
    second = reader(world, "client")
    server(world)
    socket.connect(SERVER)
    world.run(1)
    assert read(second) == ["CONNECTED"]
    socket.core.monitor(None, 0)
    socket.core.monitor(None, 0)
    assert read(second) == []
    with pytest.raises(EndpointError):
        socket.core.disconnect(ADDRESS)


@pytest.mark.parametrize(
    ("address", "events", "version", "kind", "number"),
    [
        ("tcp://127.0.0.1:5555", Event.ALL, 1, PAIR, EPROTONOSUPPORT),
        ("ipc://monitor", Event.ALL, 2, PAIR, EPROTONOSUPPORT),
        ("monitor", Event.ALL, 1, PAIR, EINVAL),
        (ADDRESS, Event.ALL_V2, 1, PAIR, EINVAL),
        (ADDRESS, 1 << 17, 2, PAIR, EINVAL),
        (ADDRESS, Event.ALL, 1, SocketType.PUB, EINVAL),
        (ADDRESS, Event.ALL, 2, SocketType.DEALER, EINVAL),
        (ADDRESS, Event.ALL, 3, PAIR, EINVAL),
    ],
)
def test_what_is_refused_leaves_the_monitor_as_it_is(
    world: World, address: str, events: int, version: int, kind: int, number: int
) -> None:
    socket = client(world)
    monitor = reader(world, "client")
    with pytest.raises(ZMQError) as caught:
        socket.core.monitor(address, events, version, kind)
    assert isinstance(caught.value, EndpointError | OptionError)
    assert caught.value.errno == number
    socket.close()
    assert read(monitor) == ["MONITOR_STOPPED"]


def test_an_address_in_use_and_a_closed_socket_are_refused(world: World) -> None:
    taken = SimulatedSocket(world.machine("client"), PAIR)
    taken.bind("inproc://taken")
    socket = SimulatedSocket(world.machine("client"), DEALER)
    with pytest.raises(EndpointError) as caught:
        socket.core.monitor("inproc://taken", Event.ALL)
    assert caught.value.errno == EADDRINUSE
    socket.close()
    with pytest.raises(SocketClosed):
        socket.core.monitor(ADDRESS, Event.ALL)
