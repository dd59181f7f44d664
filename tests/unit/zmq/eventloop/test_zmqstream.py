"""ZMQStream on tornado's loop, side by side with pyzmq's."""

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tornado.ioloop import IOLoop

import antiphon.zmq as ours
import antiphon.zmq.asyncio as aio
from antiphon.zmq.eventloop import zmqstream

PATIENCE = 10


@pytest.fixture
def make(either: Any) -> Any:
    """Give the class of pyzmq, then of Antiphon."""
    module = zmqstream if either is ours else importlib.import_module("zmq.eventloop.zmqstream")
    return module.ZMQStream


@pytest.fixture
def run(either_pair: tuple[Any, Any], make: Any) -> Callable[..., None]:
    """Give a function that runs a test with a stream and its peer in a loop."""
    peer, socket = either_pair

    def run(test: Callable[[Any, Any], Awaitable[None]]) -> None:
        async def within() -> None:
            stream = make(socket)
            await asyncio.wait_for(test(stream, peer), PATIENCE)
            stream.close(0)

        asyncio.run(within())

    return run


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0)


def test_messages_are_given_to_a_callback_in_order(run: Any) -> None:
    async def test(stream: Any, peer: Any) -> None:
        received: list[list[bytes]] = []
        stream.on_recv(received.append)
        assert stream.receiving()
        for number in range(100):
            peer.send_multipart([b"%d" % number, b"rest"])
        await until(lambda: len(received) == 100)
        assert received == [[b"%d" % number, b"rest"] for number in range(100)]
        # Again after the socket has been empty.
        peer.send(b"more")
        await until(lambda: received[-1] == [b"more"])

    run(test)


def test_what_was_there_before_the_callback_is_received(run: Any) -> None:
    async def test(stream: Any, peer: Any) -> None:
        peer.send(b"early")
        await until(lambda: stream.socket.poll(10))
        received: list[list[bytes]] = []
        stream.on_recv(received.append)
        await until(lambda: received == [[b"early"]])

    run(test)


def test_a_callback_may_be_told_of_the_stream_and_be_stopped(run: Any) -> None:
    async def test(stream: Any, peer: Any) -> None:
        received: list[Any] = []

        def once(*args: Any) -> None:
            received.append(args)
            stream.stop_on_recv()

        stream.on_recv_stream(once)
        peer.send(b"one")
        peer.send(b"two")
        await until(lambda: received)
        assert not stream.receiving()
        await until(lambda: stream.socket.poll(10))
        assert received == [(stream, [b"one"])]
        stream.on_recv(received.append)
        await until(lambda: received[1:] == [[b"two"]])

    run(test)


def test_a_callback_may_be_a_coroutine(run: Any) -> None:
    async def test(stream: Any, peer: Any) -> None:
        received: list[list[bytes]] = []

        async def receive(message: list[bytes]) -> None:
            await asyncio.sleep(0)
            received.append(message)

        stream.on_recv(receive)
        peer.send(b"Hello")
        await until(lambda: received == [[b"Hello"]])

    run(test)


def test_messages_are_sent_from_the_loop_in_order(run: Any) -> None:
    async def test(stream: Any, peer: Any) -> None:
        sent: list[Any] = []
        stream.on_send(lambda message, status: sent.append((message, status)))
        for number in range(100):
            stream.send_multipart([b"%d" % number, b"rest"])
        assert stream.sending()
        await until(lambda: not stream.sending())
        expected = [[b"%d" % number, b"rest"] for number in range(100)]
        assert sent == [(message, None) for message in expected]
        assert [peer.recv_multipart() for _ in range(100)] == expected

    run(test)


def test_every_way_to_send(run: Any, either: Any) -> None:
    async def test(stream: Any, peer: Any) -> None:
        stream.send(b"frame")
        stream.send_string("caf\xe9")
        stream.send_unicode("caf\xe9", encoding="latin1")
        stream.send_json({"a": [1]})
        stream.send(b"first", either.SNDMORE)
        stream.send(b"last")
        await until(lambda: not stream.sending())
        assert [peer.recv_multipart() for _ in range(3)] == [
            [b"frame"],
            [b"caf\xc3\xa9"],
            [b"caf\xe9"],
        ]
        assert peer.recv_json() == {"a": [1]}
        assert peer.recv_multipart() == [b"first", b"last"]

    run(test)


def test_callbacks_of_sending(run: Any) -> None:
    async def test(stream: Any, peer: Any) -> None:
        seen: list[Any] = []
        stream.send(b"one", callback=lambda *args: seen.append(args))
        await until(lambda: seen == [([b"one"], None)])
        stream.on_send_stream(lambda *args: seen.append(args))
        stream.send(b"two")
        await until(lambda: seen[1:] == [(stream, [b"two"], None)])
        stream.stop_on_send()
        stream.send(b"three")
        await until(lambda: not stream.sending())
        assert len(seen) == 2

    run(test)


def test_an_echo(run: Any) -> None:
    async def test(stream: Any, peer: Any) -> None:
        stream.on_recv(stream.send_multipart)
        for number in range(300):
            peer.send(b"%d" % number)
        replies: list[bytes] = []

        def collect() -> bool:
            while peer.poll(0):
                replies.append(peer.recv())
            return len(replies) == 300

        await until(collect)
        assert replies == [b"%d" % number for number in range(300)]

    run(test)


def test_flush_receives_and_sends_at_once(run: Any, either: Any) -> None:
    async def test(stream: Any, peer: Any) -> None:
        received: list[list[bytes]] = []
        stream.on_recv(received.append)
        for number in range(5):
            stream.send(b"%d" % number)
        assert stream.flush(either.POLLOUT) == 5
        assert not stream.sending()
        assert [peer.recv() for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]
        for number in range(5):
            peer.send(b"%d" % number)
        await until(lambda: len(received) + stream.flush(either.POLLIN) >= 5)
        assert received == [[b"%d" % number] for number in range(5)]
        assert stream.flush() == 0

    run(test)


