"""Blocking calls on sockets of asyncio: they do what the socket's own do, and the loop stands."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

import antiphon.zmq as zmq
import antiphon.zmq.asyncio as aio
import antiphon.zmq.green as green


@pytest.fixture
def pair() -> Iterator[tuple[aio.Socket, zmq.Socket]]:
    """Give a socket of asyncio and its peer, a blocking one of another context."""
    with aio.Context() as first, zmq.Context() as second:
        first.linger = second.linger = 0
        socket, peer = first.socket(zmq.DEALER), second.socket(zmq.DEALER)
        peer.rcvtimeo = 10_000
        peer.bind("tcp://127.0.0.1:*")
        socket.connect(peer.last_endpoint)
        yield socket, peer


def delivered(same: zmq.Socket, peer: zmq.Socket) -> list[bytes]:
    """Return what the peer receives; a call on the socket lets its connection go on."""
    while not peer.poll(0):
        same.poll(1)
    return peer.recv_multipart()


@pytest.mark.parametrize("looping", [False, True], ids=["no loop", "in a loop"])
def test_messages_go_both_ways(pair: tuple[aio.Socket, zmq.Socket], looping: bool) -> None:
    socket, peer = pair

    def talk() -> None:
        same = zmq.Socket.shadow(socket.underlying)
        same.rcvtimeo = 10_000
        same.send_multipart([b"Hello", b"World"])
        assert delivered(same, peer) == [b"Hello", b"World"]
        peer.send(b"back")
        assert same.recv() == b"back"
        peer.send_multipart([b"a", b"b"])
        assert [frame.bytes for frame in same.recv_multipart(copy=False)] == [b"a", b"b"]

    async def within() -> None:
        talk()

    asyncio.run(within()) if looping else talk()


def test_time_runs_out(pair: tuple[aio.Socket, zmq.Socket]) -> None:
    same = zmq.Socket(shadow=pair[0])
    with pytest.raises(zmq.Again):
        same.recv(zmq.DONTWAIT)
    same.rcvtimeo = 20
    begin = time.monotonic()
    with pytest.raises(zmq.Again):
        same.recv()
    assert time.monotonic() - begin >= 0.02
    assert same.poll(0) == 0
    pair[1].send(b"x")
    assert same.poll(10_000) == zmq.POLLIN


def test_tasks_that_wait_go_on_when_the_loop_does(pair: tuple[aio.Socket, zmq.Socket]) -> None:
    socket, peer = pair

    async def run() -> None:
        waiting = asyncio.create_task(socket.recv())
        await asyncio.sleep(0)
        same = zmq.Socket.shadow(socket.underlying)
        same.send(b"Hello")
        assert delivered(same, peer) == [b"Hello"]
        peer.send(b"for the task")
        assert same.poll(10_000) == zmq.POLLIN
        assert await waiting == b"for the task"

    asyncio.run(asyncio.wait_for(run(), 20))


def test_a_pipe_that_is_full_is_waited_for(pair: tuple[aio.Socket, zmq.Socket]) -> None:
    socket, peer = pair
    count = 20_000
    received: list[bytes] = []
    thread = threading.Thread(target=lambda: received.extend(peer.recv() for _ in range(count)))
    thread.start()
    same = zmq.Socket.shadow(socket.underlying)
    same.sndtimeo = 20_000
    for number in range(count):
        same.send(b"%d" % number)
    while thread.is_alive():
        same.poll(10, zmq.POLLIN)
    assert received == [b"%d" % number for number in range(count)]


def test_closed_is_closed_for_both(pair: tuple[aio.Socket, zmq.Socket]) -> None:
    same = zmq.Socket.shadow(pair[0].underlying)
    pair[0].close()
    assert same.closed
    with pytest.raises(zmq.ZMQError) as caught:
        same.send(b"x")
    assert caught.value.errno == zmq.ENOTSOCK


def test_sockets_for_gevent_are_of_no_use_here() -> None:
    with green.Context() as context:
        for make in (aio.Socket.shadow, zmq.Socket.shadow):
            with pytest.raises(TypeError, match="cannot be the same socket"):
                make(context.socket(zmq.REP))
        with pytest.raises(TypeError, match="make a Context"):
            aio.Context.shadow(context)
