"""Sockets for gevent: who waits lets others run, whatever has been patched."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess
from typing import Any

import gevent
import pytest

import antiphon.zmq as blocking
import antiphon.zmq.green as zmq
from tests.waiting import until

PATIENCE = 20


@pytest.fixture
def context() -> Iterator[Any]:
    with zmq.Context() as context:
        context.linger = 0
        yield context


@pytest.fixture
def pair(context: Any) -> tuple[Any, Any]:
    first, second = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
    first.bind("tcp://127.0.0.1:*")
    second.connect(first.last_endpoint)
    return first, second


def both(*greenlets: Any) -> list[Any]:
    """Return what greenlets return; what one raises is raised."""
    gevent.joinall(greenlets, timeout=PATIENCE, raise_error=True)
    return [greenlet.get(timeout=0) for greenlet in greenlets]


def test_names_are_those_of_the_package(context: Any) -> None:
    assert set(zmq.__all__) == set(blocking.__all__)
    assert zmq.Again is blocking.Again
    assert issubclass(zmq.Context, blocking.Context)
    assert isinstance(context.socket(zmq.REQ), zmq.Socket)
    assert zmq.Context.instance() is not blocking.Context.instance()
    zmq.Context.instance().destroy()


def test_a_greenlet_that_receives_lets_others_run(pair: Any) -> None:
    first, second = pair
    turns = []

    def send() -> None:
        for number in range(3):
            gevent.sleep(0)
            turns.append(number)
        second.send_multipart([b"Hello", b"World"])

    assert both(gevent.spawn(first.recv_multipart), gevent.spawn(send))[0] == [b"Hello", b"World"]
    assert turns == [0, 1, 2]


def test_a_proxy_lets_others_run_until_the_context_ends(context: Any) -> None:
    frontend, backend, client, worker = map(
        context.socket, (zmq.ROUTER, zmq.DEALER, zmq.REQ, zmq.REP)
    )
    frontend.bind("inproc://frontend")
    backend.bind("inproc://backend")
    client.connect("inproc://frontend")
    worker.connect("inproc://backend")
    proxy = gevent.spawn(zmq.proxy, frontend, backend)

    def ask(number: int) -> bytes:
        client.send(b"%d" % number)
        return bytes(client.recv())

    def answer() -> None:
        worker.send(worker.recv() + b"!")

    for number in range(3):
        assert both(gevent.spawn(ask, number), gevent.spawn(answer)) == [b"%d!" % number, None]
    context.destroy(0)
    with pytest.raises(zmq.ContextTerminated):
        both(proxy)


def test_greenlets_talk_for_long(pair: Any) -> None:
    first, second = pair

    def serve() -> None:
        while (message := first.recv_multipart()) != [b"end"]:
            first.send_multipart(message)

    def ask() -> None:
        for number in range(1000):
            second.send(b"%d" % number)
            assert second.recv() == b"%d" % number
        second.send(b"end")

    both(gevent.spawn(serve), gevent.spawn(ask))


def test_a_sender_waits_for_room_and_a_receiver_takes_turns_with_it(context: Any) -> None:
    push, pull = context.socket(zmq.PUSH, sndhwm=10), context.socket(zmq.PULL, rcvhwm=10)
    pull.bind("inproc://room")
    push.connect("inproc://room")

    def send() -> None:
        for number in range(2000):
            push.send(b"%d" % number)

    received = both(
        gevent.spawn(lambda: [pull.recv() for _ in range(2000)]),
        gevent.spawn(send),
    )[0]
    assert received == [b"%d" % number for number in range(2000)]


def test_several_greenlets_wait_for_one_socket(pair: Any) -> None:
    first, second = pair
    waiting = [gevent.spawn(first.recv) for _ in range(5)]
    gevent.sleep(0)
    for number in range(5):
        second.send(b"%d" % number)
    assert sorted(both(*waiting)) == [b"0", b"1", b"2", b"3", b"4"]


def test_time_runs_out(pair: Any) -> None:
    first, _ = pair
    with pytest.raises(zmq.Again):
        first.recv(zmq.DONTWAIT)
    first.rcvtimeo = 30
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            gevent.sleep(0.005)

    ticker = gevent.spawn(tick)
    with pytest.raises(zmq.Again):
        first.recv()
    ticker.kill()
    assert ticks > 1
    assert first.poll(10) == 0


def test_closing_ends_what_waits(pair: Any) -> None:
    first, _ = pair
    waiting = gevent.spawn(first.recv)
    gevent.sleep(0)
    first.close()
    with pytest.raises(zmq.SocketClosed):
        waiting.get(timeout=PATIENCE)


def test_ending_the_context_ends_what_waits() -> None:
    context = zmq.Context()
    waiting = gevent.spawn(context.socket(zmq.REP).recv)
    gevent.sleep(0)
    context.term()
    with pytest.raises(zmq.ContextTerminated):
        waiting.get(timeout=PATIENCE)
    with pytest.raises(zmq.ContextTerminated):
        context.socket(zmq.REQ)


def test_ending_the_context_waits_for_messages_and_lets_others_run() -> None:
    context = zmq.Context()
    with blocking.Context() as others:
        receiver = others.socket(zmq.PULL, rcvtimeo=PATIENCE * 1000)
        receiver.bind("tcp://127.0.0.1:*")
        sender = context.socket(zmq.PUSH)
        sender.connect(receiver.last_endpoint)
        sender.send(b"last words")
        ended = gevent.spawn(context.term)
        gevent.sleep(0)
        assert receiver.recv() == b"last words"
        ended.get(timeout=PATIENCE)


def test_a_killed_greenlet_loses_no_message(pair: Any) -> None:
    first, second = pair
    waiting = gevent.spawn(first.recv)
    gevent.sleep(0)
    waiting.kill()
    second.send(b"kept")
    assert both(gevent.spawn(first.recv)) == [b"kept"]


def test_a_peer_comes_back_while_the_greenlets_sleep(context: Any) -> None:
    # The timer of the next attempt to connect is in gevent's loop.
    socket = context.socket(zmq.DEALER, reconnect_ivl=20)
    with blocking.Context() as others:
        peer = others.socket(zmq.DEALER)
        port = peer.bind_to_random_port("tcp://127.0.0.1")
        peer.close()
        socket.connect(f"tcp://127.0.0.1:{port}")
        peer = others.socket(zmq.DEALER, rcvtimeo=PATIENCE * 1000)
        peer.bind(f"tcp://127.0.0.1:{port}")
        waiting = gevent.spawn(socket.recv)
        gevent.get_hub().threadpool.spawn(peer.send, b"here")
        assert both(waiting) == [b"here"]


def test_pollers_and_select(pair: Any) -> None:
    first, second = pair
    read, write = os.pipe()
    poller = zmq.Poller()
    poller.register(first, zmq.POLLIN)
    poller.register(read, zmq.POLLIN)
    assert poller.poll(5) == []
    gevent.spawn_later(0.02, second.send, b"x")
    assert dict(poller.poll(PATIENCE * 1000)) == {first: zmq.POLLIN}
    first.recv()
    gevent.spawn_later(0.02, os.write, write, b"x")
    assert dict(poller.poll(PATIENCE * 1000)) == {read: zmq.POLLIN}
    os.read(read, 1)
    gevent.spawn_later(0.02, os.write, write, b"x")
    only_files = zmq.Poller()
    only_files.register(read, zmq.POLLIN)
    assert dict(only_files.poll(PATIENCE * 1000)) == {read: zmq.POLLIN}
    second.send(b"x")
    assert zmq.select([first], [second], [], PATIENCE)[1] == [second]
    assert zmq.zmq_poll([(first, zmq.POLLIN)], PATIENCE * 1000) == [(first, zmq.POLLIN)]
    with pytest.raises(TypeError), blocking.Context() as others:
        poller.register(others.socket(zmq.REP))
    for fd in (read, write):
        os.close(fd)


def test_a_descriptor_and_events(pair: Any) -> None:
    first, second = pair
    assert first.fileno() == first.FD
    assert not first.EVENTS & zmq.POLLIN
    second.send(b"x")
    while not first.EVENTS & zmq.POLLIN:
        gevent.sleep(0)
    assert first.recv() == b"x"


PROGRAM = """\
{before}
import antiphon.zmq.green as zmq
from tests.waiting import until
import antiphon.zmq as plain
import gevent
{after}
import threading

