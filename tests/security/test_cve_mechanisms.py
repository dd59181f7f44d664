"""What has gone wrong in libzmq before, each kept from going wrong here.

More of them are beside the modules that they concern: ``pytest -k cve`` lists all.
"""

import gc
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

import antiphon.zmq as zmq
from antiphon.constants import SocketType
from antiphon.engine.zap import ZAP_ENDPOINT
from antiphon.keys import make_key_pair
from antiphon.testing import SimulatedSocket, World
from antiphon.wire.command import encode_ready
from antiphon.wire.connection import CLOSED, TRAFFIC, Connection
from antiphon.wire.curve import CurveClient, CurveServer
from antiphon.wire.framing import encode_command
from antiphon.wire.greeting import encode_greeting
from antiphon.wire.mechanism import Local, Mechanism, NullMechanism, Surroundings, Verdict
from antiphon.wire.plain import PlainServer

UNLIMITED = 10**9
PUBLIC, SECRET = make_key_pair()
READY = encode_command(encode_ready([(b"Socket-Type", b"DEALER")]))


class Still(Surroundings):
    def now(self) -> float:
        return 0.0

    def entropy(self, count: int) -> bytes:
        return make_key_pair()[1][:count]


def local(binder: bool = True) -> Local:
    return Local(b"ROUTER" if binder else b"DEALER", b"", binder, [])


def mechanism(name: str) -> Mechanism:
    if name == "CURVE":
        return CurveServer(local(), Still(), SECRET)
    return PlainServer(local()) if name == "PLAIN" else NullMechanism(local(), True)


def connection(name: str) -> Connection:
    return Connection(mechanism(name), -1, 1024)


def curve_pair() -> tuple[Connection, Connection]:
    near = Connection(CurveClient(local(binder=False), Still(), PUBLIC, SECRET, PUBLIC), -1, 1024)
    far = connection("CURVE")
    while near.output or far.output:
        for source, target in ((near, far), (far, near)):
            data = b"".join(source.output)
            source.output.clear()
            target.receive(data, UNLIMITED)
            if target.mechanism.question is not None:
                target.answer(Verdict(None, b"", {}))
                target.receive(b"", UNLIMITED)
    assert near.state == far.state == TRAFFIC
    return near, far


def reason_after(subject: Connection, data: bytes) -> str:
    """Return why the connection closes on these bytes; nothing of them comes through."""
    subject.receive(data, UNLIMITED)
    assert subject.state == CLOSED
    assert subject.error is not None
    assert list(subject.decoder.messages) == []
    return subject.error.reason


@pytest.mark.parametrize("name", ["PLAIN", "CURVE"])
@pytest.mark.parametrize("asked", [b"NULL", b"PLAIN", b"CURVE", b"CURVEX", b"PLAI", b"curve"])
def test_cve_2014_7202_a_peer_cannot_lower_the_security(name: str, asked: bytes) -> None:
    if asked.decode() != name:
        greeting = encode_greeting(asked, False)
        reason = reason_after(connection(name), greeting + READY + b"\x00\x05hello")
        assert reason in ("mechanism-mismatch", "bad-greeting")


@pytest.mark.parametrize("field", [b"CURVE\0X", b"\0CURVE", b"CURVE ", b"", b"CURVE\0\0\0\0\0\0.."])
def test_cve_2014_7202_the_mechanism_is_the_whole_field(field: bytes) -> None:
    greeting = bytearray(encode_greeting(b"CURVE", False))
    greeting[12:32] = field.ljust(20, b"\0")
    assert reason_after(connection("CURVE"), bytes(greeting)) == "bad-greeting"


@pytest.mark.parametrize("name", ["NULL", "PLAIN", "CURVE"])
@pytest.mark.parametrize(
    "opening",
    [
        b"\x01\x00\x00\x05hello",
        b"\x01\x00",
        b"\xff" + bytes(8) + b"\x7f\x01\x05\x00\x00\x00\x05hello",
        b"\xff" + bytes(8) + b"\x7f\x02\x05\x00\x00\x00\x05hello",
        b"\xff" + bytes(7) + b"\x01\x00\x00\x05hello",
    ],
)
def test_cve_2014_9721_and_2021_20235_old_protocols_do_not_get_past(
    name: str, opening: bytes
) -> None:
    """ZMTP 1.0 and 2.0 have no security: they are not spoken at all."""
    assert reason_after(connection(name), opening) == "old-version"


