"""Strangers and broken peers at a ws endpoint: each loses its own connection and nothing else."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

import antiphon.zmq as zmq

from .node_peers import NodeSocket
from .peers import Sockets, endpoint_of
from .programs import Programs
from .raw import NULL_GREETING, RawPeer

pytestmark = pytest.mark.timeout(60)

MAX_FRAME = 1000
HEAD = (
    b"Host: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
PROTOCOL = b"Sec-WebSocket-Protocol: ZWS2.0/NULL\r\n"
UPGRADE = b"GET /peer HTTP/1.1\r\n" + HEAD + PROTOCOL + b"\r\n"
MASK = b"\x12\x34\x56\x78"
READY = b"\x02\x05READY\x0bSocket-Type\0\0\0\x06DEALER"


class Rejection(NamedTuple):
    """Bytes that must end a connection, the word that the end is counted by, and the answer."""

    reason: str
    name: str
    data: bytes
    #: How the answer begins: an HTTP status, the first octet of a close frame, or nothing.
    answer: bytes

    def __str__(self) -> str:
        return f"{self.reason}-{self.name}"


def frame(first: int, body: bytes) -> bytes:
    """Return a masked frame."""
    short = len(body) < 126
    size = bytes([0x80 | len(body)]) if short else b"\xfe" + len(body).to_bytes(2, "big")
    masked = bytes(octet ^ MASK[index % 4] for index, octet in enumerate(body))
    return bytes([first]) + size + MASK + masked


def refused_request(name: str, data: bytes, reason: str = "bad-upgrade") -> Rejection:
    status = b"431" if reason == "head-too-large" else b"4"
    return Rejection(reason, name, data, b"HTTP/1.1 " + status)


REQUESTS = (
    refused_request("get", b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n"),
    refused_request("post", b"POST /peer HTTP/1.1\r\n" + HEAD + PROTOCOL + b"\r\n"),
    refused_request("old-version", UPGRADE.replace(b"Version: 13", b"Version: 8")),
    refused_request("no-key", UPGRADE.replace(b"Sec-WebSocket-Key", b"X-Key")),
    refused_request("repeated", UPGRADE.replace(PROTOCOL, PROTOCOL * 2)),
    refused_request("no-protocol", UPGRADE.replace(PROTOCOL, b""), "mechanism-mismatch"),
    refused_request("curve", UPGRADE.replace(b"NULL", b"CURVE"), "mechanism-mismatch"),
    refused_request(
        "headers", b"GET / HTTP/1.1\r\n" + b"X-Y: z\r\n" * 1000 + b"\r\n", "head-too-large"
    ),
    refused_request("header", b"GET / HTTP/1.1\r\nX: " + b"x" * (1 << 20), "head-too-large"),
)
STRANGERS = (
    Rejection("not-http", "zmtp", NULL_GREETING, b""),
    Rejection("not-http", "tls", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b""),
)
FRAMES = (
    Rejection("early-message", "first", frame(0x82, b"\x00Hello"), b"\x88"),
    Rejection("text-message", "text", frame(0x81, b"Hello"), b"\x88"),
    Rejection("bad-websocket-frame", "unmasked", b"\x82\x02\x00x", b"\x88"),
    Rejection("bad-websocket-frame", "fragmented-ping", frame(0x09, b""), b"\x88"),
    Rejection("bad-websocket-frame", "fragmented-close", frame(0x08, b""), b"\x88"),
    Rejection("bad-websocket-frame", "long-ping", frame(0x89, b"x" * 126), b"\x88"),
    Rejection("bad-websocket-frame", "reserved-bit", frame(0xC2, b"\x00"), b"\x88"),
    Rejection("bad-length", "empty", frame(0x82, b""), b"\x88"),
    Rejection("reserved-flags", "flags", frame(0x82, b"\x04x"), b"\x88"),
    Rejection("command-too-long", "ready", frame(0x82, b"\x02" + bytes(3000)), b"\x88"),
)
TRAFFIC = (
    Rejection("message-too-long", "one-frame", frame(0x82, bytes(MAX_FRAME + 2)), b"\x88"),
    Rejection(
        "message-too-long",
        "in-fragments",
        frame(0x02, b"\x00") + frame(0x00, bytes(100)) * (MAX_FRAME // 100 + 1),
        b"\x88",
    ),
    Rejection(
        "message-too-long", "endless", frame(0x02, b"") + frame(0x00, bytes(99)) * 50, b"\x88"
    ),
    Rejection("too-many-frames", "endless", frame(0x82, b"\x01") * 2000, b"\x88"),
    Rejection("unexpected-command", "second-ready", frame(0x82, READY), b"\x88"),
)


class Service:
    """A ROUTER under test, and a good peer that it must go on serving."""

    def __init__(self, sockets: Sockets, programs: Programs) -> None:
        self.router = sockets.subject("ROUTER", MAXMSGSIZE=MAX_FRAME, MAX_FRAMES=100)
        self.router.bind("ws://127.0.0.1:*/peer")
        self.endpoint = endpoint_of(self.router)
        self.good = NodeSocket(programs, "libzmq", "REQ", routingId="good")
        self.good.connect(self.endpoint)
        self.served = 0
        self.serve()

    def serve(self) -> None:
        """Serve the good peer once over its one connection."""
        self.served += 1
        self.good.send_multipart([b"request %d" % self.served])
        request = self.router.recv_multipart()
        assert request == [b"good", b"", b"request %d" % self.served]
        self.router.send_multipart([*request[:2], b"reply %d" % self.served])
        assert self.good.recv_multipart() == [b"reply %d" % self.served]

    def failures(self) -> dict[str, int]:
        """Return what was counted."""
        assert isinstance(self.router, zmq.Socket)
        return self.router.stats().failures

    def dial(self) -> RawPeer:
        """Return a bare connection."""
        address = self.endpoint.removeprefix("ws://").partition("/")[0]
        return RawPeer.dial(f"tcp://{address}")


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """Give a service for all of this module's peers."""
    with Sockets() as sockets:
        programs = Programs()
        try:
            yield Service(sockets, programs)
        finally:
            programs.end()


