"""The pollers: descriptors as pyzmq returns them, and messages that were received in part."""

import asyncio
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

import pytest
import zmq.asyncio as theirs_asyncio

import antiphon.zmq as zmq
import antiphon.zmq.asyncio as azmq

#: pyzmq's sockets warn when they are forgotten; Antiphon's close.
pytestmark = pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")


@pytest.fixture
def readable() -> Iterator[BinaryIO]:
    """Give a file object with something to read."""
    reading, writing = os.pipe()
    os.write(writing, b"x")
    with os.fdopen(reading, "rb") as file:
        yield file
    os.close(writing)


def test_of_files_the_descriptor_is_returned(either: Any, readable: BinaryIO) -> None:
    poller = either.Poller()
    poller.register(readable, either.POLLIN)
    assert poller.poll(10_000) == [(readable.fileno(), either.POLLIN)]
    assert either.select([readable], [], [], 10) == ([readable.fileno()], [], [])


@pytest.mark.parametrize("asyncio_of_either", [theirs_asyncio, azmq], ids=["pyzmq", "antiphon"])
def test_the_asyncio_poller_returns_it_too(asyncio_of_either: Any, readable: BinaryIO) -> None:
    async def scenario() -> None:
        poller = asyncio_of_either.Poller()
        poller.register(readable, zmq.POLLIN)
        assert await poller.poll(10_000) == [(readable.fileno(), zmq.POLLIN)]

    asyncio.run(scenario())


def test_the_rest_of_a_message_hides_no_other_socket(either: Any, either_context: Any) -> None:
    sockets = [either_context.socket(either.DEALER) for _ in range(4)]
    poller = either.Poller()
    for left, right in (sockets[:2], sockets[2:]):
        left.bind("tcp://127.0.0.1:*")
        right.connect(left.last_endpoint)
        left.send_multipart([b"1", b"2"])
        assert right.poll(10_000) == either.POLLIN
        poller.register(right, either.POLLIN)
    half, whole = sockets[1], sockets[3]
    assert half.recv() == b"1"
    assert half.events & either.POLLIN
    assert half.poll(0, either.POLLIN | either.POLLOUT) == either.POLLIN | either.POLLOUT
    assert poller.poll(10_000) == [(half, either.POLLIN), (whole, either.POLLIN)]


def test_the_asyncio_poller_merges_too() -> None:
    async def scenario(context: azmq.Context) -> None:
        sockets = [context.socket(zmq.DEALER) for _ in range(4)]
        poller = azmq.Poller()
        for left, right in (sockets[:2], sockets[2:]):
            left.bind("tcp://127.0.0.1:*")
            right.connect(left.last_endpoint)
            await left.send_multipart([b"1", b"2"])
            assert await right.poll(10_000) == zmq.POLLIN
            poller.register(right, zmq.POLLIN)
        assert await sockets[1].recv() == b"1"
        assert await sockets[1].poll(0, 3) == 3
        assert await poller.poll(10_000) == [(sockets[1], 1), (sockets[3], 1)]

    with azmq.Context() as context:
        context.linger = 0
        asyncio.run(scenario(context))


def test_a_blocking_poller_takes_no_sockets_of_asyncio() -> None:
    with (
        azmq.Context() as loops,
        pytest.raises(TypeError, match="use the Poller of the module"),
    ):
        zmq.Poller().register(loops.socket(zmq.REP))


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside another"])
def test_a_poller_of_asyncio_takes_blocking_sockets(beside: bool) -> None:
    async def run(first: zmq.Socket, second: zmq.Socket, other: azmq.Socket) -> None:
        poller = azmq.Poller()
        poller.register(first, zmq.POLLIN)
        if beside:
            poller.register(other, zmq.POLLIN)
        assert await poller.poll(5) == []
        polled = asyncio.create_task(poller.poll(20_000))
        await asyncio.sleep(0)
        second.send(b"one")
        assert await polled == [(first, zmq.POLLIN)]
        # What is there is seen again, and what was taken is not.
        assert await poller.poll(20_000) == [(first, zmq.POLLIN)]
        assert first.recv() == b"one"
        assert await poller.poll(5) == []
        poller.modify(first, zmq.POLLOUT)
        assert await poller.poll(20_000) == [(first, zmq.POLLOUT)]

    with zmq.Context() as blocking, azmq.Context() as loops:
        first, second = blocking.socket(zmq.DEALER), blocking.socket(zmq.DEALER)
        first.bind("tcp://127.0.0.1:*")
        second.connect(first.last_endpoint)
        asyncio.run(asyncio.wait_for(run(first, second, loops.socket(zmq.REP)), 20))


