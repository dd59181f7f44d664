"""A call that would wait for a peer that will never come ends in an error that says so."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

import antiphon.zmq as zmq
import antiphon.zmq.asyncio as zmq_asyncio
from antiphon.errors import EACCES, EPROTO


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    context = zmq.Context()
    context.linger = 0
    context.rcvtimeo = context.sndtimeo = 20000
    yield context
    context.destroy(0)


@pytest.fixture
def server(context: zmq.Context) -> zmq.Socket:
    """Give a REP, to which no REP may connect."""
    server = context.socket(zmq.REP)
    server.bind("tcp://127.0.0.1:*")
    return server


def test_an_illegal_pair(context: zmq.Context, server: zmq.Socket) -> None:
    client = context.socket(zmq.REP)
    client.connect(server.last_endpoint)
    for _ in range(2):
        with pytest.raises(zmq.HandshakeError) as caught:
            client.recv()
        assert caught.value.errno == EPROTO
        assert caught.value.endpoint == server.last_endpoint.decode()
        assert "REP" in caught.value.detail
        assert not isinstance(caught.value, zmq.AuthenticationError)
    with pytest.raises(zmq.HandshakeError):
        client.recv(zmq.DONTWAIT)


def test_somebody_who_waits_already_is_told(context: zmq.Context, server: zmq.Socket) -> None:
    client = context.socket(zmq.REP)
    raised: list[BaseException] = []

    def wait() -> None:
        try:
            client.recv()
        except zmq.ZMQError as error:
            raised.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    client.connect(server.last_endpoint)
    thread.join(20)
    assert isinstance(raised[0], zmq.HandshakeError)


def test_a_new_endpoint_gives_hope(context: zmq.Context, server: zmq.Socket) -> None:
    client = context.socket(zmq.REP)
    client.connect(server.last_endpoint)
    with pytest.raises(zmq.HandshakeError):
        client.recv()
    client.bind("tcp://127.0.0.1:*")
    with pytest.raises(zmq.Again):
        client.recv(zmq.DONTWAIT)
    peer = context.socket(zmq.REQ)
    peer.connect(client.last_endpoint)
    peer.send(b"hello")
    assert client.recv() == b"hello"


def test_another_endpoint_keeps_hope_up(context: zmq.Context, server: zmq.Socket) -> None:
    client = context.socket(zmq.DEALER)
    good = context.socket(zmq.DEALER)
    good.bind("tcp://127.0.0.1:*")
    client.connect(good.last_endpoint)
    other = context.socket(zmq.REQ)
    other.bind("tcp://127.0.0.1:*")
    client.connect(other.last_endpoint)
    client.send(b"hello")
    client.send(b"hello")
    assert good.recv() == b"hello"
    with pytest.raises(zmq.Again):
        client.recv(zmq.DONTWAIT)


def test_a_mechanism_mismatch_may_be_mended(context: zmq.Context) -> None:
    """As with libzmq, the socket dials again: both sides count it."""
    server = context.socket(zmq.DEALER)
    server.plain_server = True
    server.bind("tcp://127.0.0.1:*")
    client = context.socket(zmq.DEALER)
    client.reconnect_ivl = 10
    client.connect(server.last_endpoint)
    client.rcvtimeo = 300
    with pytest.raises(zmq.Again):
        client.recv()
    assert client.stats().failures["mechanism-mismatch"] > 1
    assert server.stats().failures["mechanism-mismatch"] > 1


def test_asyncio() -> None:
    async def main() -> None:
        context = zmq_asyncio.Context()
        context.linger = 0
        server, client = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
        server.plain_server = True
        zap = context.socket(zmq.REP)
        zap.bind("inproc://zeromq.zap.01")
        server.bind("tcp://127.0.0.1:*")
        client.plain_username, client.plain_password = "me", "wrong"
        client.connect(server.last_endpoint)
        waiting = asyncio.ensure_future(client.recv())
        request = await zap.recv_multipart()
        await zap.send_multipart([b"1.0", request[1], b"400", b"no", b"", b""])
        with pytest.raises(zmq.AuthenticationError) as caught:
            await asyncio.wait_for(waiting, 20)
        assert caught.value.errno == EACCES
        assert "400" in str(caught.value)
        with pytest.raises(zmq.AuthenticationError):
            await client.send(b"x")
        context.destroy(0)

    asyncio.run(main())
