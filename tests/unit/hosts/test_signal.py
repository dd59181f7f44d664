"""The descriptor of a socket, in poll() and in event loops, by libzmq's rule and without it."""

import asyncio
import gc
import os
import select
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zmq as theirs

import antiphon.zmq as zmq
import antiphon.zmq.asyncio as aio

pytestmark = pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")

COUNT = 500


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    context = zmq.Context()
    context.linger = 0
    context.rcvtimeo = context.sndtimeo = 10_000
    yield context
    context.destroy(0)


def readable(fd: int, seconds: float = 10.0) -> bool:
    poll = select.poll()  # takes descriptors of any number, which select() does not
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def connected(context: Any, their_context: Any, kind: str = "DEALER") -> tuple[Any, Any]:
    """Return our socket, connected to one of pyzmq."""
    ours, peer = context.socket(getattr(zmq, kind)), their_context.socket(theirs.DEALER)
    peer.linger = 0
    peer.rcvtimeo = peer.sndtimeo = 10_000
    ours.bind("tcp://127.0.0.1:*")
    peer.connect(ours.last_endpoint)
    return ours, peer


@pytest.fixture
def their_context() -> Iterator[Any]:
    context = theirs.Context()
    yield context
    context.destroy(0)


@pytest.fixture
def pair(context: zmq.Context, their_context: Any) -> tuple[Any, Any]:
    return connected(context, their_context)


@pytest.fixture
def send_slowly(their_context: Any) -> Iterator[Callable[[Any], None]]:
    """Give what lets a peer of pyzmq talk in a thread, which has ended before its context does."""
    threads: list[threading.Thread] = []

    def talk(peer: Any) -> None:
        for number in range(COUNT):
            peer.send_multipart([b"%d" % number, b"x"])
            if number % 50 == 0:
                # The far end has to have taken them before the next ones come.
                peer.recv()

    def start(peer: Any) -> None:
        threads.append(threading.Thread(target=talk, args=[peer]))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join()


def test_the_classic_loop(pair: tuple[Any, Any], send_slowly: Callable[[Any], None]) -> None:
    ours, peer = pair
    send_slowly(peer)
    received: list[list[bytes]] = []
    while len(received) < COUNT:
        assert readable(ours.FD)
        while ours.getsockopt(zmq.EVENTS) & zmq.POLLIN:
            received.append(ours.recv_multipart(zmq.NOBLOCK))
            if len(received) % 50 == 1:
                ours.send(b"go on")
    assert received == [[b"%d" % number, b"x"] for number in range(COUNT)]


def test_one_message_per_turn_is_enough(
    pair: tuple[Any, Any], send_slowly: Callable[[Any], None]
) -> None:
    ours, peer = pair
    send_slowly(peer)
    received = 0
    while received < COUNT:
        assert readable(ours.fileno())
        try:
            ours.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            continue
        received += 1
        if received % 50 == 1:
            ours.send(b"go on")


@pytest.mark.parametrize("drain", [True, False], ids=["classic", "one-per-turn"])
def test_event_loops(
    context: zmq.Context, their_context: Any, send_slowly: Callable[[Any], None], drain: bool
) -> None:
    async def program(ours: Any) -> int:
        done = asyncio.get_running_loop().create_future()
        received = 0

        def ready() -> None:
            nonlocal received
            while ours.EVENTS & zmq.POLLIN:
                ours.recv_multipart(zmq.NOBLOCK)
                received += 1
                if received % 50 == 1:
                    ours.send(b"go on")
                if not drain:
                    break
            if received == COUNT:
                done.set_result(received)

        loop = asyncio.get_running_loop()
        loop.add_reader(ours, ready)
        try:
            return await asyncio.wait_for(done, 30)
        finally:
            loop.remove_reader(ours)

    ours, peer = connected(context, their_context)
    send_slowly(peer)
    assert asyncio.run(program(ours)) == COUNT


