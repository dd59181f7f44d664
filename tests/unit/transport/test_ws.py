"""ws: endpoints with paths, wildcard ports, who connects where."""

import asyncio
import socket
from collections.abc import Callable

import pytest

import antiphon.zmq as zmq
import antiphon.zmq.asyncio as azmq


def talk(server: zmq.Socket, client: zmq.Socket) -> None:
    client.send(b"question")
    assert server.recv() == b"question"
    server.send(b"answer")
    assert client.recv() == b"answer"


@pytest.mark.parametrize(
    ("bound", "start", "end"),
    [
        ("ws://127.0.0.1:*/path", "ws://127.0.0.1:", "/path"),
        ("ws://127.0.0.1:*/a/b?c=d", "ws://127.0.0.1:", "/a/b?c=d"),
        ("ws://127.0.0.1:0", "ws://127.0.0.1:", "/"),
        ("ws://*:*/", "ws://0.0.0.0:", "/"),
        ("wss://127.0.0.1:*/path", "wss://127.0.0.1:", "/path"),
    ],
)
def test_a_free_port_is_found_and_named_with_the_path(
    context: zmq.Context, bound: str, start: str, end: str
) -> None:
    server, client = context.socket(zmq.REP), context.socket(zmq.REQ)
    server.bind(bound)
    endpoint = server.last_endpoint.decode()
    assert endpoint.startswith(start)
    assert endpoint.removeprefix(start).partition("/")[2] == end[1:]
    client.connect(endpoint.replace("0.0.0.0", "127.0.0.1"))
    talk(server, client)
    server.unbind(endpoint)
    client.disconnect(client.last_endpoint)


def test_a_host_name_and_ipv6(context: zmq.Context) -> None:
    server = context.socket(zmq.REP, ipv6=True)
    server.bind("ws://*:*/x")
    port = server.last_endpoint.decode().rpartition("/")[0].rpartition(":")[2]
    for host in ("127.0.0.1", "[::1]", "localhost"):
        client = context.socket(zmq.REQ, ipv6=True)
        client.connect(f"ws://{host}:{port}/x")
        talk(server, client)


def test_a_port_in_use_says_so(context: zmq.Context) -> None:
    first = context.socket(zmq.REP)
    first.bind("ws://127.0.0.1:*")
    with pytest.raises(zmq.ZMQError, match="the port is in use"):
        context.socket(zmq.REP).bind(first.last_endpoint)


def test_has_tells_of_it() -> None:
    assert zmq.has("ws")
    assert zmq.has("wss")


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_it_runs_in_an_event_loop_too(scheme: str, pem: Callable[[str], bytes]) -> None:
    async def converse() -> None:
        context = azmq.Context()
        context.wss_key_pem = pem("server.key")
        context.wss_cert_pem = context.wss_trust_pem = pem("server.crt")
        server, client = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
        server.bind(f"{scheme}://127.0.0.1:*/loop")
        client.connect(server.last_endpoint)
        for size in (1, 100_000):
            await client.send(bytes(size))
            request = await server.recv_multipart()
            await server.send_multipart(request)
            assert await client.recv() == bytes(size)
        context.destroy(0)

    asyncio.run(asyncio.wait_for(converse(), 20))


def test_a_client_of_a_server_that_is_none_says_what_it_got(context: zmq.Context) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        client = context.socket(zmq.REQ)
        client.connect(f"ws://127.0.0.1:{listener.getsockname()[1]}/none")
        while not client.poll(1):
            try:
                accepted, _ = listener.accept()
            except TimeoutError:
                pytest.fail("nobody came")
            with accepted:
                accepted.settimeout(10)
                request = b""
                client.poll(10)
                while b"\r\n\r\n" not in request:
                    request += accepted.recv(4096)
                assert request.startswith(b"GET /none HTTP/1.1\r\nHost: 127.0.0.1:")
                accepted.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                while not client.stats().failures:
                    client.poll(10)
            break
    assert set(client.stats().failures) == {"upgrade-refused"}
