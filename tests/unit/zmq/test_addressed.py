"""The thread-safe types at the front, blocking and on asyncio: ids and groups beside one frame."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import antiphon.zmq as zmq
import antiphon.zmq.asyncio as azmq
from antiphon.errors import OperationNotSupported
from tests.waiting import until

ANYWHERE = "tcp://127.0.0.1:*"
SINGLE = ("CLIENT", "SERVER", "PEER", "CHANNEL", "SCATTER", "RADIO")

Scenario = Callable[[azmq.Context], Awaitable[None]]


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    context = zmq.Context()
    context.linger = 0
    context.rcvtimeo = context.sndtimeo = 10_000
    yield context
    context.destroy(0)


def run(scenario: Scenario) -> None:
    async def limited(context: azmq.Context) -> None:
        await asyncio.wait_for(scenario(context), 30)

    with azmq.Context() as context:
        context.linger = 0
        asyncio.run(limited(context))
        context.destroy(0)


@pytest.fixture(params=["tcp", "ws", "ipc", "inproc"])
def endpoint(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give an endpoint to bind to."""
    names = {"ipc": f"ipc://{tmp_path}/first", "inproc": "inproc://first"}
    return names.get(request.param, f"{request.param}://127.0.0.1:*")


def connect(context: Any, binder: str, connector: str, endpoint: str = ANYWHERE) -> Any:
    first, second = (context.socket(getattr(zmq, kind)) for kind in (binder, connector))
    first.bind(endpoint)
    second.connect(first.last_endpoint)
    return first, second


def test_a_server_answers_by_the_routing_id_beside_a_frame(
    context: zmq.Context, endpoint: str
) -> None:
    server, client = connect(context, "SERVER", "CLIENT", endpoint)
    client.send(b"question")
    request = server.recv(copy=False)
    assert (request.bytes, request.more, request.group) == (b"question", False, "")
    assert request.routing_id > 0
    server.send(b"1", routing_id=request.routing_id)
    server.send_multipart([b"2"], routing_id=request.routing_id)
    server.send_json(3, routing_id=request.routing_id)
    server.send(request)
    server.send_multipart([request])
    assert [client.recv() for _ in range(5)] == [b"1", b"2", b"3", b"question", b"question"]
    client.send(request)
    assert server.recv() == b"question"
    assert not server.rcvmore


def test_a_message_is_its_body_however_it_is_received(context: zmq.Context) -> None:
    server, client = connect(context, "SERVER", "CLIENT")
    for number in range(5):
        client.send_string(str(number))
    assert server.recv() == b"0"
    assert server.recv_multipart() == [b"1"]
    [frame] = server.recv_multipart(copy=False)
    assert (frame.bytes, frame.routing_id > 0) == (b"2", True)
    assert server.recv_string() == "3"
    buffer = bytearray(3)
    assert server.recv_into(buffer) == 1
    assert buffer == b"4\0\0"


def test_whom_a_server_cannot_reach(context: zmq.Context) -> None:
    server, _ = connect(context, "SERVER", "CLIENT")
    for number in (None, 0, 4):
        with pytest.raises(zmq.HostUnreachable):
            server.send(b"x", routing_id=number)
    for number in (-1, 2**32):
        with pytest.raises(zmq.OptionError, match="routing_id"):
            server.send(b"x", routing_id=number)


@pytest.mark.parametrize("kind", SINGLE)
def test_one_frame_is_sent_at_a_time(context: zmq.Context, kind: str) -> None:
    """Z24."""
    socket = context.socket(getattr(zmq, kind))
    attempts: list[Callable[[], object]] = [
        lambda: socket.send(b"x", zmq.SNDMORE),
        lambda: socket.send_multipart([b"x"], zmq.SNDMORE),
        lambda: socket.send_multipart([b"x", b"y"]),
    ]
    for attempt in attempts:
        with pytest.raises(zmq.ZMQError) as caught:
            attempt()
        assert caught.value.errno == zmq.EINVAL


def test_ids_and_groups_are_refused_where_they_are_not(context: zmq.Context) -> None:
    for kind in ("CLIENT", "RADIO", "DEALER"):
        with pytest.raises(ValueError, match="routing_id is for SERVER and PEER"):
            context.socket(getattr(zmq, kind)).send(b"x", routing_id=1)
    for kind in ("SERVER", "SCATTER", "PUB"):
        with pytest.raises(ValueError, match="group is for RADIO"):
            context.socket(getattr(zmq, kind)).send(b"x", group="news")


