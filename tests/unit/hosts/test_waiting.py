"""Waiting without a time-out: what is ready already is seen, and nothing is waited for in vain."""

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

import antiphon.zmq as zmq
from tests.waiting import until

ENDPOINTS = ("tcp://127.0.0.1:*", "ipc://*", "inproc://waiting")
T = TypeVar("T")


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    context = zmq.Context()
    context.linger = 0
    context.rcvtimeo = context.sndtimeo = 10_000
    yield context
    context.destroy(0)


@pytest.fixture(params=ENDPOINTS)
def pair(request: pytest.FixtureRequest, context: zmq.Context) -> tuple[zmq.Socket, zmq.Socket]:
    """A bound socket and one that is connected to it, which have talked."""
    server, client = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
    server.bind(request.param)
    client.connect(server.last_endpoint)
    client.send(b"hello")
    assert server.recv() == b"hello"
    return server, client


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    yield read, write
    os.close(read)
    os.close(write)


def soon(call: Callable[[], T]) -> T:
    """Return what a call returns, that may have no end if something is wrong."""
    return together([call])[0]


def together(calls: list[Callable[[], T]]) -> list[T]:
    """Return what calls return that are made at the same time, each in a thread."""
    outcomes: list[T] = []
    threads = [
        threading.Thread(target=lambda call=call: outcomes.append(call()), daemon=True)
        for call in calls
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive(), "the call has not come back"
    return outcomes


def queued(socket: zmq.Socket, count: int) -> None:
    """Wait until so many messages have come in."""
    until(lambda: sum(peer.queued_in for peer in socket.peers()) >= count)


def poll(*items: tuple[zmq.Socket | int, int]) -> list[tuple[object, int]]:
    """Poll without a time-out."""
    poller = zmq.Poller()
    for item, flags in items:
        poller.register(item, flags)
    return poller.poll()


def test_each_of_the_messages_that_wait_already_is_seen(
    pair: tuple[zmq.Socket, zmq.Socket],
) -> None:
    server, client = pair
    for body in (b"1", b"2"):
        client.send(body)
    queued(server, 2)
    for body in (b"1", b"2"):
        assert soon(server.poll) == zmq.POLLIN
        assert soon(lambda: poll((server, zmq.POLLIN))) == [(server, zmq.POLLIN)]
        assert server.recv() == body
    assert server.poll(0) == 0


def test_room_for_a_message_is_seen(pair: tuple[zmq.Socket, zmq.Socket]) -> None:
    _, client = pair
    assert soon(lambda: client.poll(flags=zmq.POLLOUT)) == zmq.POLLOUT
    assert soon(lambda: poll((client, zmq.POLLIN | zmq.POLLOUT))) == [(client, zmq.POLLOUT)]


def test_a_message_that_comes_while_polling_is_seen(pair: tuple[zmq.Socket, zmq.Socket]) -> None:
    server, client = pair
    threading.Timer(0.02, client.send, (b"later",)).start()
    assert soon(server.poll) == zmq.POLLIN
    assert server.recv() == b"later"


@pytest.mark.parametrize("rcvhwm", [3, 1000])
def test_polling_until_nothing_comes_ends(context: zmq.Context, rcvhwm: int) -> None:
    server, client = context.socket(zmq.DEALER, rcvhwm=rcvhwm), context.socket(zmq.DEALER)
    server.bind("tcp://127.0.0.1:*")
    client.connect(server.last_endpoint)
    for number in range(50):
        client.send(b"%d" % number)
    queued(server, 3)
    received: list[bytes] = []

    def drain() -> int:
        while server.poll(1000):
            received.append(server.recv())
        return len(received)

    assert soon(drain) == 50


def test_descriptors_are_seen_with_sockets_and_without(
    pair: tuple[zmq.Socket, zmq.Socket], pipe: tuple[int, int]
) -> None:
    server, _ = pair
    read, write = pipe
    ready = [(read, zmq.POLLIN)]
    threading.Timer(0.02, os.write, (write, b"!")).start()
    assert soon(lambda: poll((server, zmq.POLLIN), (read, zmq.POLLIN))) == ready
    assert soon(lambda: poll((read, zmq.POLLIN))) == ready
    assert soon(lambda: poll((write, zmq.POLLOUT))) == [(write, zmq.POLLOUT)]


def test_threads_may_wait_for_the_same_descriptor(
    context: zmq.Context, pipe: tuple[int, int]
) -> None:
    read, write = pipe
    socket = context.socket(zmq.DEALER)
    threading.Timer(0.05, os.write, (write, b"!")).start()
    calls = [lambda: poll((socket, zmq.POLLIN), (read, zmq.POLLIN))] * 3
    assert together(calls) == [[(read, zmq.POLLIN)]] * 3


def test_one_thread_leaves_a_descriptor_to_the_other(
    context: zmq.Context, pipe: tuple[int, int]
) -> None:
    read, write = pipe
    socket = context.socket(zmq.DEALER)
    poller = zmq.Poller()
    poller.register(socket, zmq.POLLIN)
    poller.register(read, zmq.POLLIN)

    def impatient() -> list[tuple[object, int]]:
        found: list[tuple[object, int]] = poller.poll(20)
        os.write(write, b"!")
        return found

    outcomes = together([lambda: poller.poll(), impatient])
    assert sorted(outcomes, key=len) == [[], [(read, zmq.POLLIN)]]


def test_a_file_on_a_disk_is_always_ready(context: zmq.Context, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"data")
    socket = context.socket(zmq.DEALER)
    with path.open("rb") as file:
        fd = file.fileno()
        ready = [(fd, zmq.POLLIN)]
        for _ in range(2):
            assert soon(lambda: poll((socket, zmq.POLLIN), (fd, zmq.POLLIN))) == ready
        assert soon(lambda: poll((fd, zmq.POLLIN))) == ready


def test_a_closed_descriptor_says_so_and_the_others_are_still_watched(
    context: zmq.Context, pipe: tuple[int, int]
) -> None:
    read, write = pipe
    socket = context.socket(zmq.DEALER)
    gone = os.dup(read)
    os.close(gone)
    with pytest.raises(zmq.ZMQError, match=f"descriptor {gone} cannot be watched") as info:
        poll((socket, zmq.POLLIN), (gone, zmq.POLLIN), (read, zmq.POLLIN))
    assert info.value.errno == errno.EBADF
    os.write(write, b"!")
    assert soon(lambda: poll((socket, zmq.POLLIN), (read, zmq.POLLIN))) == [(read, zmq.POLLIN)]