def test_it_rests_once_events_were_read(pair: tuple[Any, Any]) -> None:
    ours, peer = pair
    peer.send(b"1")
    peer.send(b"2")
    assert ours.poll(10_000)
    assert readable(ours.FD)
    while not ours.EVENTS & zmq.POLLOUT:
        assert readable(ours.FD)
    assert not readable(ours.FD, 0)
    ours.recv()
    assert ours.poll(10_000)
    assert readable(ours.FD)
    ours.recv()
    assert not readable(ours.FD, 0)
    with pytest.raises(zmq.Again):
        ours.recv(zmq.NOBLOCK)
    assert not readable(ours.FD, 0)
    peer.send(b"3")
    assert readable(ours.FD)


def test_room_to_send_is_told(context: Any, their_context: Any) -> None:
    ours = context.socket(zmq.DEALER)
    ours.bind("tcp://127.0.0.1:*")
    assert ours.EVENTS == 0
    assert not readable(ours.FD, 0)
    peer = their_context.socket(theirs.DEALER)
    peer.connect(ours.last_endpoint)
    assert readable(ours.FD)
    while ours.EVENTS != zmq.POLLOUT:
        assert readable(ours.FD)


def test_what_is_sent_goes_out_while_the_program_waits_elsewhere(pair: tuple[Any, Any]) -> None:
    ours, peer = pair
    assert ours.FD >= 0
    for _ in range(20):
        for _ in range(20):
            ours.send(b"question")
        for _ in range(20):
            assert peer.recv() == b"question"
        peer.send(b"answer")
        while not ours.EVENTS & zmq.POLLIN:
            assert readable(ours.FD)
        assert ours.recv(zmq.NOBLOCK) == b"answer"


def test_blocking_calls_and_the_descriptor_mix(pair: tuple[Any, Any]) -> None:
    ours, peer = pair
    assert ours.FD >= 0
    for _ in range(50):
        ours.send(b"question")
        threading.Thread(target=lambda: peer.send(peer.recv())).start()
        assert ours.recv() == b"question"
        peer.send(b"again")
        assert ours.poll(10_000) == zmq.POLLIN
        assert ours.recv() == b"again"


def test_another_thread_that_waits_is_not_forgotten(context: zmq.Context) -> None:
    first, second = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
    first.bind("inproc://threads")
    second.connect("inproc://threads")
    received: list[bytes] = []
    thread = threading.Thread(target=lambda: received.append(first.recv()))
    thread.start()
    watched = zmq.Socket.shadow(first)
    assert watched.FD >= 0
    second.send(b"x")
    thread.join(10)
    assert received == [b"x"]
    assert readable(watched.FD)


@pytest.mark.parametrize("how", ["close", "term"])
def test_the_end_is_told(context: zmq.Context, how: str) -> None:
    socket = context.socket(zmq.DEALER)
    assert socket.EVENTS == 0
    fd = os.dup(socket.FD)
    assert socket.EVENTS == 0
    assert not readable(fd, 0)
    if how == "close":
        socket.close()
    else:
        context.term()
    assert readable(fd)
    os.close(fd)
    with pytest.raises(zmq.ZMQError):
        socket.FD  # noqa: B018


def test_descriptors_are_given_back(context: zmq.Context) -> None:
    def make(end: Callable[[Any], None]) -> int:
        socket = context.socket(zmq.DEALER)
        fd = socket.FD
        assert fd == socket.fileno() == socket.get(zmq.FD)
        end(socket)
        return int(fd)

    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        make(lambda socket: socket.close())
        make(lambda socket: None)
        gc.collect()
    context.socket(zmq.DEALER).close()
    assert len(os.listdir("/proc/self/fd")) <= before + 2


def test_asyncio_sockets_have_one_too() -> None:
    async def program() -> None:
        with aio.Context() as context:
            a, b = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
            a.bind("tcp://127.0.0.1:*")
            b.connect(a.last_endpoint)
            loop = asyncio.get_running_loop()
            told = asyncio.Event()
            loop.add_reader(a.fileno(), told.set)
            await b.send_multipart([b"x", b"y"])
            await asyncio.wait_for(told.wait(), 10)
            assert await a.recv_multipart() == [b"x", b"y"]
            loop.remove_reader(a.fileno())
            await a.send(b"z")
            assert b.FD >= 0
            frame = await b.recv(copy=False)
            assert frame.bytes == b"z"

    asyncio.run(program())
