"""What went wrong in libzmq, row by row, and must not go wrong here.

``pytest -k cve`` lists all; more stand in test_cve_mechanisms and beside what they concern.
"""

import errno
from collections.abc import Iterator

import pytest

import antiphon.zmq as zmq
from antiphon.constants import SocketType
from antiphon.testing import SimulatedSocket, World
from antiphon.wire.connection import CLOSED, NOTICED
from antiphon.wire.mechanism import Local, NullMechanism
from antiphon.wire.websocket import WebSocketConnection
from tests.interop.peers import Sockets, endpoint_of
from tests.interop.raw import (
    NULL_GREETING,
    RawListener,
    RawPeer,
    command,
    greeting,
    message,
    ready,
)
from tests.waiting import until

pytestmark = pytest.mark.timeout(20)

DEALER, ROUTER = SocketType.DEALER, SocketType.ROUTER


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    """Give a maker of sockets of both stacks, which closes them after the test."""
    with Sockets() as made:
        yield made


def failures(subject: object) -> dict[str, int]:
    """Return why connections of a socket under test have ended."""
    assert isinstance(subject, zmq.Socket)
    return subject.stats().failures


@pytest.mark.parametrize(
    "field",
    [b"PLAIN", b"CURVE", b"null", b"NUL", b"NULL2", b"NULL\0\0\0CURVE", b" NULL", b"\0NULL", b""],
)
@pytest.mark.parametrize("binds", [True, False])
def test_cve_2014_7202_the_mechanism_is_compared_as_a_whole(
    sockets: Sockets, field: bytes, binds: bool
) -> None:
    """Nobody in the middle talks a connection into another mechanism."""
    subject = sockets.subject("DEALER", RECONNECT_IVL=-1)
    said = greeting(field) + ready(b"DEALER", b"") + message([b"in"])
    with RawListener() as listener:
        if binds:
            subject.bind("tcp://127.0.0.1:*")
            peer = RawPeer.dial(endpoint_of(subject))
        else:
            subject.connect(listener.endpoint)
            peer = listener.accept()
        with peer:
            peer.try_send(said)
            assert peer.read_to_end() in (NULL_GREETING, b"")
    assert set(failures(subject)) < {"mechanism-mismatch", "bad-greeting", "connection-lost"}
    assert not subject.poll(0)


