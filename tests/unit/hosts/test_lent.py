"""Asyncio sockets of blocking ones and in blocking contexts, as pyzmq's programs make them."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
import uvloop
import zmq as theirs
import zmq.asyncio

import antiphon.zmq as ours
import antiphon.zmq.asyncio
from antiphon.zmq import futures

pytestmark = pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")

PATIENCE_S = 20
OURS: Any = antiphon.zmq.asyncio
Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a coroutine on a fresh loop."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop

    def runner(main: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=factory) as loop:
            return loop.run(asyncio.wait_for(main, PATIENCE_S))

    return runner


@pytest.fixture
def context() -> Iterator[ours.Context]:
    with ours.Context() as context:
        context.linger = 0
        context.rcvtimeo = context.sndtimeo = PATIENCE_S * 1000
        yield context


@pytest.fixture(params=["pyzmq", "antiphon", "futures"])
def both(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any, Any]]:
    """Give a package, its asyncio module, and a blocking context of it."""
    package, module = {
        "pyzmq": (theirs, zmq.asyncio),
        "antiphon": (ours, OURS),
        "futures": (ours, futures),
    }[request.param]
    blocking = package.Context()
    yield package, module, blocking
    blocking.destroy(0)


def test_an_asyncio_socket_of_a_blocking_one(both: tuple[Any, Any, Any]) -> None:
    package, module, blocking = both
    rep, req = blocking.socket(package.REP), blocking.socket(package.REQ)
    rep.bind("inproc://here")
    req.connect("inproc://here")

    async def main() -> None:
        for make in (module.Socket, module.Socket.from_socket, module.Socket.shadow):
            waiting = make(req)
            req.send(b"Hello")
            asked = asyncio.ensure_future(waiting.recv_multipart())
            await asyncio.sleep(0)
            assert not asked.done()
            assert rep.recv() == b"Hello"
            rep.send_multipart([b"World", b"!"])
            assert await asked == [b"World", b"!"]
            assert await waiting.poll(0) == 0
            assert waiting.underlying == req.underlying

    asyncio.run(main())
    assert not req.closed


def test_an_asyncio_context_of_a_blocking_one(both: tuple[Any, Any, Any]) -> None:
    package, module, blocking = both

    async def main() -> None:
        for number, make in enumerate((module.Context, module.Context.shadow)):
            shadow = make(blocking)
            push, pull = blocking.socket(package.PUSH), shadow.socket(package.PULL)
            assert isinstance(pull, module.Socket)
            push.bind(f"inproc://shadow-{number}")
            pull.connect(f"inproc://shadow-{number}")
            push.send(b"Hello")
            assert await pull.recv() == b"Hello"
            pull.close(0)
        assert not blocking.closed

    asyncio.run(main())


def test_an_asyncio_socket_in_a_blocking_context(both: tuple[Any, Any, Any]) -> None:
    package, module, blocking = both
    pull = blocking.socket(package.PULL)
    pull.bind("inproc://mixed")

    async def main() -> None:
        push = blocking.socket(package.PUSH, socket_class=module.Socket)
        push.connect("inproc://mixed")
        await push.send_string("Hello")
        push.close()

    asyncio.run(main())
    assert pull.recv() == b"Hello"


def test_others_run_while_a_task_waits_and_whoever_sends(run: Run, context: ours.Context) -> None:
    router, dealer = context.socket(ours.ROUTER), context.socket(ours.DEALER)
    router.bind("tcp://127.0.0.1:*")
    dealer.connect(router.last_endpoint)

    def answer() -> None:
        for _ in range(100):
            router.send_multipart(router.recv_multipart())

    async def main() -> int:
        socket = OURS.Socket(dealer)
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        ticking = asyncio.ensure_future(tick())
        for number in range(100):
            await socket.send(b"%d" % number)
            assert await socket.recv() == b"%d" % number
        ticking.cancel()
        return ticks

    thread = threading.Thread(target=answer)
    thread.start()
    assert run(main()) > 1
    thread.join(PATIENCE_S)


def test_a_sender_waits_for_room(run: Run, context: ours.Context) -> None:
    push, pull = context.socket(ours.PUSH, sndhwm=2), context.socket(ours.PULL, rcvhwm=2)
    pull.bind("inproc://room")
    push.connect("inproc://room")

    async def main() -> None:
        sender, receiver = OURS.Socket(push), OURS.Socket(pull)

        async def send() -> None:
            for number in range(1000):
                await sender.send(b"%d" % number)

        sending = asyncio.ensure_future(send())
        assert [await receiver.recv() for _ in range(1000)] == [b"%d" % n for n in range(1000)]
        await sending

    run(main())


def test_several_tasks_each_get_whole_messages(run: Run, context: ours.Context) -> None:
    push, pull = context.socket(ours.PUSH), context.socket(ours.PULL)
    pull.bind("inproc://several")
    push.connect("inproc://several")

    async def main() -> None:
        socket = OURS.Socket(pull)
        waiting = [asyncio.ensure_future(socket.recv_multipart()) for _ in range(5)]
        await asyncio.sleep(0)
        waiting.pop().cancel()
        for number in range(4):
            push.send_multipart([b"%d" % number, b"x"])
        received = await asyncio.gather(*waiting)
        assert sorted(received) == [[b"%d" % number, b"x"] for number in range(4)]

    run(main())


def test_time_runs_out_and_closing_ends_what_waits(run: Run, context: ours.Context) -> None:
    async def main() -> None:
        socket = OURS.Socket(context.socket(ours.PULL))
        with pytest.raises(ours.Again):
            await socket.recv(ours.DONTWAIT)
        socket.rcvtimeo = 20
        with pytest.raises(ours.Again):
            await socket.recv()
        assert await socket.poll(20) == 0
        socket.rcvtimeo = -1
        for end, error in ((socket.close, ours.SocketClosed), (context.term, ours.ZMQError)):
            waiting = asyncio.ensure_future(socket.recv())
            await asyncio.sleep(0)
            await asyncio.to_thread(end)
            with pytest.raises(error):
                await waiting
            socket = OURS.Socket(context, ours.PULL) if not context.closed else socket

    run(main())


def test_it_has_a_descriptor_events_and_a_place_in_pollers(run: Run, context: ours.Context) -> None:
    push, pull = context.socket(ours.PUSH), context.socket(ours.PULL)
    pull.bind("inproc://poller")
    push.connect("inproc://poller")

    async def main() -> None:
        socket = OURS.Socket(pull)
        poller = OURS.Poller()
        poller.register(socket, ours.POLLIN)
        push.send(b"Hello")
        assert await poller.poll(PATIENCE_S * 1000) == [(socket, ours.POLLIN)]
        assert await socket.recv(copy=False) is not None
        events = socket.event_stream()
        coming = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        socket.bind("tcp://127.0.0.1:*")
        assert (await coming).name == "LISTENING"

    run(main())


def test_and_back(context: ours.Context) -> None:
    """A blocking shadow of an asyncio socket that is a blocking one's, and of its context."""
    push, pull = context.socket(ours.PUSH), context.socket(ours.PULL)
    pull.bind("inproc://back")
    push.connect("inproc://back")
    push.send(b"Hello")
    again = ours.Socket(OURS.Socket(pull))
    assert again.recv() == b"Hello"
    shadow = OURS.Context(context)
    assert shadow.underlying == context.underlying
    with ours.Context.shadow(shadow.underlying).socket(ours.REP) as rep:
        rep.bind("inproc://and-back")
    assert repr(shadow).startswith("<zmq.asyncio.Context(")
