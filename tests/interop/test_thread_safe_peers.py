"""The thread-safe socket types with libzmq, which has them as drafts; pyzmq's libzmq does not."""

import os

import pytest

import antiphon.zmq as zmq

from .node_peers import NodeSocket
from .peers import PATIENCE_MS, Sockets, endpoint_of
from .programs import Programs

pytestmark = pytest.mark.timeout(60)

#: Both sides of where a frame's size needs more octets, and a long one.
SIZES = (0, 1, 255, 256, 65535, 1 << 20)

both_ways = pytest.mark.parametrize("subject_binds", [True, False], ids=["binds", "connects"])
both_carriers = pytest.mark.parametrize("carrier", ["tcp", "ws"])


def subject_of(sockets: Sockets, kind: str) -> zmq.Socket:
    subject = sockets.subject(kind)
    assert isinstance(subject, zmq.Socket)
    return subject


def meet(subject: zmq.Socket, peer: NodeSocket, carrier: str, subject_binds: bool) -> None:
    endpoint = f"{carrier}://127.0.0.1:*"
    if subject_binds:
        subject.bind(endpoint)
        peer.connect(endpoint_of(subject))
    else:
        subject.connect(peer.bind(endpoint))


@both_carriers
@both_ways
def test_a_server_and_clients_of_libzmq(
    sockets: Sockets, programs: Programs, subject_binds: bool, carrier: str
) -> None:
    server = subject_of(sockets, "SERVER")
    clients = [NodeSocket(programs, "libzmq", "CLIENT") for _ in range(2)]
    numbers = set()
    for client in clients:
        meet(server, client, carrier, subject_binds)
        for size in SIZES:
            body = os.urandom(size)
            client.send_multipart([body])
            request = server.recv(copy=False)
            assert request.bytes == body
            numbers.add(request.routing_id)
            server.send(body[::-1], routing_id=request.routing_id)
            assert client.recv_multipart() == [body[::-1]]
            server.send(request)
            assert client.recv_multipart() == [body]
    assert len(numbers) == len(clients)


@both_carriers
@both_ways
def test_a_client_and_a_server_of_libzmq(
    sockets: Sockets, programs: Programs, subject_binds: bool, carrier: str
) -> None:
    client = subject_of(sockets, "CLIENT")
    server = NodeSocket(programs, "libzmq", "SERVER")
    meet(client, server, carrier, subject_binds)
    for size in SIZES:
        body = os.urandom(size)
        client.send(body)
        number, request = server.recv_multipart()
        assert request == body
        server.send_multipart([number, body[::-1]])
        assert client.recv() == body[::-1]


@both_carriers
@both_ways
def test_a_radio_and_a_dish_of_libzmq(
    sockets: Sockets, programs: Programs, subject_binds: bool, carrier: str
) -> None:
    """RFC 48: what is joined before and after the connection, and what is left."""
    radio = subject_of(sockets, "RADIO")
    dish = NodeSocket(programs, "libzmq", "DISH")
    dish.join("early")
    meet(radio, dish, carrier, subject_binds)
    dish.join("l" * 255)
    await_groups(radio, dish, 2)
    for size in SIZES:
        body = os.urandom(size)
        for group in ("ear", "early!", "", "early", "l" * 255):
            radio.send(body, group=group)
        assert dish.recv_multipart() == [b"early", body]
        assert dish.recv_multipart() == [b"l" * 255, body]
    dish.leave("early")
    await_groups(radio, dish, 1)
    radio.send(b"nobody hears this", group="early")
    radio.send(b"last", group="l" * 255)
    assert dish.recv_multipart() == [b"l" * 255, b"last"]


def await_groups(radio: zmq.Socket, dish: NodeSocket, count: int) -> None:
    for _ in range(PATIENCE_MS // 10):
        if radio.topics_count == count:
            return
        dish.attend()
        radio.poll(10, 0)
    pytest.fail(f"the RADIO has {radio.topics_count} groups, not {count}")


@both_carriers
@both_ways
def test_a_dish_and_a_radio_of_libzmq(
    sockets: Sockets, programs: Programs, subject_binds: bool, carrier: str
) -> None:
    dish = subject_of(sockets, "DISH")
    radio = NodeSocket(programs, "libzmq", "RADIO")
    dish.join("early")
    meet(dish, radio, carrier, subject_binds)
    dish.join(b"l" * 255)
    for group in (b"early", b"l" * 255):
        await_member(dish, radio, group)
    for size in SIZES:
        body = os.urandom(size)
        for group in (b"ear", b"early!", b"early", b"l" * 255):
            radio.send_multipart([group, body])
        assert hear(dish) == ("early", body)
        assert hear(dish) == ("l" * 255, body)
    dish.leave("early")
    dish.join("next")
    await_member(dish, radio, b"next")
    radio.send_multipart([b"early", b"nobody hears this"])
    radio.send_multipart([b"next", b"last"])
    assert hear(dish) == ("next", b"last")
    assert not dish.stats().drops


def await_member(dish: zmq.Socket, radio: NodeSocket, group: bytes) -> None:
    """Let the RADIO send to a group until it knows that the DISH has joined it."""
    sent = 0
    while not dish.poll(20):
        radio.send_multipart([group, b"%d" % sent])
        sent += 1
    while dish.recv() != b"%d" % (sent - 1):
        pass


def hear(dish: zmq.Socket) -> tuple[str, bytes]:
    frame = dish.recv(copy=False)
    assert not frame.more
    return frame.group, frame.bytes


@both_carriers
@both_ways
@pytest.mark.parametrize("subject_scatters", [True, False])
def test_scatter_and_gather_with_libzmq(
    sockets: Sockets,
    programs: Programs,
    subject_scatters: bool,
    subject_binds: bool,
    carrier: str,
) -> None:
    subject = subject_of(sockets, "SCATTER" if subject_scatters else "GATHER")
    peer = NodeSocket(programs, "libzmq", "GATHER" if subject_scatters else "SCATTER")
    meet(subject, peer, carrier, subject_binds)
    source, sink = (subject, peer) if subject_scatters else (peer, subject)
    bodies = [os.urandom(size) for size in SIZES]
    for body in bodies:
        source.send_multipart([body])
    assert [sink.recv_multipart() for _ in bodies] == [[body] for body in bodies]
