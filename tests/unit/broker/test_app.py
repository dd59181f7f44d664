"""The broker with real sockets around it, in threads of this process."""

import threading
from collections.abc import Iterator

import pytest

import antiphon.zmq as zmq
from antiphon.broker import Broker
from antiphon.errors import EADDRINUSE, EndpointError

ANYWHERE = "tcp://127.0.0.1:*"


@pytest.fixture
def broker() -> Iterator[Broker]:
    broker = Broker(ANYWHERE, ANYWHERE)
    thread = threading.Thread(target=broker.run)
    thread.start()
    yield broker
    broker.stop()
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    context = zmq.Context()
    context.linger = 0
    context.rcvtimeo = context.sndtimeo = 10_000
    yield context
    context.destroy(0)


def make(context: zmq.Context, kind: int, endpoint: str) -> zmq.Socket:
    socket = context.socket(kind)
    socket.connect(endpoint)
    return socket


def test_a_request_and_its_reply(broker: Broker, context: zmq.Context) -> None:
    worker = make(context, zmq.REQ, broker.backend)
    worker.send(b"READY")
    client = make(context, zmq.REQ, broker.frontend)
    client.send_multipart([b"Hello", b"", b"World"])
    envelope = worker.recv_multipart()
    assert envelope[1:] == [b"", b"Hello", b"", b"World"]
    worker.send_multipart([*envelope[:2], b"OK"])
    assert client.recv_multipart() == [b"OK"]
    assert broker.stats().replies == 1


def test_clients_and_workers_over_websocket(context: zmq.Context) -> None:
    broker = Broker("ws://127.0.0.1:*/clients", "ws://127.0.0.1:*/workers")
    thread = threading.Thread(target=broker.run)
    thread.start()
    try:
        test_a_request_and_its_reply(broker, context)
        worker = make(context, zmq.REQ, broker.backend)
        worker.send(b"READY")
        client = make(context, zmq.REQ, broker.frontend)
        client.send(bytes(100_000))
        *envelope, body = worker.recv_multipart()
        assert body == bytes(100_000)
        worker.send_multipart([*envelope, body])
        assert client.recv() == body
    finally:
        broker.stop()
        thread.join(10)


def test_the_reply_for_a_client_that_left_is_counted(broker: Broker, context: zmq.Context) -> None:
    worker = make(context, zmq.REQ, broker.backend)
    worker.send(b"READY")
    client = make(context, zmq.REQ, broker.frontend)
    client.send(b"x")
    envelope = worker.recv_multipart()
    client.close(0)
    while broker.stats().clients:
        pass
    worker.send_multipart([*envelope[:2], b"OK"])
    while not broker.stats().dropped:
        pass
    assert broker.stats().dropped == {"client-gone": 1}


def test_a_worker_that_leaves_hands_its_request_on(broker: Broker, context: zmq.Context) -> None:
    first = make(context, zmq.REQ, broker.backend)
    first.send(b"READY")
    client = make(context, zmq.REQ, broker.frontend)
    client.send(b"x")
    first.recv_multipart()
    second = make(context, zmq.DEALER, broker.backend)
    second.send_multipart([b"", b"READY"])
    first.close(0)
    _, *envelope = second.recv_multipart()
    second.send_multipart([b"", *envelope[:2], b"by the second"])
    assert client.recv() == b"by the second"
    assert broker.stats().retried == 1


def test_drain_finishes_what_is_in_flight(context: zmq.Context) -> None:
    broker = Broker(ANYWHERE, ANYWHERE)
    outcomes: list[bool] = []
    thread = threading.Thread(target=lambda: outcomes.append(broker.run()))
    thread.start()
    worker = make(context, zmq.REQ, broker.backend)
    worker.send(b"READY")
    client = make(context, zmq.REQ, broker.frontend)
    client.send(b"x")
    envelope = worker.recv_multipart()
    broker.drain()
    worker.send_multipart([*envelope[:2], b"OK"])
    assert client.recv() == b"OK"
    thread.join(10)
    assert outcomes == [True]


def test_a_busy_port_raises_and_leaks_nothing(broker: Broker) -> None:
    with pytest.raises(EndpointError) as caught:
        Broker(ANYWHERE, broker.frontend)
    assert caught.value.errno == EADDRINUSE
