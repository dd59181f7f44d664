"""tcp: addresses, wildcard ports, options of the system, what cannot be bound."""

import errno
import socket
import struct

import pytest

import antiphon.zmq as zmq
from antiphon.endpoint import parse_endpoint
from antiphon.errors import EndpointError
from antiphon.options import SocketOptions
from antiphon.transport import tcp


def talk(server: zmq.Socket, client: zmq.Socket) -> None:
    client.send(b"question")
    assert server.recv() == b"question"
    server.send(b"answer")
    assert client.recv() == b"answer"


@pytest.mark.parametrize(
    ("bound", "named"),
    [
        ("tcp://127.0.0.1:*", "tcp://127.0.0.1:"),
        ("tcp://*:*", "tcp://0.0.0.0:"),
        ("tcp://127.0.0.1:0", "tcp://127.0.0.1:"),
        ("tcp://lo:*", "tcp://127.0.0.1:"),
    ],
)
def test_a_free_port_is_found_and_named(context: zmq.Context, bound: str, named: str) -> None:
    server, client = context.socket(zmq.REP), context.socket(zmq.REQ)
    server.bind(bound)
    assert server.last_endpoint.decode().startswith(named)
    client.connect(server.last_endpoint.decode().replace("0.0.0.0", "127.0.0.1"))
    talk(server, client)


def test_a_server_on_all_interfaces_takes_both_families(context: zmq.Context) -> None:
    server = context.socket(zmq.REP, ipv6=True)
    server.bind("tcp://*:*")
    port = server.last_endpoint.decode().rpartition(":")[2]
    for host in ("127.0.0.1", "[::1]", "localhost"):
        client = context.socket(zmq.REQ, ipv6=True)
        client.connect(f"tcp://{host}:{port}")
        talk(server, client)


def test_a_connection_comes_from_the_port_it_is_told(context: zmq.Context) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        client = context.socket(zmq.REQ)
        client.connect(f"tcp://127.0.0.1:{port};127.0.0.1:{listener.getsockname()[1]}")
        listener.settimeout(10)
        accepted, name = listener.accept()
        accepted.close()
        assert name == ("127.0.0.1", port)


@pytest.mark.parametrize(
    ("endpoint", "number", "advice"),
    [
        ("tcp://192.0.2.1:5555", errno.EADDRNOTAVAIL, "no interface"),
        ("tcp://nosuchif:5555", errno.ENODEV, "no address, interface or name"),
    ],
)
def test_what_cannot_be_bound_says_why(
    context: zmq.Context, endpoint: str, number: int, advice: str
) -> None:
    with pytest.raises(EndpointError, match=advice) as info:
        context.socket(zmq.REP).bind(endpoint)
    assert info.value.errno == number


def test_a_port_in_use_says_so(context: zmq.Context) -> None:
    first = context.socket(zmq.REP)
    first.bind("tcp://127.0.0.1:*")
    with pytest.raises(EndpointError, match="the port is in use") as info:
        context.socket(zmq.REP).bind(first.last_endpoint)
    assert info.value.errno == errno.EADDRINUSE


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_options_reach_the_system(family: int) -> None:
    options = SocketOptions()
    options.tos = 16
    options.priority = 3
    options.sndbuf = options.rcvbuf = 30_000
    options.tcp_keepalive = 1
    options.tcp_keepalive_cnt = 7
    options.tcp_keepalive_idle = 70
    options.tcp_keepalive_intvl = 17
    options.tcp_maxrt = 5000
    options.bindtodevice = b"lo"
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        tcp.tune(sock, options)
        service = (
            (socket.IPPROTO_IP, socket.IP_TOS)
            if family == socket.AF_INET
            else (socket.IPPROTO_IPV6, socket.IPV6_TCLASS)
        )
        assert sock.getsockopt(*service) == 16
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY) == 3
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) >= 30_000
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) >= 30_000
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == 7
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 70
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 17
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 5000
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)[:2] == b"lo"


def test_a_connection_to_itself_is_none(context: zmq.Context) -> None:
    """Dialling a free port of this machine can come back to its own end: that is no peer."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client = context.socket(zmq.REQ, reconnect_ivl=10)
    client.connect(f"tcp://127.0.0.1:{port};127.0.0.1:{port}")
    while not client.stats().failures:
        client.poll(10)
    assert set(client.stats().failures) == {"connect-failed"}


def test_a_reset_connection_is_counted_and_the_next_one_served(context: zmq.Context) -> None:
    server = context.socket(zmq.REP)
    server.bind("tcp://127.0.0.1:*")
    port = int(server.last_endpoint.decode().rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as hasty:
        hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client = context.socket(zmq.REQ)
    client.connect(server.last_endpoint)
    talk(server, client)


def test_only_numeric_hosts_need_no_lookup() -> None:
    assert tcp.numeric_addresses(parse_endpoint("tcp://localhost:1", bind=False)) == []
    assert tcp.numeric_addresses(parse_endpoint("tcp://[::1]:1", bind=False)) == [
        (socket.AF_INET6, ("::1", 1))
    ]
