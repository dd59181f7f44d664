"""WebSocket with stacks that are not ours: libzmq over ws, and jszmq, which knows no mechanism."""

import os
import threading

import pytest
import zmq as libzmq

import antiphon.zmq as zmq

from .node_peers import NodeSocket
from .peers import Socket, Sockets, endpoint_of
from .programs import Programs

pytestmark = pytest.mark.timeout(60)

#: Both sides of each length of a WebSocket frame's size, and a long one (4.4).
SIZES = (0, 1, 124, 125, 254, 255, 65534, 65535, 65536, 1 << 20)


@pytest.mark.parametrize("path", ["", "/roundtrip"])
@pytest.mark.parametrize("subject_binds", [True, False])
@pytest.mark.parametrize("subject_asks", [True, False])
def test_requests_and_replies_with_libzmq(
    sockets: Sockets, programs: Programs, subject_asks: bool, subject_binds: bool, path: str
) -> None:
    subject = sockets.subject("REQ" if subject_asks else "REP")
    peer = NodeSocket(programs, "libzmq", "REP" if subject_asks else "REQ")
    if subject_binds:
        subject.bind(f"ws://127.0.0.1:*{path}")
        peer.connect(endpoint_of(subject))
    else:
        subject.connect(peer.bind(f"ws://127.0.0.1:*{path}"))
    asker, answerer = (subject, peer) if subject_asks else (peer, subject)
    for size in SIZES:
        body = os.urandom(size)
        asker.send_multipart([body])
        assert answerer.recv_multipart() == [body]
        answerer.send_multipart([body, b"", body])
        assert asker.recv_multipart() == [body, b"", body]


@pytest.mark.parametrize("subject_binds", [True, False])
def test_ids_and_frames_with_libzmq(
    sockets: Sockets, programs: Programs, subject_binds: bool
) -> None:
    router = sockets.subject("ROUTER")
    dealer = NodeSocket(programs, "libzmq", "DEALER", routingId="dealer")
    if subject_binds:
        router.bind("ws://127.0.0.1:*/frames")
        dealer.connect(endpoint_of(router))
    else:
        router.connect(dealer.bind("ws://127.0.0.1:*/frames"))
    for count in (1, 2, 3, 100):
        message = [b"%d" % number * number for number in range(count)]
        dealer.send_multipart(message)
        assert router.recv_multipart() == [b"dealer", *message]
        router.send_multipart([b"dealer", *message[::-1]])
        assert dealer.recv_multipart() == message[::-1]


def failures(subject: Socket) -> dict[str, int]:
    assert isinstance(subject, zmq.Socket)
    return subject.stats().failures


@pytest.mark.parametrize("subject_binds", [True, False])
def test_heartbeats_with_libzmq(sockets: Sockets, programs: Programs, subject_binds: bool) -> None:
    """4.4: both sides ping each other every 10 ms, and neither gives the other up."""
    subject = sockets.subject("DEALER", HEARTBEAT_IVL=10, HEARTBEAT_TIMEOUT=2000)
    peer = NodeSocket(programs, "libzmq", "DEALER", heartbeatInterval=10, heartbeatTimeout=2000)
    if subject_binds:
        subject.bind("ws://127.0.0.1:*/beat")
        peer.connect(endpoint_of(subject))
    else:
        subject.connect(peer.bind("ws://127.0.0.1:*/beat"))
    subject.send(b"before")
    assert peer.recv_multipart() == [b"before"]
    assert not subject.poll(500)
    peer.send_multipart([b"after"])
    assert subject.recv() == b"after"
    assert not failures(subject)


@pytest.mark.parametrize("subject_binds", [True, False])
def test_an_illegal_pair_is_refused(
    sockets: Sockets, programs: Programs, subject_binds: bool
) -> None:
    """W4."""
    subject = sockets.subject("REP")
    peer = NodeSocket(programs, "libzmq", "REP")
    if subject_binds:
        subject.bind("ws://127.0.0.1:*")
        peer.connect(endpoint_of(subject))
    else:
        subject.connect(peer.bind("ws://127.0.0.1:*"))
    while "illegal-pair" not in failures(subject):
        subject.poll(10)


@pytest.mark.parametrize(("kind", "peer_kind"), [("REP", "REQ"), ("ROUTER", "DEALER")])
def test_requests_of_jszmq(sockets: Sockets, programs: Programs, kind: str, peer_kind: str) -> None:
    """W3: a peer without a mechanism begins with its routing id."""
    subject = sockets.subject(kind)
    subject.bind("ws://127.0.0.1:*/js")
    peer = NodeSocket(programs, "jszmq", peer_kind, routingId="browser")
    peer.connect(endpoint_of(subject))
    for size in SIZES[:-1]:
        body = os.urandom(size)
        peer.send_multipart([body, b"end"])
        request = subject.recv_multipart()
        assert request[-2:] == [body, b"end"]
        if kind == "ROUTER":
            assert request[0] == b"browser"
        subject.send_multipart(request)
        assert peer.recv_multipart() == [body, b"end"]


def converse(subject: Socket, peer: NodeSocket, subject_binds: bool) -> None:
    """Connect two DEALERs, and let both send."""
    if subject_binds:
        subject.bind("ws://127.0.0.1:*/secure")
        peer.connect(endpoint_of(subject))
    else:
        subject.connect(peer.bind("ws://127.0.0.1:*/secure"))
    for size in SIZES:
        body = os.urandom(size)
        subject.send_multipart([body, b"", body])
        assert peer.recv_multipart() == [body, b"", body]
        peer.send_multipart([b"", body])
        assert subject.recv_multipart() == [b"", body]