def test_a_dish_hears_its_groups(context: zmq.Context, endpoint: str) -> None:
    radio, dish = connect(context, "RADIO", "DISH", endpoint)
    dish.join("news")
    dish.join(b"\xff")
    dish.join("")
    until(lambda: radio.topics_count == 3)
    for group in ("new", "newsletter", "news"):
        radio.send(group.encode(), group=group)
    heard = dish.recv(copy=False)
    assert (heard.bytes, heard.group, heard.more, heard.routing_id) == (b"news", "news", False, 0)
    radio.send(heard)
    assert dish.recv_multipart() == [b"news"]
    radio.send(b"to all without a group")
    assert dish.recv(copy=False).group == ""
    odd = zmq.Frame(b"odd")
    odd.group = b"\xff".decode("utf-8", "surrogateescape")
    radio.send(odd)
    [heard] = dish.recv_multipart(copy=False)
    assert (heard.bytes, heard.group) == (b"odd", odd.group)
    dish.leave("news")
    until(lambda: radio.topics_count == 2)
    radio.send(b"nobody", group="news")
    radio.send(b"last")
    assert dish.recv() == b"last"


def test_a_group_is_joined_while_the_program_does_nothing_else(context: zmq.Context) -> None:
    with zmq.Context() as elsewhere:
        radio, dish = context.socket(zmq.RADIO), elsewhere.socket(zmq.DISH)
        radio.bind(ANYWHERE)
        dish.connect(radio.last_endpoint)
        until(lambda: [peer for peer in dish.peers() if peer.connected])
        until(lambda: elsewhere._host._caretaker.runs)
        dish.join("news")
        until(lambda: radio.topics_count)


def test_groups_that_cannot_be(context: zmq.Context) -> None:
    dish, radio = context.socket(zmq.DISH), context.socket(zmq.RADIO)
    dish.join("g" * 255)
    for call, group in ((dish.join, "g" * 255), (dish.join, "g" * 256), (dish.leave, "news")):
        with pytest.raises(zmq.OptionError) as caught:
            call(group)
        assert caught.value.errno == zmq.EINVAL
    with pytest.raises(zmq.OptionError):
        radio.send(b"x", group="g" * 256)
    with pytest.raises(TypeError):
        dish.join(5)  # type: ignore[arg-type]
    for change in (radio.join, context.socket(zmq.SUB).leave):
        with pytest.raises(OperationNotSupported):
            change("news")
    with pytest.raises(OperationNotSupported):
        dish.send(b"x")
    with pytest.raises(OperationNotSupported):
        radio.recv()
    dish.close()
    with pytest.raises(zmq.SocketClosed):
        dish.join("news")


def test_a_peer_knows_whom_it_connects_to(context: zmq.Context, endpoint: str) -> None:
    first, second = context.socket(zmq.PEER), context.socket(zmq.PEER)
    second.bind(endpoint)
    number = first.connect_peer(second.last_endpoint)
    first.send(b"hello", routing_id=number)
    hello = second.recv(copy=False)
    second.send(b"welcome", routing_id=hello.routing_id)
    welcome = first.recv(copy=False)
    assert (welcome.bytes, welcome.routing_id) == (b"welcome", number)
    first.disconnect_peer(number)
    assert first.peers() == []
    until(lambda: second.peers() == [])
    with pytest.raises(zmq.HostUnreachable):
        first.disconnect_peer(number)
    with pytest.raises(zmq.HostUnreachable):
        first.send(welcome)


def test_a_peer_sends_before_the_other_is_there_and_gives_it_up(context: zmq.Context) -> None:
    for endpoint in ("tcp://127.0.0.1:1", "inproc://nobody"):
        peer = context.socket(zmq.PEER)
        number = peer.connect_peer(endpoint)
        peer.send(b"early", routing_id=number)
        peer.disconnect_peer(number)
        assert peer.peers() == []
        assert sum(peer.stats().drops.values()) == 1