@pytest.mark.parametrize(
    "opening",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"SSH-2.0-x\r\n",
        b"\x00" * 64,
        b"hello",
    ],
)
@pytest.mark.parametrize("name", ["NULL", "PLAIN", "CURVE"])
def test_cve_class_4932_a_scanners_bytes_are_no_messages(name: str, opening: bytes) -> None:
    reason_after(connection(name), opening)


@pytest.mark.parametrize("size", [2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1, 2**64 - 9])
@pytest.mark.parametrize("flags", [2, 3, 6])
@pytest.mark.parametrize("name", ["NULL", "PLAIN", "CURVE"])
def test_cve_2019_6250_lengths_do_not_overflow(name: str, flags: int, size: int) -> None:
    subject = connection(name)
    greeting = encode_greeting(name.encode(), False)
    reason_after(subject, greeting + bytes([flags]) + size.to_bytes(8, "big"))


@pytest.mark.parametrize("size", [2**31, 2**63 - 1, 2**63, 2**64 - 1])
def test_cve_2019_6250_lengths_of_sealed_frames_neither(size: int) -> None:
    _, far = curve_pair()
    far.receive(b"\x02" + size.to_bytes(8, "big") + b"x", UNLIMITED)
    assert (far.state == CLOSED) == (size >= 2**63)
    assert len(far.decoder.body_buffer()) <= 65536 if far.state != CLOSED else True


@pytest.mark.parametrize("size", [0, 1, 7, 8, 16, 31, 32])
def test_cve_class_3566_a_malformed_message_closes_and_leaves_nothing(size: int) -> None:
    near, far = curve_pair()
    far.receive(b"\x00\x20" + near.mechanism.seal(1, b"")[:32], UNLIMITED)
    assert far.error is not None
    near, far = curve_pair()
    sealed = near.mechanism.seal(0, b"x")[:size]
    far.receive(bytes([0, size]) + sealed, UNLIMITED)
    assert far.error is not None
    assert far.error.reason in ("unexpected-command", "malformed-message")


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    context = zmq.Context()
    context.linger = 0
    context.rcvtimeo = context.sndtimeo = 10000
    yield context
    context.destroy(0)


def stranger(endpoint: bytes, opening: bytes = b"") -> socket.socket:
    host, _, port = endpoint.decode().removeprefix("tcp://").rpartition(":")
    peer = socket.create_connection((host, int(port)), timeout=10)
    peer.sendall(opening)
    return peer


def secured(context: zmq.Context, name: str) -> tuple[Any, Any]:
    """Return a DEALER server, which would send to whoever it takes for a peer, and a client."""
    server, client = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
    if name == "CURVE":
        server.curve_secretkey = client.curve_secretkey = SECRET
        client.curve_publickey = client.curve_serverkey = PUBLIC
        server.curve_server = True
    server.bind("tcp://127.0.0.1:*")
    return server, client


@pytest.mark.parametrize("name", ["NULL", "CURVE"])
@pytest.mark.parametrize("opening", [b"", b"\xff", encode_greeting(b"NULL", False)[:63]])
def test_cve_2020_15166_strangers_that_never_shake_hands_stop_nobody(
    context: zmq.Context, name: str, opening: bytes
) -> None:
    """M1, M2: they are in no routing set, so that nothing is sent to them or waits for them."""
    server, client = secured(context, name)
    strangers = [stranger(server.last_endpoint, opening) for _ in range(100)]
    client.connect(server.last_endpoint)
    started = time.monotonic()
    client.send(b"hello")
    assert server.recv() == b"hello"
    assert time.monotonic() - started < 5
    for n in range(200):
        server.send(b"%d" % n)
    assert [client.recv() for _ in range(200)] == [b"%d" % n for n in range(200)]
    for peer in strangers:
        peer.close()