@pytest.mark.parametrize("subject_serves", [True, False])
@pytest.mark.parametrize("subject_binds", [True, False])
def test_curve_with_libzmq(
    sockets: Sockets, programs: Programs, subject_binds: bool, subject_serves: bool
) -> None:
    public, secret = libzmq.curve_keypair()
    server_public, server_secret = libzmq.curve_keypair()
    if subject_serves:
        subject = sockets.subject("DEALER", CURVE_SERVER=1, CURVE_SECRETKEY=server_secret)
        client = {"curvePublicKey": public, "curveSecretKey": secret}
        words = {name: key.decode() for name, key in client.items()}
        peer = NodeSocket(
            programs, "libzmq", "DEALER", curveServerKey=server_public.decode(), **words
        )
    else:
        subject = sockets.subject(
            "DEALER",
            CURVE_PUBLICKEY=public,
            CURVE_SECRETKEY=secret,
            CURVE_SERVERKEY=server_public,
        )
        key = server_secret.decode()
        peer = NodeSocket(programs, "libzmq", "DEALER", curveServer="true", curveSecretKey=key)
    converse(subject, peer, subject_binds)


@pytest.mark.parametrize("subject_binds", [True, False])
def test_plain_with_libzmq(sockets: Sockets, programs: Programs, subject_binds: bool) -> None:
    handler = sockets.subject("REP")
    handler.bind("inproc://zeromq.zap.01")
    asked: list[list[bytes]] = []

    def admit() -> None:
        request = handler.recv_multipart()
        asked.append(request)
        handler.send_multipart([*request[:2], b"200", b"OK", b"", b""])

    admitting = threading.Thread(target=admit)
    admitting.start()
    subject = sockets.subject("DEALER", PLAIN_SERVER=1)
    peer = NodeSocket(programs, "libzmq", "DEALER", plainUsername="me", plainPassword="secret")
    converse(subject, peer, subject_binds)
    admitting.join()
    assert asked[0][3] == b"127.0.0.1"
    assert asked[0][5:] == [b"PLAIN", b"me", b"secret"]


@pytest.mark.parametrize("subject_pushes", [True, False])
@pytest.mark.parametrize("subject_binds", [True, False])
def test_a_pipeline_with_libzmq(
    sockets: Sockets, programs: Programs, subject_binds: bool, subject_pushes: bool
) -> None:
    subject = sockets.subject("PUSH" if subject_pushes else "PULL")
    peer = NodeSocket(programs, "libzmq", "PULL" if subject_pushes else "PUSH")
    if subject_binds:
        subject.bind("ws://127.0.0.1:*/pipeline")
        peer.connect(endpoint_of(subject))
    else:
        subject.connect(peer.bind("ws://127.0.0.1:*/pipeline"))
    source, sink = (subject, peer) if subject_pushes else (peer, subject)
    for number in range(100):
        source.send_multipart([b"%d" % number])
    assert [sink.recv_multipart() for _ in range(100)] == [[b"%d" % n] for n in range(100)]


def test_publishing_to_libzmq(sockets: Sockets, programs: Programs) -> None:
    """W5, 4.4: what the subscriber asks for comes as messages."""
    publisher = sockets.subject("XPUB")
    publisher.bind("ws://127.0.0.1:*/news")
    subscriber = NodeSocket(programs, "libzmq", "SUB")
    subscriber.subscribe("A")
    subscriber.connect(endpoint_of(publisher))
    assert publisher.recv() == b"\x01A"
    for message in ([b"B", b"no"], [b"A", b"yes"], [b"AB"]):
        publisher.send_multipart(message)
    assert subscriber.recv_multipart() == [b"A", b"yes"]
    assert subscriber.recv_multipart() == [b"AB"]
    subscriber.subscribe("B")
    assert publisher.recv() == b"\x01B"


@pytest.mark.parametrize("subject_binds", [True, False])
def test_subscribing_to_libzmq(sockets: Sockets, programs: Programs, subject_binds: bool) -> None:
    subscriber = sockets.subject("SUB")
    subscriber.setsockopt(zmq.SUBSCRIBE, b"A")
    publisher = NodeSocket(programs, "libzmq", "XPUB")
    if subject_binds:
        subscriber.bind("ws://127.0.0.1:*/news")
        publisher.connect(endpoint_of(subscriber))
    else:
        subscriber.connect(publisher.bind("ws://127.0.0.1:*/news"))
    assert publisher.recv_multipart() == [b"\x01A"]
    for message in ([b"B", b"no"], [b"A", b"yes"]):
        publisher.send_multipart(message)
    assert subscriber.recv_multipart() == [b"A", b"yes"]
    subscriber.setsockopt(zmq.UNSUBSCRIBE, b"A")
    assert publisher.recv_multipart() == [b"\x00A"]


def test_publishing_to_jszmq(sockets: Sockets, programs: Programs) -> None:
    publisher = sockets.subject("XPUB")
    publisher.bind("ws://127.0.0.1:*/news")
    subscriber = NodeSocket(programs, "jszmq", "SUB")
    subscriber.subscribe("A")
    subscriber.connect(endpoint_of(publisher))
    assert publisher.recv() == b"\x01A"
    for message in ([b"B", b"no"], [b"A", b"yes"]):
        publisher.send_multipart(message)
    assert subscriber.recv_multipart() == [b"A", b"yes"]