def test_a_peer_closes_a_connection_that_it_has_accepted(
    context: zmq.Context, endpoint: str
) -> None:
    first, second = context.socket(zmq.PEER), context.socket(zmq.PEER, reconnect_ivl=-1)
    first.bind(endpoint)
    second.send(b"hello", routing_id=second.connect_peer(first.last_endpoint))
    hello = first.recv(copy=False)
    first.disconnect_peer(hello.routing_id)
    until(lambda: first.peers() == [])
    for number in (0, -1, 2**32, hello.routing_id):
        with pytest.raises(zmq.HostUnreachable):
            first.disconnect_peer(number)


def test_peers_are_numbered_by_a_peer_only(context: zmq.Context) -> None:
    for kind in (zmq.SERVER, zmq.ROUTER):
        socket = context.socket(kind)
        with pytest.raises(OperationNotSupported):
            socket.connect_peer(ANYWHERE)
        with pytest.raises(OperationNotSupported):
            socket.disconnect_peer(1)
    with pytest.raises(zmq.OptionError, match="IMMEDIATE"):
        context.socket(zmq.PEER, immediate=1).connect_peer("tcp://127.0.0.1:1")


def test_a_second_socket_on_the_same_one_has_ids_too(context: zmq.Context) -> None:
    server, client = connect(context, "SERVER", "CLIENT")
    shadow = zmq.Socket.shadow(server)
    client.send(b"x")
    assert shadow.recv(copy=False).routing_id > 0


def test_a_message_is_passed_on_with_its_group(context: zmq.Context) -> None:
    radio, ear = connect(context, "RADIO", "DISH")
    mouth, dish = connect(context, "RADIO", "DISH")
    ear.join("news")
    dish.join("news")
    until(lambda: radio.topics_count == mouth.topics_count == 1)
    radio.send(b"x", group="news")
    mouth.send(ear.recv(copy=False))
    assert dish.recv(copy=False).group == "news"


def test_a_server_and_a_client_on_asyncio() -> None:
    async def scenario(context: azmq.Context) -> None:
        server, client = connect(context, "SERVER", "CLIENT")
        await client.send(b"question")
        request = await server.recv(copy=False)
        await server.send(b"1", routing_id=request.routing_id)
        await server.send_multipart([b"2"], routing_id=request.routing_id)
        await server.send_json(3, routing_id=request.routing_id)
        await server.send(request)
        assert await client.recv() == b"1"
        assert await client.recv_multipart() == [b"2"]
        assert await client.recv_json() == 3
        assert await client.recv() == b"question"
        for number in range(3):
            await client.send_string(str(number))
        assert await server.recv() == b"0"
        assert await server.recv_multipart() == [b"1"]
        [frame] = await server.recv_multipart(copy=False)
        assert (frame.bytes, frame.routing_id) == (b"2", request.routing_id)
        with pytest.raises(zmq.HostUnreachable):
            await server.send(b"nobody")
        with pytest.raises(zmq.ZMQError, match="no SNDMORE"):
            await client.send(b"x", zmq.SNDMORE)
        with pytest.raises(zmq.ZMQError, match="one frame at a time"):
            await client.send_multipart([b"x", b"y"])
        with pytest.raises(ValueError, match="routing_id"):
            await client.send(b"x", routing_id=1)

    run(scenario)


def test_a_radio_and_a_dish_on_asyncio() -> None:
    async def scenario(context: azmq.Context) -> None:
        radio, dish = connect(context, "RADIO", "DISH")
        dish.join("news")
        while not radio.topics_count:
            await radio.poll(1, 0)
        for group in ("new", "news"):
            await radio.send(group.encode(), group=group)
        heard = await dish.recv(copy=False)
        assert (heard.bytes, heard.group) == (b"news", "news")
        await radio.send_multipart([heard])
        assert await dish.recv_multipart() == [b"news"]
        dish.leave("news")
        with pytest.raises(zmq.OptionError):
            dish.leave("news")

    run(scenario)


def test_peers_on_asyncio() -> None:
    async def scenario(context: azmq.Context) -> None:
        first, second = context.socket(zmq.PEER), context.socket(zmq.PEER)
        second.bind(ANYWHERE)
        number = first.connect_peer(second.last_endpoint)
        await first.send(b"hello", routing_id=number)
        await second.send(await second.recv(copy=False))
        assert (await first.recv(copy=False)).routing_id == number
        first.disconnect_peer(number)
        with pytest.raises(zmq.HostUnreachable):
            await first.send(b"x", routing_id=number)

    run(scenario)
