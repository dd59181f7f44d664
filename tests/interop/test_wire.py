"""The exact bytes on the wire, seen by a peer made of a bare TCP socket (E2 to E5, Z1 to Z21)."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from .peers import Socket, Sockets, endpoint_of
from .raw import NULL_GREETING, RawListener, RawPeer, command, frame, greeting, message, ready

pytestmark = pytest.mark.timeout(20)

Meeting = Callable[[Socket], AbstractContextManager[RawPeer]]

HELLO = b"\x01\x00\x00\x05Hello"
WORLD = b"\x01\x00\x00\x05World"
#: READY as each socket type says it: Socket-Type, and Identity where the type has one (Z16).
READY = {
    "REQ": b"\x04\x26\x05READY\x0bSocket-Type\0\0\0\x03REQ\x08Identity\0\0\0\0",
    "REP": b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03REP",
    "DEALER": b"\x04\x29\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\0",
    "ROUTER": b"\x04\x29\x05READY\x0bSocket-Type\0\0\0\x06ROUTER\x08Identity\0\0\0\0",
}
A_PEER_OF = {"REQ": b"REP", "REP": b"REQ", "DEALER": b"ROUTER", "ROUTER": b"DEALER"}


@contextmanager
def dialed(socket: Socket) -> Iterator[RawPeer]:
    """Bind the socket; the raw peer connects."""
    socket.bind("tcp://127.0.0.1:*")
    with RawPeer.dial(endpoint_of(socket)) as raw:
        yield raw


@contextmanager
def accepted(socket: Socket) -> Iterator[RawPeer]:
    """Connect the socket; the raw peer has listened."""
    with RawListener() as listener:
        socket.connect(listener.endpoint)
        with listener.accept() as raw:
            yield raw


both_roles = pytest.mark.parametrize("meet", [dialed, accepted], ids=["binds", "connects"])
in_chunks = pytest.mark.parametrize(
    "send", [RawPeer.send, RawPeer.send_each], ids=["whole", "bytes"]
)


@both_roles
@in_chunks
@pytest.mark.parametrize("kind", READY)
def test_the_null_handshake(
    sockets: Sockets, meet: Meeting, send: Callable[[RawPeer, bytes], None], kind: str
) -> None:
    """Greeting, then READY: the same bytes whichever side dialed and however ours come in."""
    with meet(sockets.subject(kind)) as raw:
        send(raw, NULL_GREETING)
        assert raw.read(64) == NULL_GREETING
        send(raw, ready(A_PEER_OF[kind], b""))
        assert raw.read(len(READY[kind])) == READY[kind]


@both_roles
def test_the_handshake_announces_the_routing_id(sockets: Sockets, meet: Meeting) -> None:
    """Identity is the option ROUTING_ID (Z16)."""
    with meet(sockets.subject("DEALER", ROUTING_ID=b"ABC")) as raw:
        body = raw.shake_hands(b"ROUTER")
        assert body.endswith(b"\x08Identity\0\0\0\x03ABC")


def test_the_greeting_goes_out_at_once(sockets: Sockets) -> None:
    """Neither side waits for the other's greeting."""
    for meet in (dialed, accepted):
        with meet(sockets.subject("DEALER")) as raw:
            assert raw.read(10) == NULL_GREETING[:10]


def test_an_older_minor_version_is_welcome(sockets: Sockets) -> None:
    """A ZMTP 3.0 peer is served, and so is one of a version to come (Z2)."""
    for version in (b"\x03\x00", b"\x03\x02", b"\x04\x00"):
        rep = sockets.subject("REP")
        with dialed(rep) as raw:
            raw.send(greeting(version=version))
            assert len(raw.read(64)) == 64
            raw.send(ready(b"REQ", b"") + HELLO)
            assert rep.recv() == b"Hello"


@both_roles
@pytest.mark.parametrize("routing_id", [None, b""], ids=["no-identity", "empty-identity"])
def test_req_adds_an_empty_delimiter(
    sockets: Sockets, meet: Meeting, routing_id: bytes | None
) -> None:
    """Request and reply are two frames each on the wire, one each to the application (E2, E4)."""
    req = sockets.subject("REQ")
    with meet(req) as raw:
        raw.shake_hands(b"REP", routing_id)
        req.send(b"Hello")
        assert raw.read(len(HELLO)) == HELLO
        raw.send(WORLD)
        assert req.recv() == b"World"


@both_roles
@in_chunks
def test_rep_echoes_the_envelope(
    sockets: Sockets, meet: Meeting, send: Callable[[RawPeer, bytes], None]
) -> None:
    """Everything up to the delimiter goes back unchanged; the application sees none of it (E3)."""
    rep = sockets.subject("REP")
    nineteen = [bytes([i]) for i in range(1, 20)]
    envelopes: list[list[bytes]] = [[], [b"ABC"], [b"\0\1\2\3\4", b"A" * 255], nineteen]
    with meet(rep) as raw:
        raw.shake_hands(b"DEALER", b"")
        for addresses in envelopes:
            send(raw, message([*addresses, b"", b"Hello", b"", b"you"]))
            assert rep.recv_multipart() == [b"Hello", b"", b"you"]
            rep.send(b"World")
            expected = message([*addresses, b"", b"World"])
            assert raw.read(len(expected)) == expected


