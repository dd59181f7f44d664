"""Monitors of both stacks at the two ends of one connection: the same events in the same order."""

import contextlib
import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import zmq as libzmq
from zmq.utils.monitor import parse_monitor_message

import antiphon.zmq as subject

from .peers import PATIENCE_MS, Sockets, endpoint_of
from .raw import NULL_GREETING, RawPeer, command, greeting, message, ready

pytestmark = pytest.mark.timeout(30)

ANYWHERE = "tcp://127.0.0.1:*"
UNSPECIFIED = int(libzmq.PROTOCOL_ERROR_ZMTP_UNSPECIFIED)


class Told(NamedTuple):
    """What a monitor has said."""

    name: str
    value: int
    endpoint: str


class Watched:
    """A socket of one of the stacks, and its monitor."""

    def __init__(self, sockets: Sockets, stack: str, kind: str, **options: int | bytes) -> None:
        self.socket: Any = getattr(sockets, stack)(kind, **options)
        self.monitor: Any = sockets.monitor(self.socket)

    def next(self) -> Told:
        """Return the next event, as pyzmq reads it whichever stack it is from."""
        told = parse_monitor_message(self.monitor.recv_multipart())
        event = libzmq.Event(told["event"])
        return Told(str(event.name), int(told["value"]), told["endpoint"].decode())

    def until(self, name: str) -> list[Told]:
        """Return the events up to one of that name."""
        found = [self.next()]
        while found[-1].name != name:
            found.append(self.next())
        return found

    def names_until(self, name: str) -> list[str]:
        return [told.name for told in self.until(name)]


stacks = pytest.mark.parametrize("client_stack", ["subject", "peer"])
servers = pytest.mark.parametrize("server_stack", ["subject", "peer"])