def upgraded(peer: RawPeer) -> None:
    """Let a bare connection become a WebSocket."""
    peer.send(UPGRADE)
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += peer.read(1)
    assert answer.startswith(b"HTTP/1.1 101 ")


def check_rejected(service: Service, peer: RawPeer, rejection: Rejection) -> None:
    before = service.failures().get(rejection.reason, 0)
    peer.try_send(rejection.data)
    while service.failures().get(rejection.reason, 0) == before:
        service.router.poll(1)
    assert service.failures()[rejection.reason] == before + 1
    answer = peer.read_to_end()
    # What the system discards unread may take the answer with it.
    assert answer.startswith(rejection.answer) or len(rejection.data) > 10_000
    service.serve()


@pytest.mark.parametrize("rejection", [*REQUESTS, *STRANGERS], ids=str)
def test_who_does_not_upgrade_is_refused(service: Service, rejection: Rejection) -> None:
    """M8."""
    with service.dial() as peer:
        check_rejected(service, peer, rejection)


@pytest.mark.parametrize("rejection", FRAMES, ids=str)
def test_who_breaks_the_rules_of_frames_is_refused(service: Service, rejection: Rejection) -> None:
    """M8."""
    with service.dial() as peer:
        upgraded(peer)
        check_rejected(service, peer, rejection)


@pytest.mark.parametrize("rejection", TRAFFIC, ids=str)
def test_who_is_known_is_refused_all_the_same(service: Service, rejection: Rejection) -> None:
    with service.dial() as peer:
        upgraded(peer)
        peer.send(frame(0x82, READY))
        flags, size = peer.read(2)
        assert flags == 0x82
        assert peer.read(size).startswith(b"\x02\x05READY")
        check_rejected(service, peer, rejection)


def test_a_close_frame_is_echoed_and_no_failure(service: Service) -> None:
    before = dict(service.failures())
    with service.dial() as peer:
        upgraded(peer)
        peer.send(frame(0x88, b"\x03\xe8bye"))
        service.router.poll(50)
        assert peer.read_to_end() == b"\x88\x05\x03\xe8bye"
    service.serve()
    assert service.failures() == before


def test_a_ping_flood_gets_few_answers(service: Service) -> None:
    """M9: those it gets are right, and the good peer is served all the while."""
    with service.dial() as peer:
        upgraded(peer)
        peer.send(frame(0x89, b"beat") * 2000)
        service.serve()
        peer.send(frame(0x88, b""))
        service.router.poll(50)
        answer = peer.read_to_end()
    assert answer.endswith(b"\x88\x00")
    beats = answer.removesuffix(b"\x88\x00")
    count = len(beats) // 6
    assert beats == b"\x8a\x04beat" * count
    assert 1 <= count <= 100
