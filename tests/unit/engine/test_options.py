"""Options that are more than a stored value."""

import pytest

from antiphon.constants import SocketOption as Option
from antiphon.constants import SocketType
from antiphon.errors import OptionError, SocketClosed
from antiphon.testing import SimulatedSocket, World

DEALER, ROUTER, REP = SocketType.DEALER, SocketType.ROUTER, SocketType.REP


def fill(socket: SimulatedSocket) -> int:
    """Send until nothing goes any more; return how many messages went."""
    sent = 0
    while sent < 100_000 and socket.try_send(b"x"):
        sent += 1
    return sent


def test_high_water_marks_reach_connections_that_exist(world: World) -> None:
    socket = SimulatedSocket(world.machine("client"), DEALER, sndhwm=5)
    socket.connect("tcp://server:5555")
    assert fill(socket) == 5
    socket.core.set_option(Option.SNDHWM, 20)
    assert fill(socket) == 15


def test_high_water_marks_reach_peers_that_come_later(world: World) -> None:
    server = SimulatedSocket(world.machine("server"), DEALER, sndhwm=5)
    server.bind("tcp://*:5555")
    server.core.set_option(Option.SNDHWM, 20)
    client = SimulatedSocket(world.machine("client"), DEALER)
    client.connect("tcp://server:5555")
    world.run_until(lambda: bool(server.core.get_option(Option.EVENTS)))
    assert fill(server) == 20


def test_events_tell_what_may_be_done_now(world: World) -> None:
    server = SimulatedSocket(world.machine("server"), REP)
    server.bind("tcp://*:5555")
    client = SimulatedSocket(world.machine("client"), SocketType.REQ)
    assert client.core.get_option(Option.EVENTS) == 0
    client.connect("tcp://server:5555")
    assert client.core.get_option(Option.EVENTS) == 2
    client.send(b"?")
    world.run(1)
    assert client.core.get_option(Option.EVENTS) == 0
    assert server.core.get_option(Option.EVENTS) == 1
    server.recv()
    assert server.core.get_option(Option.EVENTS) == 2


def test_what_a_socket_knows_of_itself(world: World) -> None:
    socket = SimulatedSocket(world.machine("server"), ROUTER)
    endpoint = socket.bind("tcp://127.0.0.1:*")
    assert socket.core.get_option(Option.LAST_ENDPOINT) == endpoint
    assert socket.core.get_option(Option.TYPE) == ROUTER
    with pytest.raises(OptionError):
        socket.core.get_option(987_654)
    with pytest.raises(OptionError):
        socket.core.set_option(Option.RCVHWM, -1)
    socket.close()
    with pytest.raises(SocketClosed):
        socket.core.get_option(Option.TYPE)