@pytest.fixture(params=["tcp", "ipc"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give an address to bind; connecting by ipc is never delayed."""
    return ANYWHERE if request.param == "tcp" else f"ipc://{tmp_path}/socket"


def dialing(address: str) -> list[str]:
    """Return the names of the first events of a connecting socket."""
    delayed = [] if address.startswith("ipc") else ["CONNECT_DELAYED"]
    return [*delayed, "CONNECTED", "HANDSHAKE_SUCCEEDED"]


@stacks
@servers
def test_a_connection_that_the_client_closes(
    sockets: Sockets, client_stack: str, server_stack: str, address: str
) -> None:
    server = Watched(sockets, server_stack, "ROUTER")
    client = Watched(sockets, client_stack, "DEALER")
    server.socket.bind(address)
    endpoint = endpoint_of(server.socket)
    client.socket.connect(endpoint)
    dialed, bound = client.until("HANDSHAKE_SUCCEEDED"), server.until("HANDSHAKE_SUCCEEDED")
    assert [told.name for told in dialed] == dialing(address)
    assert [told.name for told in bound] == ["LISTENING", "ACCEPTED", "HANDSHAKE_SUCCEEDED"]
    assert {told.endpoint for told in dialed + bound} == {endpoint}
    for told in dialed + bound:
        if told.name in ("CONNECTED", "LISTENING", "ACCEPTED"):
            os.fstat(told.value)  # raises for what is no descriptor
        if told.name == "CONNECT_DELAYED":
            assert told.value == libzmq.EINPROGRESS
    client.socket.close()
    assert client.next() == Told("MONITOR_STOPPED", 0, "")
    gone = server.next()
    assert gone == Told("DISCONNECTED", bound[1].value, endpoint)
    server.socket.close()
    assert server.next() == Told("CLOSED", bound[0].value, endpoint)
    assert server.next() == Told("MONITOR_STOPPED", 0, "")


@stacks
@servers
def test_a_connection_that_the_server_closes_and_has_again(
    sockets: Sockets, client_stack: str, server_stack: str, address: str
) -> None:
    server = Watched(sockets, server_stack, "ROUTER")
    client = Watched(sockets, client_stack, "DEALER", RECONNECT_IVL=20)
    server.socket.bind(address)
    endpoint = endpoint_of(server.socket)
    client.socket.connect(endpoint)
    server.until("HANDSHAKE_SUCCEEDED")
    client.until("HANDSHAKE_SUCCEEDED")
    server.socket.close()
    assert server.names_until("MONITOR_STOPPED") == ["CLOSED", "MONITOR_STOPPED"]
    attempt = [*dialing(address)[:-2], "CLOSED", "CONNECT_RETRIED"]
    told = [client.next() for _ in range(2 + 2 * len(attempt))]
    assert [each.name for each in told] == [
        "DISCONNECTED",
        "CONNECT_RETRIED",
        *attempt,
        *attempt,
    ]
    assert {each.endpoint for each in told} == {endpoint}
    assert all(20 <= each.value < 40 for each in told if each.name == "CONNECT_RETRIED")
    other = Watched(sockets, server_stack, "ROUTER")
    other.socket.bind(endpoint)
    names = client.names_until("HANDSHAKE_SUCCEEDED")
    assert names[-len(dialing(address)) :] == dialing(address)


@stacks
@servers
def test_a_monitor_can_be_taken_away_and_had_again(
    sockets: Sockets, client_stack: str, server_stack: str
) -> None:
    server = Watched(sockets, server_stack, "ROUTER")
    server.socket.disable_monitor()
    assert server.next() == Told("MONITOR_STOPPED", 0, "")
    server.socket.bind(ANYWHERE)
    client = Watched(sockets, client_stack, "DEALER")
    client.socket.monitor(None, 0)
    assert client.next() == Told("MONITOR_STOPPED", 0, "")
    # libzmq may still have the last one's address.
    again = client.socket.get_monitor_socket(libzmq.EVENT_HANDSHAKE_SUCCEEDED, "inproc://again")
    again.close()
    client.socket.disable_monitor()
    client.monitor = client.socket.get_monitor_socket(libzmq.EVENT_CONNECTED, "inproc://last")
    client.monitor.setsockopt(libzmq.RCVTIMEO, PATIENCE_MS)
    client.socket.connect(endpoint_of(server.socket))
    assert client.next().name == "CONNECTED"
    client.monitor.close()


class Stranger(NamedTuple):
    """What a peer of a bound socket does, and what the monitors of both stacks say of it."""

    name: str
    data: bytes
    libzmq: list[tuple[str, int]]
    subject: list[tuple[str, int]]
    hangs_up: bool = False

    def __str__(self) -> str:
        return self.name


PROTOCOL, NO_DETAIL = "HANDSHAKE_FAILED_PROTOCOL", "HANDSHAKE_FAILED_NO_DETAIL"
GONE = ("DISCONNECTED", 0)
RESET = (NO_DETAIL, libzmq.ECONNRESET)


def alike(name: str, data: bytes, told: tuple[str, int], *, hangs_up: bool = False) -> Stranger:
    return Stranger(name, data, [told, GONE], [told, GONE], hangs_up)


def protocol(code: int) -> tuple[str, int]:
    return PROTOCOL, int(code)


STRANGERS = (
    # The same from both.
    alike("silent", b"", RESET, hangs_up=True),
    alike("greets-and-goes", NULL_GREETING, RESET, hangs_up=True),
    alike(
        "other-mechanism",
        greeting(b"PLAIN"),
        protocol(libzmq.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH),
    ),
    alike(
        "other-command",
        NULL_GREETING + command(b"FOO", b""),
        protocol(libzmq.PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND),
    ),
    alike(
        "early-message",
        NULL_GREETING + message([b"abc"]),
        protocol(libzmq.PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND),
    ),
    # Where we say more: libzmq gives no reason for these.
    Stranger(
        "illegal-pair",
        NULL_GREETING + ready(b"PUB"),
        libzmq=[GONE],
        subject=[protocol(libzmq.PROTOCOL_ERROR_ZMTP_INVALID_METADATA), GONE],
    ),
    Stranger(
        "cut-metadata",
        NULL_GREETING + command(b"READY", b"\x05ab"),
        libzmq=[GONE],
        subject=[protocol(libzmq.PROTOCOL_ERROR_ZMTP_INVALID_METADATA), GONE],
    ),
    # libzmq takes strangers for peers of ZMTP 1.0, and waits for more.
    Stranger(
        "http",
        b"GET / HTTP/1.0\r\n\r\n" + bytes(40),
        libzmq=[],
        subject=[protocol(UNSPECIFIED), GONE],
    ),
    # libzmq leaves such a connection open; we have no use for it.
    Stranger(
        "refuses-us",
        NULL_GREETING + command(b"ERROR", b"\x03400"),
        libzmq=[("HANDSHAKE_FAILED_AUTH", 400)],
        subject=[("HANDSHAKE_FAILED_AUTH", 400), GONE],
    ),
)


def value_of(told: Told) -> int:
    """Return what is the same whichever descriptor it was, and whatever went first on the wire."""
    if told.name == "DISCONNECTED":
        return 0
    return libzmq.ECONNRESET if told.value == errno.EPIPE else told.value


@pytest.mark.parametrize("stack", ["subject", "peer"])
@pytest.mark.parametrize("stranger", STRANGERS, ids=str)
def test_strangers(sockets: Sockets, stack: str, stranger: Stranger) -> None:
    server = Watched(sockets, stack, "ROUTER")
    server.socket.bind(ANYWHERE)
    listening = server.next()
    wanted = stranger.subject if stack == "subject" else stranger.libzmq
    with RawPeer.dial(listening.endpoint) as peer:
        accepted = server.next()
        assert accepted.name == "ACCEPTED"
        peer.send(stranger.data)
        if stranger.hangs_up:
            peer.close()
        found = [server.next() for _ in wanted]
    assert [(told.name, value_of(told)) for told in found] == wanted
    assert {told.endpoint for told in found} <= {listening.endpoint}


@pytest.mark.parametrize(
    ("stack", "value"), [("peer", libzmq.EAGAIN), ("subject", libzmq.ETIMEDOUT)]
)
def test_a_handshake_that_takes_too_long(sockets: Sockets, stack: str, value: int) -> None:
    """libzmq gives whatever number was there before."""
    server = Watched(sockets, stack, "ROUTER", HANDSHAKE_IVL=50)
    server.socket.bind(ANYWHERE)
    with RawPeer.dial(server.next().endpoint):
        server.next()
        failed, gone = server.next(), server.next()
    assert (failed.name, failed.value, gone.name) == (NO_DETAIL, value, "DISCONNECTED")


@contextlib.contextmanager
def zap_handler(sockets: Sockets, stack: str, status: bytes) -> Iterator[None]:
    """Answer the questions of a stack's sockets with a status."""
    handler: Any = getattr(sockets, stack)("REP")
    handler.bind("inproc://zeromq.zap.01")
    over = threading.Event()

    def answer() -> None:
        while not over.is_set():
            if handler.poll(20):
                _, request_id, *_ = handler.recv_multipart()
                handler.send_multipart([b"1.0", request_id, status, b"", b"somebody", b""])

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def curve(sockets: Sockets, server_stack: str, client_stack: str, *, right_key: bool) -> Any:
    """Return a CURVE server and a client that knows its key, or does not."""
    public, secret = libzmq.curve_keypair()
    other, _ = libzmq.curve_keypair()
    own_public, own_secret = libzmq.curve_keypair()
    server = Watched(
        sockets,
        server_stack,
        "ROUTER",
        CURVE_SERVER=1,
        CURVE_PUBLICKEY=public,
        CURVE_SECRETKEY=secret,
    )
    client = Watched(
        sockets,
        client_stack,
        "DEALER",
        CURVE_SERVERKEY=public if right_key else other,
        CURVE_PUBLICKEY=own_public,
        CURVE_SECRETKEY=own_secret,
    )
    return server, client


def outcome(watched: Watched) -> tuple[str, int]:
    """Return the first event after the connection was there."""
    told = watched.next()
    while told.name in ("LISTENING", "ACCEPTED", "CONNECT_DELAYED", "CONNECTED"):
        told = watched.next()
    return told.name, value_of(told)


@stacks
@servers
@pytest.mark.parametrize(
    ("status", "at_server", "at_client"),
    [
        (b"200", ("HANDSHAKE_SUCCEEDED", 0), ("HANDSHAKE_SUCCEEDED", 0)),
        (b"400", ("HANDSHAKE_FAILED_AUTH", 400), ("HANDSHAKE_FAILED_AUTH", 400)),
        (b"500", ("HANDSHAKE_FAILED_AUTH", 500), ("HANDSHAKE_FAILED_AUTH", 500)),
        (b"wrong", protocol(libzmq.PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE), RESET),
    ],
)
def test_what_a_zap_handler_says(
    sockets: Sockets,
    client_stack: str,
    server_stack: str,
    status: bytes,
    at_server: tuple[str, int],
    at_client: tuple[str, int],
) -> None:
    with zap_handler(sockets, server_stack, status):
        server, client = curve(sockets, server_stack, client_stack, right_key=True)
        server.socket.bind(ANYWHERE)
        client.socket.connect(endpoint_of(server.socket))
        assert outcome(server) == at_server
        assert outcome(client) == at_client
        if status == b"200" and server_stack == "subject":
            (peer,) = server.socket.peers()
            assert (peer.mechanism, peer.user_id) == ("CURVE", "somebody")


@stacks
@servers
def test_a_key_that_is_not_the_servers(
    sockets: Sockets, client_stack: str, server_stack: str
) -> None:
    server, client = curve(sockets, server_stack, client_stack, right_key=False)
    server.socket.bind(ANYWHERE)
    client.socket.connect(endpoint_of(server.socket))
    assert outcome(server) == protocol(libzmq.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC)
    assert outcome(client) == RESET


@stacks
@servers
def test_plain_without_a_handler(sockets: Sockets, client_stack: str, server_stack: str) -> None:
    server = Watched(sockets, server_stack, "ROUTER", PLAIN_SERVER=1)
    client = Watched(sockets, client_stack, "DEALER", PLAIN_USERNAME=b"u", PLAIN_PASSWORD=b"secret")
    server.socket.bind(ANYWHERE)
    client.socket.connect(endpoint_of(server.socket))
    assert outcome(server) == (NO_DETAIL, errno.EFAULT)


@pytest.mark.parametrize("stack", ["subject", "peer"])
def test_an_address_in_use(sockets: Sockets, stack: str) -> None:
    """libzmq first tells of the descriptor that it has closed, and leaves out the scheme."""
    first, second = sockets.peer("ROUTER"), Watched(sockets, stack, "ROUTER")
    first.bind(ANYWHERE)
    endpoint = endpoint_of(first)
    with pytest.raises((libzmq.ZMQError, subject.ZMQError)):
        second.socket.bind(endpoint)
    found = second.until("BIND_FAILED")
    assert [told.name for told in found[:-1]] == ([] if stack == "subject" else ["CLOSED"])
    assert found[-1].value == libzmq.EADDRINUSE
    assert found[-1].endpoint.removeprefix("tcp://") == endpoint.removeprefix("tcp://")


@pytest.mark.parametrize("stack", ["subject", "peer"])
@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("tcp://127.0.0.1:1", ["CONNECT_DELAYED", "CLOSED", "CONNECT_RETRIED"]),
        ("tcp://no-such-host.invalid:1", ["CONNECT_RETRIED", "CONNECT_RETRIED"]),
    ],
)
def test_an_endpoint_where_nobody_is(
    sockets: Sockets, stack: str, address: str, names: list[str]
) -> None:
    client = Watched(sockets, stack, "DEALER", RECONNECT_IVL=20)
    client.socket.connect(address)
    assert [client.next().name for _ in names] == names