def test_cve_2020_15166_strangers_are_sent_away_in_time(context: zmq.Context) -> None:
    server = context.socket(zmq.ROUTER)
    server.handshake_ivl = 100
    server.bind("tcp://127.0.0.1:*")
    peer = stranger(server.last_endpoint, encode_greeting(b"NULL", False))
    received = b""
    while chunk := peer.recv(4096):
        received += chunk
    assert len(received) == 64
    assert server.stats().failures == {"handshake-timeout": 1}
    peer.close()


def test_cve_2021_20234_unfinished_messages_go_with_their_connection(
    context: zmq.Context,
) -> None:
    """A server that ends the stream in the middle of messages, again and again."""
    listener = socket.create_server(("127.0.0.1", 0))
    client = context.socket(zmq.DEALER)
    client.reconnect_ivl = 1
    client.connect(f"tcp://127.0.0.1:{listener.getsockname()[1]}")
    ready = encode_command(encode_ready([(b"Socket-Type", b"ROUTER")]))
    for _ in range(20):
        peer, _ = listener.accept()
        peer.sendall(encode_greeting(b"NULL", False) + ready + (b"\x01\xff" + b"p" * 255) * 500)
        peer.close()
    peer, _ = listener.accept()
    peer.sendall(encode_greeting(b"NULL", False) + ready + b"\x00\x04good")
    assert client.recv() == b"good"
    gc.collect()
    halves = [
        o for o in gc.get_objects() if type(o) is list and len(o) > 400 and o[0] == b"p" * 255
    ]
    assert halves == []
    peer.close()
    listener.close()


@pytest.mark.parametrize("name", ["NULL", "PLAIN", "CURVE"])
@pytest.mark.parametrize("status", [b"300", b"400", b"500"])
def test_cve_class_3059_and_ba63f037_no_mechanism_has_a_way_around_the_verdict(
    world: World, name: str, status: bytes
) -> None:
    """A server that connects, and is told no: it refuses, and goes on."""
    options: dict[str, Any] = {"zap_domain": b"here", "reconnect_ivl": 50}
    theirs: dict[str, Any] = {}
    if name == "PLAIN":
        options |= {"mechanism": 1, "plain_server": True}
        theirs = {"mechanism": 1, "plain_username": b"u", "plain_password": b"p"}
    elif name == "CURVE":
        options |= {"mechanism": 2, "curve_server": True, "curve_secretkey": SECRET}
        theirs = {"mechanism": 2, "curve_publickey": PUBLIC, "curve_secretkey": SECRET}
        theirs["curve_serverkey"] = PUBLIC
    handler = SimulatedSocket(world.machine("server"), SocketType.REP)
    handler.bind(ZAP_ENDPOINT)
    client = SimulatedSocket(world.machine("client"), SocketType.DEALER, **theirs)
    client.bind("tcp://*:5555")
    server = SimulatedSocket(world.machine("server"), SocketType.DEALER, **options)
    server.connect("tcp://client:5555")
    for _ in range(3):
        request = handler.recv()
        handler.send(b"1.0", request[1], status, b"", b"", b"")
        world.run(0.02)
        assert not client.try_send(b"to the server")
    assert server.core.stats().failures == {f"zap-{status.decode()}": 3}
    request = handler.recv()
    handler.send(b"1.0", request[1], b"200", b"", b"", b"")
    client.send(b"to the server")
    assert server.recv() == [b"to the server"]


@pytest.fixture
def world() -> World:
    return World(seed=7)


def test_cve_class_325_two_peers_of_one_name_disturb_nobody(context: zmq.Context) -> None:
    server = context.socket(zmq.ROUTER)
    server.bind("tcp://127.0.0.1:*")
    first = context.socket(zmq.DEALER, routing_id=b"X")
    first.connect(server.last_endpoint)
    first.send(b"hello")
    assert server.recv_multipart() == [b"X", b"hello"]
    ready = encode_command(encode_ready([(b"Socket-Type", b"DEALER"), (b"Identity", b"X")]))
    for _ in range(10):
        peer = stranger(server.last_endpoint, encode_greeting(b"NULL", False) + ready)
        while peer.recv(4096):
            pass
        peer.close()
    server.send_multipart([b"X", b"still you"])
    assert first.recv() == b"still you"
    assert server.stats().failures == {"duplicate-id": 10}