def test_flush_has_a_limit(run: Any, either: Any) -> None:
    async def test(stream: Any, peer: Any) -> None:
        for number in range(5):
            stream.send(b"%d" % number)
        assert stream.flush(either.POLLOUT, limit=2) == 2
        assert stream.sending()
        await until(lambda: not stream.sending())
        assert [peer.recv() for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]

    run(test)


def test_flush_drops_what_nobody_receives(run: Any, either: Any) -> None:
    async def test(stream: Any, peer: Any) -> None:
        peer.send(b"dropped")
        await until(lambda: stream.flush(either.POLLIN) == 1)
        assert not stream.socket.poll(0)

    run(test)


def test_closing_closes_the_socket_and_calls_back(run: Any) -> None:
    async def test(stream: Any, peer: Any) -> None:
        closed: list[bool] = []
        stream.set_close_callback(lambda: closed.append(True))
        socket = stream.socket
        stream.close(0)
        stream.close()
        assert closed == [True]
        assert socket.closed
        assert stream.closed()
        for use in (
            lambda: stream.send(b"x"),
            lambda: stream.on_recv(print),
            stream.flush,
            stream.stop_on_recv,
        ):
            with pytest.raises(OSError, match="closed"):
                use()

    run(test)


@pytest.mark.filterwarnings("ignore:Unregistering FD:UserWarning")
def test_closing_the_loop_with_its_descriptors_closes_the_socket(
    make: Any, either_pair: tuple[Any, Any]
) -> None:
    loop = IOLoop(make_current=False)
    stream = make(either_pair[0], loop)
    loop.close(all_fds=True)
    assert either_pair[0].closed
    either_pair[0].close()
    assert stream.closed()


def test_a_callback_may_close_the_stream(run: Any) -> None:
    async def test(stream: Any, peer: Any) -> None:
        received: list[list[bytes]] = []

        def receive(message: list[bytes]) -> None:
            received.append(message)
            stream.close(0)

        stream.on_recv(receive)
        peer.send(b"one")
        peer.send(b"two")
        await until(stream.closed)
        assert received == [[b"one"]]

    run(test)


def test_socket_calls_are_the_stream_s_too(run: Any, either: Any) -> None:
    async def test(stream: Any, peer: Any) -> None:
        stream.setsockopt(either.LINGER, 7)
        assert stream.getsockopt(either.LINGER) == stream.socket.linger == 7
        stream.setsockopt_string(either.IDENTITY, "me")
        assert stream.getsockopt_string(either.IDENTITY) == "me"
        port = stream.bind_to_random_port("tcp://127.0.0.1")
        peer.connect(f"tcp://127.0.0.1:{port}")
        assert stream.io_loop is IOLoop.current()

    run(test)


def test_copy_false_gives_frames(run: Any, either: Any) -> None:
    async def test(stream: Any, peer: Any) -> None:
        received: list[Any] = []
        stream.on_recv(received.append, copy=False)
        peer.send_multipart([b"one", b"two"])
        await until(lambda: received)
        assert all(isinstance(frame, either.Frame) for frame in received[0])
        assert [frame.bytes for frame in received[0]] == [b"one", b"two"]

    run(test)


# What pyzmq does not do.


def test_a_socket_that_is_full_does_not_stop_the_loop() -> None:
    async def run() -> None:
        with ours.Context() as context:
            socket = context.socket(ours.ROUTER, router_mandatory=1, linger=0)
            peer = context.socket(ours.DEALER, routing_id=b"peer", linger=0)
            socket.bind("inproc://full")
            peer.connect("inproc://full")
            peer.send(b"here")
            stream = zmqstream.ZMQStream(socket)
            received: list[list[bytes]] = []
            statuses: list[object] = []
            stream.on_recv(received.append)
            await until(lambda: received)
            stream.on_send(lambda _message, status: statuses.append(status))
            stream.send_multipart([b"stranger", b"x"])
            await until(lambda: statuses)
            assert isinstance(statuses[0], ours.HostUnreachable)
            for _ in range(5000):
                stream.send_multipart([b"peer", b"x"])
            await asyncio.sleep(0)
            taken = 0

            def take() -> bool:
                nonlocal taken
                while peer.poll(0):
                    peer.recv()
                    taken += 1
                return taken == 5000

            await until(take)

    asyncio.run(asyncio.wait_for(run(), PATIENCE))


def test_the_loop_goes_on_after_a_callback_has_raised(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        with ours.Context() as context:
            peer, socket = context.socket(ours.DEALER), context.socket(ours.DEALER)
            peer.bind("inproc://raised")
            socket.connect("inproc://raised")
            stream = zmqstream.ZMQStream(socket)
            received: list[list[bytes]] = []

            def receive(message: list[bytes]) -> None:
                received.append(message)
                raise LookupError(message)

            stream.on_recv(receive)
            for number in range(3):
                peer.send(b"%d" % number)
            await until(lambda: received == [[b"0"], [b"1"], [b"2"]])
            stream.close()

    asyncio.run(asyncio.wait_for(run(), PATIENCE))
    assert [record.exc_info and record.exc_info[0] for record in caplog.records] == [
        LookupError
    ] * 3


def test_a_socket_of_asyncio_is_refused() -> None:
    async def run() -> None:
        make: Any = zmqstream.ZMQStream
        with aio.Context() as context, pytest.raises(TypeError, match="a blocking socket"):
            make(context.socket(ours.DEALER))

    asyncio.run(run())