context = zmq.Context()
server, client = context.socket(zmq.REP), context.socket(zmq.REQ)
server.bind("tcp://127.0.0.1:*")
port = server.last_endpoint.decode().rpartition(":")[2]
client.connect("tcp://localhost:" + port)

def serve():
    server.send(server.recv().upper())

greenlet = gevent.spawn(serve)
client.send(b"green")
print(client.recv().decode())

# Sockets that block go on by themselves, in real threads, while greenlets compute.
with plain.Context() as blocking:
    push, pull = blocking.socket(plain.PUSH), blocking.socket(plain.PULL, rcvtimeo=20_000)
    pull.bind("tcp://127.0.0.1:*")
    push.connect(pull.last_endpoint)
    push.send(b"plain")
    print(pull.recv().decode())
context.destroy(0)
"""


@pytest.mark.parametrize("when", ["before", "after", "never"])
def test_programs_that_patch_everything(
    run_python: Callable[..., CompletedProcess[str]], when: str
) -> None:
    patch = "from gevent import monkey; monkey.patch_all()"
    code = PROGRAM.format(**{"before": "", "after": "", when: patch})
    done = run_python("-c", code)
    assert (done.stdout.split(), done.stderr) == (["GREEN", "plain"], "")


def test_threads_have_hubs_of_their_own() -> None:
    seen: list[bytes] = []

    def run() -> None:
        with zmq.Context() as context:
            first, second = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
            first.bind("inproc://thread")
            second.connect("inproc://thread")
            gevent.spawn_later(0.01, second.send, b"x")
            seen.append(first.recv())

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + PATIENCE
    while any(thread.is_alive() for thread in threads):
        assert time.monotonic() < deadline
        gevent.sleep(0)
    assert seen == [b"x"] * 3


def test_polling_sees_what_comes_though_something_is_ready_all_the_time(pair: Any) -> None:
    first, second = pair
    second.send(b"request")
    first.recv()
    poller = zmq.Poller()
    poller.register(first, zmq.POLLIN | zmq.POLLOUT)
    second.send(b"more")
    until(lambda: dict(poller.poll(0))[first] & zmq.POLLIN)
    assert first.recv() == b"more"
