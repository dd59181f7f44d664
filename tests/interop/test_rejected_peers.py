"""Strangers, old versions and broken peers: each loses its own connection and nothing else."""

import contextlib
import random
from typing import NamedTuple

import pytest
import zmq as libzmq

import antiphon.zmq as zmq

from .peers import PATIENCE_MS, Sockets, endpoint_of, wait_for
from .raw import NULL_GREETING, RawListener, RawPeer, command, frame, greeting, message, ready

pytestmark = pytest.mark.timeout(20)

MAX_FRAME = 1000
CUT = b"\x0bSocket-Type\0\0\0\x07DEALER"
RANDOM = random.Random(3)


class Rejection(NamedTuple):
    """Bytes that must end a connection, and the word under which the end is counted."""

    reason: str
    name: str
    data: bytes
    #: True if a complete handshake goes before ``data``.
    established: bool = False

    def __str__(self) -> str:
        return f"{self.reason}-{self.name}"


def size8(size: int) -> bytes:
    """Return the eight-byte form of a frame's size."""
    return size.to_bytes(8, "big")


BEFORE_THE_GREETING = (
    Rejection("http", "get", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    Rejection("http", "post", b"POST /jobs HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
    Rejection("http", "head", b"HEAD / HTTP/1.0\r\n\r\n"),
    Rejection("tls", "hello-1.0", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)),
    Rejection("tls", "hello-1.2", b"\x16\x03\x03\x00\x7a\x01\x00\x00\x76\x03\x03" + bytes(112)),
    Rejection("not-zmtp", "random", b"\x80" + RANDOM.randbytes(255)),
    Rejection("not-zmtp", "text", b"hello\n"),
    Rejection("not-zmtp", "zeros", bytes(64)),
    Rejection("not-zmtp", "one-byte", b"\x7f"),
    Rejection("not-zmtp", "signature", b"\xff" + bytes(8) + b"\x7d" + NULL_GREETING[10:]),
    Rejection("old-version", "zmtp-1.0", b"\x01\x00"),
    Rejection("old-version", "zmtp-1.0-long", b"\xff" + size8(1) + b"\x00"),
    Rejection("old-version", "zmtp-2.0", b"\xff" + bytes(7) + b"\x01\x7f\x01\x03\x00\x00"),
    Rejection("old-version", "zmtp-2.1", b"\xff" + bytes(7) + b"\x01\x7f\x02\x03\x00\x00"),
)
IN_THE_HANDSHAKE = (
    Rejection("mechanism-mismatch", "plain", greeting(b"PLAIN")),
    Rejection("mechanism-mismatch", "curve", greeting(b"CURVE")),
    Rejection("mechanism-mismatch", "unheard-of", greeting(b"X-1.0_A")),
    Rejection("early-message", "empty", NULL_GREETING + b"\x00\x00"),
    Rejection("early-message", "short", NULL_GREETING + message([b"", b"Hello"])),
    Rejection("early-message", "long", NULL_GREETING + frame(0, b"x" * 300)),
    Rejection("early-message", "announced", NULL_GREETING + b"\x02" + size8(1 << 40)),
    Rejection("command-too-long", "announced", NULL_GREETING + b"\x06" + size8(1 << 40)),
    Rejection("command-too-long", "sent", NULL_GREETING + command(b"READY", bytes(1 << 16))),
    Rejection("reserved-flags", "in-place-of-ready", NULL_GREETING + b"\x08\x00"),
    Rejection("reserved-flags", "command-with-more", NULL_GREETING + b"\x05\x06\x05READY"),
    Rejection("unexpected-command", "ping", NULL_GREETING + command(b"PING", b"\0\0")),
    Rejection("unexpected-command", "hello", NULL_GREETING + command(b"HELLO", bytes(194))),
    Rejection("bad-command", "empty", NULL_GREETING + b"\x04\x00"),
    Rejection("bad-command", "name-too-long", NULL_GREETING + b"\x04\x06\x7fREADY"),
    Rejection("bad-metadata", "cut-value", NULL_GREETING + command(b"READY", CUT)),
    Rejection("bad-metadata", "long-identity", NULL_GREETING + ready(b"DEALER", b"i" * 256)),
    Rejection("illegal-pair", "rep", NULL_GREETING + ready(b"REP")),
    Rejection("illegal-pair", "unheard-of", NULL_GREETING + ready(b"QUEUE")),
    Rejection("illegal-pair", "no-type", NULL_GREETING + command(b"READY", b"")),
)
RESERVED_FLAGS = (0x05, 0x07, 0x08, 0x0B, 0x0C, 0x10, 0x20, 0x40, 0x80, 0xF8, 0xFF)
IN_TRAFFIC = (
    *(
        Rejection("reserved-flags", f"{flags:#04x}", bytes([flags]) + size8(1) + b"x", True)
        for flags in RESERVED_FLAGS
    ),
    Rejection("reserved-flags", "in-a-message", frame(1, b"") + b"\x09\x00", True),
    Rejection("message-too-long", "by-one", frame(0, b"x" * (MAX_FRAME + 1)), True),
    Rejection("message-too-long", "announced", b"\x02" + size8(1 << 62), True),
    Rejection("message-too-long", "later-frame", frame(1, b"") + b"\x02" + size8(1 << 20), True),
    Rejection("bad-length", "bit-63", b"\x02" + size8(1 << 63), True),
    Rejection("bad-length", "all-ones", b"\x02" + b"\xff" * 8, True),
    Rejection("command-too-long", "announced", b"\x06" + size8(1 << 40), True),
    Rejection("command-too-long", "sent", command(b"PING", bytes(1 << 16)), True),
    Rejection("unexpected-command", "second-ready", ready(b"DEALER", b""), True),
    Rejection("error-command", "late", command(b"ERROR", b"\x02no"), True),
    Rejection("bad-command", "ping-without-ttl", command(b"PING", b""), True),
)
REJECTIONS = (*BEFORE_THE_GREETING, *IN_THE_HANDSHAKE, *IN_TRAFFIC)


class Service:
    """A ROUTER under test, and a good peer that it must go on serving."""

    def __init__(self, sockets: Sockets) -> None:
        self.router = sockets.subject("ROUTER", MAXMSGSIZE=MAX_FRAME)
        self.router.bind("tcp://127.0.0.1:*")
        self.endpoint = endpoint_of(self.router)
        self.good = sockets.peer("REQ", ROUTING_ID=b"good")
        self.good.connect(self.endpoint)
        self.served = 0
        self.serve()

    def serve(self) -> None:
        """Serve the good peer once over its one connection."""
        self.served += 1
        self.good.send(b"request %d" % self.served)
        request = self.router.recv_multipart()
        assert request == [b"good", b"", b"request %d" % self.served]
        self.router.send_multipart([*request[:2], b"reply %d" % self.served])
        assert self.good.recv() == b"reply %d" % self.served

    def check_rejected(self, rejection: Rejection) -> None:
        """The stranger is cut off, none of its bytes reach the application, others are served."""
        with RawPeer.dial(self.endpoint) as stranger:
            self.serve()
            if rejection.established:
                stranger.shake_hands(b"DEALER", b"")
            stranger.try_send(rejection.data)
            stranger.read_to_end()
        self.serve()
        assert not self.router.poll(0)
        assert isinstance(self.router, zmq.Socket)
        assert self.router.stats().failures == {rejection.reason: 1}


@pytest.fixture
def service(sockets: Sockets) -> Service:
    """Give a ROUTER that serves a good peer."""
    return Service(sockets)


@pytest.mark.parametrize("rejection", REJECTIONS, ids=str)
def test_a_broken_peer_loses_only_its_own_connection(
    service: Service, rejection: Rejection
) -> None:
    """Whatever a stranger says, its connection is closed and the good peer is served."""
    service.check_rejected(rejection)


@pytest.mark.parametrize(
    "rejection", [r for r in REJECTIONS if len(r.data) < 1000 and "sent" not in r.name], ids=str
)
def test_a_broken_peer_is_found_out_byte_by_byte(service: Service, rejection: Rejection) -> None:
    """The same when each byte comes alone; the end may come before the last one."""
    with RawPeer.dial(service.endpoint) as stranger:
        if rejection.established:
            stranger.shake_hands(b"DEALER", b"")
        for octet in rejection.data:
            stranger.try_send(bytes([octet]))
        stranger.read_to_end()
    service.serve()
    assert not service.router.poll(0)


@pytest.mark.parametrize(
    "rejection", [r for r in IN_THE_HANDSHAKE if r.reason == "mechanism-mismatch"], ids=str
)
def test_a_mismatch_of_mechanisms_is_shown_by_our_greeting(
    service: Service, rejection: Rejection
) -> None:
    """A peer that sent a whole greeting gets a whole greeting before the end (Z5)."""
    with RawPeer.dial(service.endpoint) as stranger:
        stranger.send(rejection.data)
        assert stranger.read_to_end() == NULL_GREETING


def test_many_strangers_at_once(service: Service) -> None:
    """A crowd of every kind of stranger, all connected at the same time."""
    crowd = [(RawPeer.dial(service.endpoint), rejection) for rejection in REJECTIONS]
    for stranger, rejection in crowd:
        if not rejection.established:
            stranger.try_send(rejection.data)
    service.serve()
    for stranger, rejection in crowd:
        if rejection.established:
            stranger.shake_hands(b"DEALER", b"")
            stranger.try_send(rejection.data)
    service.serve()
    for stranger, _ in crowd:
        stranger.read_to_end()
        stranger.close()
    service.serve()


@pytest.mark.parametrize("data", [b"", NULL_GREETING[:9], NULL_GREETING], ids=len)
def test_a_peer_that_stops_in_the_handshake_is_given_up(sockets: Sockets, data: bytes) -> None:
    """HANDSHAKE_IVL bounds how long a silent peer holds a connection."""
    router = sockets.subject("ROUTER", HANDSHAKE_IVL=50)
    router.bind("tcp://127.0.0.1:*")
    with RawPeer.dial(endpoint_of(router)) as stranger:
        stranger.send(data)
        assert NULL_GREETING.startswith(stranger.read_to_end()[:64])


@pytest.mark.parametrize("size", [MAX_FRAME - 1, MAX_FRAME])
def test_frames_up_to_the_limit_are_taken(service: Service, size: int) -> None:
    """MAXMSGSIZE bounds a frame, and not the message."""
    with RawPeer.dial(service.endpoint) as peer:
        peer.shake_hands(b"DEALER", b"raw")
        peer.send(message([b"x" * size] * 3))
        assert service.router.recv_multipart() == [b"raw", *[b"x" * size] * 3]


def test_a_libzmq_peer_with_another_mechanism(service: Service, sockets: Sockets) -> None:
    """A PLAIN client does not get in, while the NULL client is served."""
    plain = sockets.peer("DEALER", RECONNECT_IVL=5, SNDTIMEO=0)
    plain.setsockopt(libzmq.PLAIN_USERNAME, b"admin")
    plain.setsockopt(libzmq.PLAIN_PASSWORD, b"secret")
    monitor = sockets.monitor(plain)
    plain.connect(service.endpoint)
    with contextlib.suppress(libzmq.Again):
        # libzmq may have given up by now.
        plain.send(b"never seen")
    wait_for(monitor, libzmq.EVENT_CONNECTED)
    service.serve()
    wait_for(monitor, libzmq.EVENT_DISCONNECTED | libzmq.EVENT_HANDSHAKE_FAILED_PROTOCOL)
    service.serve()
    assert not service.router.poll(0)


@pytest.mark.parametrize(
    "rejection",
    [r for r in REJECTIONS if not r.established and r.reason != "illegal-pair"],
    ids=str,
)
def test_a_stranger_we_connected_to(sockets: Sockets, rejection: Rejection) -> None:
    """A DEALER with a broken server and a good one gets its replies from the good one."""
    dealer, good = sockets.subject("DEALER", IMMEDIATE=1), sockets.peer("REP")
    good.bind("tcp://127.0.0.1:*")
    with RawListener() as listener:
        dealer.connect(listener.endpoint)
        dealer.connect(endpoint_of(good))
        with listener.accept() as stranger:
            stranger.try_send(rejection.data)
            stranger.read_to_end()
        for i in range(3):
            dealer.send_multipart([b"", b"%d" % i])
            assert good.recv() == b"%d" % i
            good.send(b"done")
            assert dealer.recv_multipart() == [b"", b"done"]


def test_the_reply_of_a_peer_that_breaks_later_is_kept(sockets: Sockets) -> None:
    """What came whole before the broken frame is delivered."""
    dealer = sockets.subject("DEALER", RCVTIMEO=PATIENCE_MS)
    dealer.bind("tcp://127.0.0.1:*")
    with RawPeer.dial(endpoint_of(dealer)) as peer:
        peer.shake_hands(b"DEALER", b"")
        peer.send(message([b"whole"]))
        assert dealer.recv() == b"whole"
        peer.send(frame(1, b"half") + b"\x08\x00")
        peer.read_to_end()
    assert not dealer.poll(0)