def test_each_frame_of_a_message_has_its_flags(sockets: Sockets) -> None:
    """MORE on all but the last, LONG from 256 bytes on (Z10)."""
    dealer = sockets.subject("DEALER")
    middle, long = b"m" * 255, b"l" * 256
    size = b"\0\0\0\0\0\0\x01\0"
    with dialed(dealer) as raw:
        raw.shake_hands(b"DEALER", b"")
        dealer.send_multipart([b"a", b"", middle, long, b"z"])
        expected = b"\x01\x01a\x01\x00\x01\xff" + middle + b"\x03" + size + long + b"\x00\x01z"
        assert raw.read(len(expected)) == expected
        dealer.send_multipart([b"a", long])
        expected = b"\x01\x01a\x02" + size + long
        assert raw.read(len(expected)) == expected


def test_a_long_size_may_say_a_small_number(sockets: Sockets) -> None:
    """A peer may send the eight-byte form for any size."""
    dealer = sockets.subject("DEALER")
    with dialed(dealer) as raw:
        raw.shake_hands(b"DEALER", b"")
        raw.send(b"\x03" + bytes(7) + b"\x01a" + b"\x02" + bytes(8))
        assert dealer.recv_multipart() == [b"a", b""]


def test_a_proxy_of_router_and_dealer(sockets: Sockets) -> None:
    """The extended envelope at each hop (E5)."""
    frontend, backend = sockets.subject("ROUTER"), sockets.subject("DEALER")
    with dialed(frontend) as req, dialed(backend) as rep:
        req.shake_hands(b"REQ", b"ABC")
        rep.shake_hands(b"REP")
        req.send(HELLO)
        request = frontend.recv_multipart()
        assert request == [b"ABC", b"", b"Hello"]
        backend.send_multipart(request)
        assert rep.read(14) == b"\x01\x03ABC\x01\x00\x00\x05Hello"
        rep.send(b"\x01\x03ABC\x01\x00\x00\x05World")
        reply = backend.recv_multipart()
        assert reply == [b"ABC", b"", b"World"]
        frontend.send_multipart(reply)
        assert req.read(len(WORLD)) == WORLD


@both_roles
@in_chunks
@pytest.mark.parametrize("context", [b"", b"c", b"sixteen octets.."])
def test_a_ping_is_answered(
    sockets: Sockets, meet: Meeting, send: Callable[[RawPeer, bytes], None], context: bytes
) -> None:
    """PONG echoes the context, whatever the application does (Z21)."""
    with meet(sockets.subject("DEALER")) as raw:
        raw.shake_hands(b"ROUTER", b"")
        send(raw, command(b"PING", b"\x00\x00" + context))
        expected = b"\x04" + bytes([5 + len(context)]) + b"\x04PONG" + context
        assert raw.read(len(expected)) == expected


def test_a_ping_among_the_frames_of_a_message(sockets: Sockets) -> None:
    """A command between two frames is answered, and the message stays whole."""
    dealer = sockets.subject("DEALER")
    with dialed(dealer) as raw:
        raw.shake_hands(b"DEALER", b"")
        raw.send(frame(1, b"a") + command(b"PING", b"\0\0") + frame(0, b"b"))
        assert raw.read(7) == b"\x04\x05\x04PONG"
        assert dealer.recv_multipart() == [b"a", b"b"]


def test_our_pings(sockets: Sockets) -> None:
    """HEARTBEAT_IVL sends PING with the time-to-live in tenths of a second (Z21)."""
    dealer = sockets.subject("DEALER", HEARTBEAT_IVL=20, HEARTBEAT_TTL=1500)
    with dialed(dealer) as raw:
        raw.shake_hands(b"DEALER", b"")
        assert raw.read(9) == b"\x04\x07\x04PING\x00\x0f"
        raw.send(command(b"PONG", b""))


def test_an_unknown_command_is_ignored(sockets: Sockets) -> None:
    """After the handshake, a command of a version to come harms nothing."""
    dealer = sockets.subject("DEALER")
    with dialed(dealer) as raw:
        raw.shake_hands(b"DEALER", b"")
        raw.send(command(b"FUTURE", b"x" * 300) + command(b"PONG", b"") + message([b"still"]))
        assert dealer.recv() == b"still"


def test_an_error_command_ends_the_connection(sockets: Sockets) -> None:
    """A peer that says ERROR is taken at its word."""
    with dialed(sockets.subject("DEALER")) as raw:
        raw.send(NULL_GREETING + command(b"ERROR", b"\x02no"))
        assert raw.read_to_end() == NULL_GREETING
