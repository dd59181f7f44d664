"""The asyncio front, on the standard loop and on uvloop."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop
import zmq.asyncio as theirs_asyncio

import antiphon.zmq as zmq
import antiphon.zmq.asyncio as azmq
from antiphon.zmq import futures
from tests.interop.raw import RawPeer, command, message

Scenario = Callable[[azmq.Context], Coroutine[Any, Any, None]]
Runner = Callable[[Scenario], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Runner:
    def runner(scenario: Scenario) -> None:
        factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop
        with azmq.Context() as context, asyncio.Runner(loop_factory=factory) as loop:
            context.linger = 0
            loop.run(asyncio.wait_for(scenario(context), 30))
            context.destroy(0)

    return runner


def sockets(context: azmq.Context) -> tuple[azmq.Socket, azmq.Socket]:
    a, b = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
    a.bind("tcp://127.0.0.1:*")
    b.connect(a.last_endpoint)
    return a, b


def test_everything_that_can_be_sent(run: Runner) -> None:
    async def scenario(context: azmq.Context) -> None:
        a, b = sockets(context)
        await a.send(b"1", zmq.SNDMORE)
        await a.send(b"2")
        assert await b.recv() == b"1"
        assert await b.recv_multipart() == [b"2"]
        await a.send_multipart([b"x", b"y"])
        assert await b.recv_multipart() == [b"x", b"y"]
        await a.send_string("text")
        assert await b.recv_string() == "text"
        await a.send_json([1])
        assert await b.recv_json() == [1]
        await a.send_serialized("x", lambda word: [word.encode()])
        assert await b.recv_serialized(lambda frames: frames[0]) == b"x"
        await a.send(b"into")
        buffer = bytearray(4)
        assert await b.recv_into(buffer) == 4
        await a.send(b"longer")
        assert await b.recv_into(buffer, nbytes=2) == 6
        with pytest.raises(ValueError, match="nbytes"):
            await b.recv_into(buffer, nbytes=5)
        with pytest.raises(TypeError):
            await a.send_pyobj(1)

    run(scenario)


def test_time_outs_and_polling(run: Runner) -> None:
    async def scenario(context: azmq.Context) -> None:
        a, b = sockets(context)
        b.rcvtimeo = 20
        with pytest.raises(zmq.Again):
            await b.recv()
        assert await b.poll(0) == 0
        poller = azmq.Poller()
        poller.register(b, zmq.POLLIN)
        assert await poller.poll(1) == []
        await a.send(b"x")
        assert await poller.poll(10_000) == [(b, zmq.POLLIN)]

    run(scenario)


def test_frames_of_a_failed_message_are_not_in_the_next(run: Runner) -> None:
    async def scenario(context: azmq.Context) -> None:
        a, b = sockets(context)
        rep = context.socket(zmq.REP)
        with pytest.raises(zmq.StateError):
            await rep.send(b"x", zmq.SNDMORE)
        rep.close()
        with pytest.raises(zmq.SocketClosed):
            await rep.send(b"x", zmq.SNDMORE)
        await a.send(b"kept", zmq.SNDMORE)
        with pytest.raises(TypeError):
            await a.send("text")
        await a.send(b"next")
        assert await b.recv_multipart() == [b"next"]
        with pytest.raises(ValueError, match="group"):
            await a.send(b"x", group="news")

    run(scenario)


def test_frames_stay_after_again_and_go_with_a_cancelled_task(run: Runner) -> None:
    async def scenario(context: azmq.Context) -> None:
        a, b = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
        await a.send(b"1", zmq.SNDMORE)
        with pytest.raises(zmq.Again):
            await a.send(b"2", zmq.DONTWAIT)
        b.bind("tcp://127.0.0.1:*")
        a.connect(b.last_endpoint)
        await a.send(b"2")
        assert await b.recv_multipart() == [b"1", b"2"]
        alone = context.socket(zmq.DEALER)
        await alone.send(b"1", zmq.SNDMORE)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(alone.send(b"2"), 0.01)
        alone.connect(b.last_endpoint)
        await alone.send(b"3")
        assert await b.recv_multipart() == [b"3"]

    run(scenario)


def test_tasks_and_gather(run: Runner) -> None:
    async def scenario(context: azmq.Context) -> None:
        a, b = sockets(context)
        task = asyncio.create_task(b.recv_multipart())
        await asyncio.gather(a.send(b"1"), a.send(b"2"))
        assert await task == [b"1"]
        assert await asyncio.wait_for(b.recv(), 10) == b"2"

    run(scenario)


def test_one_context_outlives_its_loop() -> None:
    context = azmq.Context()
    context.linger = 0
    a, b = sockets(context)

    async def talk(body: bytes) -> bytes:
        await a.send(body)
        return await b.recv()

    assert asyncio.run(talk(b"first loop")) == b"first loop"
    assert asyncio.run(talk(b"second loop")) == b"second loop"
    context.destroy(0)


@pytest.mark.parametrize("module", [theirs_asyncio, azmq, futures], ids=lambda m: m.__name__)
def test_tasks_that_receive_frame_by_frame_get_them_in_turn(module: Any) -> None:
    async def main() -> None:
        context = module.Context()
        push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        pull.bind("inproc://turns")
        push.connect("inproc://turns")
        waiting = [asyncio.ensure_future(pull.recv()) for _ in range(6)]
        await asyncio.sleep(0)
        waiting.pop(2).cancel()
        await push.send_multipart([b"A1", b"A2"])
        await push.send_multipart([b"B1", b"B2", b"B3"])
        assert await asyncio.gather(*waiting) == [b"A1", b"A2", b"B1", b"B2", b"B3"]
        waiting = [asyncio.ensure_future(pull.recv_multipart()) for _ in range(3)]
        for name in (b"A", b"B", b"C"):
            await push.send_multipart([name, b"1"])
        assert sorted(await asyncio.gather(*waiting)) == [[b"A", b"1"], [b"B", b"1"], [b"C", b"1"]]
        context.destroy(0)

    asyncio.run(asyncio.wait_for(main(), 20))


def test_a_turn_that_is_waited_for_in_vain() -> None:
    async def main() -> None:
        context = azmq.Context()
        push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        pull.bind("inproc://turns")
        push.connect("inproc://turns")
        first = asyncio.ensure_future(pull.recv())
        await asyncio.sleep(0)
        with pytest.raises(zmq.Again):
            await pull.recv(zmq.DONTWAIT)
        pull.rcvtimeo = 10
        with pytest.raises(zmq.Again):
            await pull.recv()
        pull.rcvtimeo = -1
        second = asyncio.ensure_future(pull.recv())
        await asyncio.sleep(0)
        first.cancel()
        await push.send(b"Hello")
        assert await second == b"Hello"
        context.destroy(0)

    asyncio.run(asyncio.wait_for(main(), 20))


def test_what_is_deprecated_in_pyzmq_is_there_and_says_so() -> None:
    with pytest.warns(DeprecationWarning, match="any event loop"):
        azmq.install()
    with pytest.warns(DeprecationWarning, match="any event loop"):
        azmq.ZMQEventLoop().close()
    with azmq.Context() as context, pytest.warns(DeprecationWarning, match="running loop"):
        azmq.Socket(context, zmq.REQ, object()).close()


def test_a_ping_behind_the_message_that_was_waited_for_is_answered(run: Runner) -> None:
    """Taking the message makes room for what follows, and nothing else happens then."""

    async def scenario(context: azmq.Context) -> None:
        pull = context.socket(zmq.PULL)
        pull.rcvhwm = 1
        pull.bind("tcp://127.0.0.1:*")
        receiving = asyncio.create_task(pull.recv())
        loop = asyncio.get_running_loop()
        peer = await loop.run_in_executor(None, RawPeer.dial, pull.last_endpoint.decode())
        with peer:
            await loop.run_in_executor(None, peer.shake_hands, b"PUSH")
            peer.send(message([b"m"]) + command(b"PING", b"\0\0abc"))
            assert await receiving == b"m"
            pong = await loop.run_in_executor(None, peer.read_frame)
        assert pong == (4, b"\x04PONGabc")

    run(scenario)
