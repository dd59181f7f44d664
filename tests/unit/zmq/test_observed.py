"""Monitors as programs written for pyzmq use them, unchanged on either package; peers and stats."""

import asyncio
import importlib
from typing import Any

import pytest

import antiphon.zmq as zmq
import antiphon.zmq.asyncio as azmq

ANYWHERE = "tcp://127.0.0.1:*"
PATIENCE = 10_000

#: pyzmq's sockets warn when they are forgotten; Antiphon's close.
pytestmark = pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")


def receive(either: Any, monitor: Any) -> Any:
    """Receive an event as a program does."""
    assert monitor.poll(PATIENCE)
    utils = importlib.import_module(f"{either.__name__}.utils.monitor")
    return utils.recv_monitor_message(monitor)


def test_a_program_that_monitors_both_ends(either: Any, either_context: Any) -> None:
    bound, dialed = either_context.socket(either.DEALER), either_context.socket(either.DEALER)
    for socket in (bound, dialed):
        socket.linger = 0
    bound.monitor("inproc://monitor.bound", either.EVENT_ALL)
    monitor = either_context.socket(either.PAIR)
    monitor.connect("inproc://monitor.bound")
    watched = dialed.get_monitor_socket()
    assert dialed.get_monitor_socket() is watched
    bound.bind(ANYWHERE)
    dialed.connect(bound.last_endpoint)
    for source, events in (
        (monitor, (either.EVENT_LISTENING, either.EVENT_ACCEPTED)),
        (watched, (either.EVENT_CONNECT_DELAYED, either.EVENT_CONNECTED)),
    ):
        for wanted in (*events, either.EVENT_HANDSHAKE_SUCCEEDED):
            told = receive(either, source)
            assert told["event"] == wanted
            assert told["endpoint"] == bound.last_endpoint
    dialed.disable_monitor()
    assert receive(either, watched)["event"] == either.EVENT_MONITOR_STOPPED
    dialed.close()
    assert receive(either, monitor)["event"] == either.EVENT_DISCONNECTED
    bound.close()
    assert receive(either, monitor)["event"] == either.EVENT_CLOSED
    assert receive(either, monitor)["event"] == either.EVENT_MONITOR_STOPPED


def test_a_monitor_is_had_and_taken_away_time_and_again(either: Any, either_context: Any) -> None:
    socket = either_context.socket(either.DEALER)
    events = either.EVENT_MONITOR_STOPPED | either.EVENT_LISTENING
    for number in range(10):
        # libzmq may still have the last one's address.
        monitor = socket.get_monitor_socket(events, f"inproc://monitor.{number}")
        with socket.bind(ANYWHERE):
            assert receive(either, monitor)["event"] == either.EVENT_LISTENING
        socket.disable_monitor()
        assert receive(either, monitor)["event"] == either.EVENT_MONITOR_STOPPED
        monitor.close()


def test_a_closed_monitor_socket_is_replaced() -> None:
    """In pyzmq the address is still in use then."""
    with zmq.Context() as context:
        socket = context.socket(zmq.DEALER)
        first = socket.get_monitor_socket()
        first.close()
        second = socket.get_monitor_socket()
        assert second is not first
        socket.bind(ANYWHERE)
        assert receive(zmq, second)["event"] == zmq.EVENT_LISTENING


def test_a_program_of_asyncio(either: Any) -> None:
    module = importlib.import_module(f"{either.__name__}.asyncio")
    utils = importlib.import_module(f"{either.__name__}.utils.monitor")

    async def run() -> list[int]:
        with module.Context() as context:
            bound, dialed = context.socket(either.DEALER), context.socket(either.DEALER)
            for socket in (bound, dialed):
                socket.linger = 0
            monitor = dialed.get_monitor_socket()
            assert isinstance(monitor, module.Socket)
            bound.bind(ANYWHERE)
            dialed.connect(bound.last_endpoint)
            events: list[int] = []
            while either.EVENT_HANDSHAKE_SUCCEEDED not in events:
                told = await asyncio.wait_for(utils.recv_monitor_message(monitor), 10)
                events.append(told["event"])
            for socket in (bound, dialed, monitor):
                socket.close()
            return events

    assert asyncio.run(run()) == [
        either.EVENT_CONNECT_DELAYED,
        either.EVENT_CONNECTED,
        either.EVENT_HANDSHAKE_SUCCEEDED,
    ]


@pytest.mark.parametrize("module", [zmq, azmq])
def test_peers_and_stats_know_figures_and_times(module: Any) -> None:
    with module.Context() as context:
        bound, dialed = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
        endpoint = bound.bind(ANYWHERE).addr
        dialed.connect(endpoint)

        def pass_on() -> None:
            """Send a message and receive it."""
            if module is zmq:
                dialed.send(b"x" * 100)
                bound.recv()

        async def pass_on_later() -> None:
            await dialed.send(b"x" * 100)
            await bound.recv()

        pass_on()
        if module is azmq:
            asyncio.run(pass_on_later())
        (ours,), (theirs,) = bound.peers(), dialed.peers()
        assert theirs.address == theirs.endpoint == endpoint
        assert ours.address.startswith("tcp://127.0.0.1:")
        assert ours.mechanism == "NULL"
        assert ours.last_seen is not None
        assert 0 <= ours.last_seen < PATIENCE / 1000
        stats = bound.stats()
        assert (stats.messages_received, stats.messages_sent) == (1, 0)
        assert stats.bytes_received == dialed.stats().bytes_sent > 100
        for socket in (bound, dialed):
            socket.close(0)