@pytest.mark.parametrize("size", [4094, 4095, 4096, 8191, 65526, 65527, 65536, 65537, 131072])
def test_cve_row_pr_1489_frames_around_the_size_of_a_buffer(sockets: Sockets, size: int) -> None:
    """A frame that ends where a read does, or just before or after, is the frame that was sent."""
    subject = sockets.subject("DEALER")
    subject.bind("tcp://127.0.0.1:*")
    body = bytes(range(251)) * (size // 251 + 1)
    with RawPeer.dial(endpoint_of(subject)) as peer:
        peer.shake_hands(b"DEALER", b"")
        for extra in range(3):
            peer.send(message([body[:size], body[:extra]]))
            assert subject.recv_multipart() == [body[:size], body[:extra]]


def test_cve_2019_13132_a_strangers_command_is_bounded(sockets: Sockets) -> None:
    """2 KiB of handshake are read, and of one byte more nothing but its size."""
    subject = sockets.subject("DEALER")
    subject.bind("tcp://127.0.0.1:*")
    longest = command(b"READY", bytes(2042))
    with RawPeer.dial(endpoint_of(subject)) as peer:
        peer.send(NULL_GREETING + longest)
        peer.read_to_end()
    assert failures(subject) == {"bad-metadata": 1}
    with RawPeer.dial(endpoint_of(subject)) as peer:
        peer.send(NULL_GREETING + b"\x06" + (2049).to_bytes(8, "big"))
        peer.read_to_end()
    assert failures(subject) == {"bad-metadata": 1, "command-too-long": 1}


@pytest.mark.parametrize("broken", [b"\x08\x00", command(b"READY", b""), b"\x04\x00"])
def test_cve_row_issue_3594_heartbeats_of_a_peer_that_breaks(
    sockets: Sockets, broken: bytes
) -> None:
    """The end of a connection is the end of its timers, and of nobody else's."""
    subject = sockets.subject("DEALER", HEARTBEAT_IVL=5, HEARTBEAT_TIMEOUT=1000)
    subject.bind("tcp://127.0.0.1:*")
    ping, pong = command(b"PING", b"\0\0"), command(b"PONG", b"")
    with RawPeer.dial(endpoint_of(subject)) as good:
        good.shake_hands(b"DEALER", b"")
        with RawPeer.dial(endpoint_of(subject)) as bad:
            bad.shake_hands(b"DEALER", b"")
            assert bad.read(len(ping)) == ping
            bad.send(pong + broken)
            bad.read_to_end()
        for _ in range(20):
            assert good.read(len(ping)) == ping
            good.send(pong)
    assert sum(failures(subject).values()) == 1


def test_cve_row_ba63f037_there_is_no_gssapi(sockets: Sockets) -> None:
    """A mechanism with ways of its own to let peers in does not exist: it is refused everywhere."""
    subject = sockets.subject("DEALER")
    subject.bind("tcp://127.0.0.1:*")
    with RawPeer.dial(endpoint_of(subject)) as peer:
        peer.send(greeting(b"GSSAPI") + command(b"INITIATE", b"token"))
        assert peer.read_to_end() == NULL_GREETING
    assert failures(subject) == {"mechanism-mismatch": 1}
    for option in (zmq.GSSAPI_SERVER, zmq.GSSAPI_PLAINTEXT, zmq.GSSAPI_PRINCIPAL):
        with pytest.raises(zmq.ZMQError, match="GSSAPI is not supported"):
            subject.setsockopt(option, 1)


@pytest.mark.parametrize("endpoint", ["udp://127.0.0.1:5555", "udp://239.0.0.1:5555"])
def test_cve_row_af11df08_there_is_no_udp(sockets: Sockets, endpoint: str) -> None:
    """No datagrams, and no overflow by them."""
    subject = sockets.subject("DEALER")
    for begin in (subject.bind, subject.connect):
        with pytest.raises(zmq.ZMQError) as refused:
            begin(endpoint)
        assert refused.value.errno == errno.EPROTONOSUPPORT


@pytest.mark.parametrize("linger_ms", [0, 5])
def test_cve_row_acef50b8_both_ends_close_at_once(linger_ms: int) -> None:
    """Whoever ends first, with messages on their way or not: each table is empty afterwards."""
    for order in range(4):
        world = World(order)
        server = SimulatedSocket(world.machine("server"), ROUTER)
        server.bind("tcp://*:5555")
        client = SimulatedSocket(world.machine("client"), DEALER)
        client.connect("tcp://server:5555")
        client.send(b"one")
        server.send((server.recv())[0], b"two")
        client.try_send(b"three")
        first, second = (client, server) if order % 2 else (server, client)
        first.close(linger_ms)
        if order > 1:
            world.run(0.0005)
        second.close(linger_ms)
        world.run(1)
        assert client.core.ended
        assert server.core.ended
        assert not world.streams
        assert not client.core.peers()
        assert not server.core.peers()


UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


def websocket() -> WebSocketConnection:
    """Return the accepting side of a WebSocket."""
    mechanism = NullMechanism(Local(b"ROUTER", b"", True, []))
    return WebSocketConnection(mechanism, 1000, 10, False, "", "")


@pytest.mark.parametrize("count", [2, 90, 2000])
def test_cve_row_b02bdd56_a_header_that_repeats(count: int) -> None:
    """Sec-WebSocket-Protocol, however often, ends in a refusal and leaves nothing."""
    subject = websocket()
    subject.receive(UPGRADE + b"Sec-WebSocket-Protocol: chat\r\n" * count + b"\r\n", 10)
    assert subject.state == CLOSED
    assert subject.error is not None
    assert subject.error.reason == ("head-too-large" if count > 100 else "bad-upgrade")
    assert sum(map(len, subject.output)) < 1000


def test_cve_row_c733067d_what_follows_a_close_is_not_looked_at() -> None:
    """The end of a WebSocket is the end, whatever came with it."""
    subject = websocket()
    subject.receive(UPGRADE + b"Sec-WebSocket-Protocol: ZWS2.0\r\n\r\n", 10)
    routing_id, close, late = (b"\x82\x83\0\0\0\0\0me", b"\x88\x80\0\0\0\0", b"\x82\x81\0\0\0\0\0")
    subject.receive(routing_id + late + close + late, 10)
    assert subject.state == CLOSED
    assert subject.error is not None
    assert subject.error.reason == "peer-closed"
    assert list(subject.decoder.messages) == [[b""]]
    assert subject.receive(late, 10) == NOTICED
    assert list(subject.decoder.messages) == [[b""]]


SCANS = {
    "nmap-generic-lines": b"\r\n\r\n",
    "nmap-dns": b"\x00\x06\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00",
    "nmap-help": b"HELP\r\n",
    "nmap-rpc": b"\x80\x00\x00\x28\x72\xfe\x1d\x13\x00\x00\x00\x00\x00\x00\x00\x02",
    "nmap-smb": b"\x00\x00\x00\xa4\xff\x53\x4d\x42\x72\x00\x00\x00\x00\x08\x01\x40",
    "nmap-x11": b"\x6c\x00\x0b\x00\x00\x00\x00\x00\x00\x00\x00\x00",
    "http": b"GET / HTTP/1.0\r\n\r\n",
    "http-options": b"OPTIONS / RTSP/1.0\r\n\r\n",
    "tls": b"\x16\x03\x00\x00\x69\x01\x00\x00\x65\x03\x03" + bytes(98),
    "ssh": b"SSH-2.0-scanner\r\n",
    "redis": b"*1\r\n$4\r\nPING\r\n",
    "zmtp-1-look-alike": b"\x05\x00name\x06\x00Hello",
    "one-byte-messages": bytes(range(64)),
}


@pytest.mark.parametrize("said", SCANS.values(), ids=SCANS)
def test_cve_row_pr_4932_a_scanners_bytes_are_no_messages(sockets: Sockets, said: bytes) -> None:
    """What is no greeting of ZMTP 3 never reaches the application, and is counted."""
    subject = sockets.subject("DEALER", HANDSHAKE_IVL=300)
    subject.bind("tcp://127.0.0.1:*")
    with RawPeer.dial(endpoint_of(subject)) as scanner:
        scanner.try_send(said)
        scanner.read_to_end()
    await_failure(subject)
    assert not subject.poll(0)


def await_failure(subject: object) -> None:
    """Wait until a connection's end was counted."""
    until(lambda: failures(subject))
