"""STREAM: bare TCP peers, libzmq's STREAM, and libzmq's own greeting seen through ours."""

import pytest

import antiphon.zmq as zmq

from .peers import Socket, Sockets, endpoint_of
from .raw import NULL_GREETING, RawListener, RawPeer, message, ready

pytestmark = pytest.mark.timeout(30)


def collect(stream: Socket, size: int) -> tuple[bytes, bytes]:
    """Receive data of one connection until there is as much as ``size``; returns its id, too."""
    routing_id, data = b"", b""
    while len(data) < size:
        routing_id, chunk = stream.recv_multipart()
        data += chunk
    return routing_id, data


def test_a_web_server_in_a_few_lines(sockets: Sockets) -> None:
    """A connection is told of, its data comes as it is, and an empty frame closes it."""
    stream = sockets.subject("STREAM")
    stream.bind("tcp://127.0.0.1:*")
    for _ in range(3):
        with RawPeer.dial(endpoint_of(stream)) as raw:
            routing_id, notice = stream.recv_multipart()
            assert (len(routing_id), notice) == (5, b"")
            raw.send(b"GET / HTTP/1.0\r\n\r\n")
            assert collect(stream, 18) == (routing_id, b"GET / HTTP/1.0\r\n\r\n")
            stream.send_multipart([routing_id, b"HTTP/1.0 200 OK\r\n\r\n"])
            stream.send_multipart([routing_id, bytes(1_000_000)])
            stream.send_multipart([routing_id, b""])
            assert raw.read_to_end() == b"HTTP/1.0 200 OK\r\n\r\n" + bytes(1_000_000)


def test_what_a_peer_sends_before_it_closes_arrives(sockets: Sockets) -> None:
    """However late the application looks: data, then the notice of the end."""
    stream = sockets.subject("STREAM")
    stream.bind("tcp://127.0.0.1:*")
    with RawPeer.dial(endpoint_of(stream)) as raw:
        raw.send(b"x" * 8193)
    assert isinstance(stream, zmq.Socket)
    routing_id, notice = stream.recv_multipart()
    assert notice == b""
    assert collect(stream, 8193) == (routing_id, b"x" * 8193)
    assert stream.recv_multipart() == [routing_id, b""]


@pytest.mark.parametrize("we_bind", [True, False])
def test_stream_to_stream(sockets: Sockets, we_bind: bool) -> None:
    """test_stream of libzmq, with either side ours."""
    make_server, make_client = sockets.subject, sockets.peer
    if not we_bind:
        make_server, make_client = make_client, make_server
    server, client = make_server("STREAM"), make_client("STREAM", CONNECT_ROUTING_ID=b"server")
    server.bind("tcp://127.0.0.1:*")
    client.connect(endpoint_of(server))
    assert client.recv_multipart() == [b"server", b""]
    client_id, notice = server.recv_multipart()
    assert notice == b""
    client.send_multipart([b"server", b"hello"])
    assert collect(server, 5) == (client_id, b"hello")
    server.send_multipart([client_id, b"world" * 5000])
    assert collect(client, 25000) == (b"server", b"world" * 5000)
    server.send_multipart([client_id, b""])
    while not client.poll(1):
        server.poll(1)  # libzmq closes it only while its socket is used
    assert client.recv_multipart() == [b"server", b""]


def test_a_connection_that_this_side_has_closed_is_not_made_again(sockets: Sockets) -> None:
    """The endpoint that was connected is given up with it."""
    with RawListener() as listener:
        stream = sockets.subject("STREAM", CONNECT_ROUTING_ID=b"peer")
        stream.connect(listener.endpoint)
        with listener.accept() as raw:
            assert stream.recv_multipart() == [b"peer", b""]
            stream.send_multipart([b"peer", b"bye"])
            stream.send_multipart([b"peer", b""])
            assert raw.read_to_end() == b"bye"
        assert isinstance(stream, zmq.Socket)
        assert stream.peers() == []
        with pytest.raises(zmq.ZMQError) as caught:
            stream.send_multipart([b"peer", b"?"])
        assert caught.value.errno == zmq.EHOSTUNREACH


def test_speaking_zmtp_by_hand_to_a_dealer(sockets: Sockets) -> None:
    """test_stream_to_dealer of libzmq: greeting, READY and a long frame through ours."""
    stream, dealer = sockets.subject("STREAM"), sockets.peer("DEALER")
    stream.bind("tcp://127.0.0.1:*")
    dealer.connect(endpoint_of(stream))
    dealer.send(b"Hello")
    routing_id, _ = stream.recv_multipart()
    stream.send_multipart([routing_id, NULL_GREETING + ready(b"ROUTER")])
    hello = message([b"Hello"])
    # libzmq's DEALER always announces an Identity.
    expected = ready(b"DEALER", b"") + hello
    _, data = collect(stream, 64 + len(expected))
    assert data[:1] + data[9:12] + data[12:16] == b"\xff\x7f\x03\x01NULL"
    assert data[64:] == expected
    stream.send_multipart([routing_id, message([b"World" * 12800])])
    assert dealer.recv() == b"World" * 12800