def test_reconnecting_stops_where_it_is_told_to(sockets: Sockets) -> None:
    """A draft in libzmq 4.3.5, which pyzmq is built without."""
    client = Watched(sockets, "subject", "DEALER", RECONNECT_IVL=20)
    client.socket.reconnect_stop = subject.RECONNECT_STOP_CONN_REFUSED
    client.socket.connect("tcp://127.0.0.1:1")
    assert [client.next().name for _ in range(2)] == ["CONNECT_DELAYED", "CLOSED"]
    assert client.socket.peers() == []
    client.socket.close()
    assert client.next().name == "MONITOR_STOPPED"


@pytest.mark.parametrize("stack", ["subject", "peer"])
def test_a_program_that_ends_its_connections_itself_is_told_less(
    sockets: Sockets, stack: str
) -> None:
    """Neither stack tells of connections that the socket itself ends, but of listeners."""
    server = Watched(sockets, stack, "ROUTER")
    client = Watched(sockets, stack, "DEALER")
    server.socket.bind(ANYWHERE)
    endpoint = endpoint_of(server.socket)
    client.socket.connect(endpoint)
    client.until("HANDSHAKE_SUCCEEDED")
    server.until("HANDSHAKE_SUCCEEDED")
    client.socket.disconnect(endpoint)
    client.socket.close()
    assert client.next().name == "MONITOR_STOPPED"


@pytest.mark.parametrize("stack", ["subject", "peer"])
def test_what_a_monitor_refuses(sockets: Sockets, stack: str) -> None:
    socket: Any = getattr(sockets, stack)("ROUTER")
    errors: Any = (libzmq.ZMQError, subject.ZMQError)
    with pytest.raises(errors) as caught:
        socket.monitor("tcp://127.0.0.1:5555", libzmq.EVENT_ALL)
    assert caught.value.errno == libzmq.EPROTONOSUPPORT
    with pytest.raises(errors) as caught:
        socket.monitor("inproc://monitor", 1 << 16)
    assert caught.value.errno == libzmq.EINVAL