def test_sockets_of_several_contexts_are_polled_together(either: Any, either_context: Any) -> None:
    with either.Context() as other:
        pairs = []
        poller = either.Poller()
        for context in (either_context, other):
            a, b = context.socket(either.DEALER), context.socket(either.DEALER)
            a.linger = b.linger = 0
            a.bind("inproc://polled")
            b.connect("inproc://polled")
            pairs.append((a, b))
            poller.register(b, either.POLLIN)
        assert poller.poll(0) == poller.poll(20) == []
        for a, b in pairs * 3:
            a.send_multipart([b"1", b"2"])
            assert poller.poll(10_000) == [(b, either.POLLIN)]
            assert poller.poll(10_000) == [(b, either.POLLIN)]
            assert b.recv() == b"1"
            assert poller.poll(10_000) == [(b, either.POLLIN)]
            assert b.recv() == b"2"
            assert poller.poll(0) == []
        for a, _ in pairs:
            a.send(b"x")
        assert poller.poll(10_000) == [(b, either.POLLIN) for _, b in pairs]
        for socket in pairs[1]:
            socket.close()


def test_the_asyncio_poller_has_several_contexts_too() -> None:
    async def scenario() -> None:
        with azmq.Context() as first, azmq.Context() as second:
            poller = azmq.Poller()
            pairs = []
            for context in (first, second):
                a, b = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
                a.bind("tcp://127.0.0.1:*")
                b.connect(a.last_endpoint)
                pairs.append((a, b))
                poller.register(b, zmq.POLLIN)
            assert await poller.poll(20) == []
            for a, b in pairs * 3:
                await a.send(b"x")
                assert await poller.poll(10_000) == [(b, zmq.POLLIN)]
                assert await b.recv() == b"x"
            assert await poller.poll(0) == []

    asyncio.run(scenario())


def test_nothing_is_not_waited_for_without_end(either: Any) -> None:
    assert either.Poller().poll() == []
    assert either.Poller().poll(1) == []
    assert either.zmq_poll([], 0) == []


def test_what_can_be_registered(either: Any, either_context: Any, readable: BinaryIO) -> None:
    poller = either.Poller()
    socket = either_context.socket(either.DEALER)
    poller.register(socket)
    poller.register(readable.fileno(), either.POLLIN)
    assert poller.sockets == [
        (socket, either.POLLIN | either.POLLOUT),
        (readable.fileno(), either.POLLIN),
    ]
    poller.register(socket, either.POLLIN)
    poller.modify(readable.fileno(), either.POLLERR)
    assert poller.sockets == [(socket, either.POLLIN), (readable.fileno(), either.POLLERR)]
    assert socket in poller
    poller.register(socket, 0)
    assert socket not in poller
    poller.unregister(readable.fileno())
    assert poller.sockets == []
    for unknown in (socket, 5):
        with pytest.raises(KeyError):
            poller.unregister(unknown)


def test_what_cannot_be_registered_is_refused_at_once() -> None:
    wrong: Any = "text"
    with pytest.raises(TypeError, match="descriptors"):
        zmq.Poller().register(wrong)
    with pytest.raises(TypeError, match="descriptors"):
        zmq.select([wrong], [], [], 0)


def test_zmq_poll_takes_pairs(either: Any, readable: BinaryIO) -> None:
    assert either.zmq_poll([(readable.fileno(), either.POLLIN)], 10_000) == [
        (readable.fileno(), either.POLLIN)
    ]


def test_zmq_poll_answers_for_each_pair(either: Any, either_context: Any) -> None:
    push, pull = either_context.socket(either.PUSH), either_context.socket(either.PULL)
    push.bind("inproc://pairs")
    pull.connect("inproc://pairs")
    push.send(b"Hello")
    reading, writing = os.pipe()
    os.write(writing, b"x")
    with os.fdopen(reading, "rb") as file:
        pairs = [
            (push, either.POLLIN),
            (push, either.POLLOUT),
            (pull, either.POLLIN),
            (reading, either.POLLIN),
            (reading, either.POLLOUT),
            (file, either.POLLIN),
        ]
        assert either.zmq_poll(pairs, 10_000) == [
            (push, either.POLLOUT),
            (pull, either.POLLIN),
            (reading, either.POLLIN),
            (reading, either.POLLIN),
        ]
    os.close(writing)
