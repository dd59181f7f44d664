"""The asyncio sockets that programs for pyzmq find: their calls begin at once, and are futures."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import product
from typing import Any

import pytest
import zmq
import zmq.asyncio as theirs

from antiphon.errors import Again
from antiphon.zmq import futures as ours

pytestmark = pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")

Scenario = Callable[[Any, Any], Awaitable[None]]


@pytest.fixture(params=[theirs, ours], ids=["pyzmq", "antiphon"])
def run(request: pytest.FixtureRequest) -> Callable[[Scenario], None]:
    """Give a function that runs a scenario with a connected PUSH and PULL."""

    async def connected(scenario: Scenario) -> None:
        context = request.param.Context()
        context.sndtimeo = context.rcvtimeo = 10_000
        push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        push.bind("tcp://127.0.0.1:*")
        pull.connect(push.last_endpoint.decode())
        await push.poll(10_000, zmq.POLLOUT)
        try:
            await asyncio.wait_for(scenario(push, pull), 20)
        finally:
            context.destroy(0)

    return lambda scenario: asyncio.run(connected(scenario))


def test_what_nobody_awaits_is_sent_in_order(run: Any) -> None:
    async def scenario(push: Any, pull: Any) -> None:
        push.send(b"1")
        push.send_string("2")
        push.send_multipart([b"3", b"4"])
        push.send_json(5)
        assert [await pull.recv_multipart() for _ in range(4)] == [
            [b"1"],
            [b"2"],
            [b"3", b"4"],
            [b"5"],
        ]

    run(scenario)


def test_a_message_goes_out_before_its_socket_is_closed(run: Any) -> None:
    async def scenario(push: Any, pull: Any) -> None:
        push.send(b"good-bye")
        push.close()
        assert await pull.recv() == b"good-bye"

    run(scenario)


def test_calls_are_futures(run: Any) -> None:
    async def scenario(push: Any, pull: Any) -> None:
        receiving = pull.recv_string()
        assert asyncio.isfuture(receiving)
        assert not receiving.done()
        push.send(b"x")
        done, _ = await asyncio.wait([receiving, pull.poll(1)], timeout=10)
        assert receiving in done
        assert receiving.result() == "x"

    run(scenario)


def test_what_can_be_done_at_once_is_done(run: Any) -> None:
    async def scenario(push: Any, pull: Any) -> None:
        assert push.send(b"x").done()
        assert await pull.poll(10_000) == zmq.POLLIN
        assert pull.recv(zmq.DONTWAIT).result() == b"x"
        refused = pull.recv(zmq.DONTWAIT)
        assert refused.exception().errno == Again().errno

    run(scenario)


@pytest.mark.parametrize(
    ("run", "name"),
    [
        *product([theirs, ours], ["recv", "recv_multipart", "poll"]),
        # pyzmq loses the message that a cancelled call was to decode.
        *product([ours], ["recv_string", "recv_json"]),
    ],
    indirect=["run"],
)
@pytest.mark.parametrize("turns", [0, 1, 3])
def test_a_call_that_was_cancelled_takes_no_message(run: Any, name: str, turns: int) -> None:
    async def scenario(push: Any, pull: Any) -> None:
        call = getattr(pull, name)()
        for _ in range(turns):
            await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        push.send(b"7")
        assert await pull.poll(10_000) == zmq.POLLIN
        assert await pull.recv_json() == 7

    run(scenario)


def test_a_poller_begins_at_once() -> None:
    async def scenario() -> None:
        for module in (theirs, ours):
            poller = module.Poller()
            assert asyncio.isfuture(polling := poller.poll(1))
            assert await polling == []

    asyncio.run(scenario())
