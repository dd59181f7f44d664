"""Reading a monitor's events: the two frames of libzmq's first format."""

import asyncio
import struct
from collections.abc import Callable
from types import ModuleType

import pytest

import antiphon.zmq as ours
import antiphon.zmq.asyncio as aio
from antiphon.zmq.utils import monitor

Either = Callable[[str], ModuleType]


def frames(event: int, value: int, endpoint: bytes = b"tcp://127.0.0.1:5555") -> list[bytes]:
    return [struct.pack("=HI", event, value), endpoint]


@pytest.mark.parametrize("event", list(ours.Event), ids=lambda event: event.name)
def test_every_event(either_module: Either, event: ours.Event) -> None:
    if event < 2**16:
        message = either_module("monitor").parse_monitor_message(frames(event, 9))
        assert message == {"event": event, "value": 9, "endpoint": b"tcp://127.0.0.1:5555"}
        assert message["event"].name == event.name


def test_a_value_may_be_a_code(either_module: Either) -> None:
    code = ours.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH
    message = either_module("monitor").parse_monitor_message(
        frames(ours.EVENT_HANDSHAKE_FAILED_PROTOCOL, code)
    )
    assert message["value"] == code


@pytest.mark.parametrize("message", [[], [b"x", b""], frames(1, 2)[:1], [*frames(1, 2), b""]])
def test_what_is_no_event(either_module: Either, message: list[bytes]) -> None:
    with pytest.raises(RuntimeError):
        either_module("monitor").parse_monitor_message(message)


def test_receiving() -> None:
    with ours.Context() as context:
        first, second = context.socket(ours.DEALER), context.socket(ours.DEALER)
        first.bind("tcp://127.0.0.1:*")
        second.connect(first.last_endpoint)
        with pytest.raises(ours.Again):
            monitor.recv_monitor_message(second, ours.DONTWAIT)
        first.send_multipart(frames(ours.EVENT_CONNECTED, 3))
        assert monitor.recv_monitor_message(second)["event"] is ours.Event.CONNECTED


def test_receiving_in_a_task() -> None:
    async def run() -> None:
        with aio.Context() as context:
            first, second = context.socket(ours.DEALER), context.socket(ours.DEALER)
            first.bind("tcp://127.0.0.1:*")
            second.connect(first.last_endpoint)
            received = monitor.recv_monitor_message(second)
            await first.send_multipart(frames(ours.EVENT_LISTENING, 7, b"ipc://x"))
            assert await received == {"event": 8, "value": 7, "endpoint": b"ipc://x"}

    asyncio.run(run())
