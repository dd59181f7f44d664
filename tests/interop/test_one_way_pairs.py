"""Every legal pair of PUSH, PULL, PAIR and the publishers, with libzmq on the other side."""

from pathlib import Path

import pytest

import antiphon.zmq as zmq
from tests.waiting import until

from .conversation import TRANSPORTS, Conversation, Setting, filler, settings
from .peers import Socket, Sockets, endpoint_of
from .raw import NULL_GREETING, RawListener, RawPeer, command, greeting, message, ready

pytestmark = pytest.mark.timeout(30)

SETTINGS = [
    setting
    for setting in settings(("tcp4", "ipc"))
    if setting.first in ("PUSH", "PAIR", "PUB", "XPUB")
]


def subscribe(socket: Socket, kind: str, topic: bytes) -> None:
    """Subscribe, as the kind of socket does that."""
    if kind == "SUB":
        socket.setsockopt(zmq.SUBSCRIBE, topic)
    elif kind == "XSUB":
        socket.send(b"\x01" + topic)


def unsubscribe(socket: Socket, kind: str, topic: bytes) -> None:
    """End a subscription."""
    if kind == "SUB":
        socket.setsockopt(zmq.UNSUBSCRIBE, topic)
    else:
        socket.send(b"\x00" + topic)


def first_subscription(xpub: Socket, subscriber: Socket) -> bytes:
    """Return what an XPUB is told next; libzmq tells it only while its own socket is used."""
    until(lambda: subscriber.poll(0) or xpub.poll(1))
    return xpub.recv()


@pytest.fixture
def pair(setting: Setting, sockets: Sockets, tmp_path: Path) -> Conversation:
    """Give a connected pair for the parameter ``setting``."""
    endpoint = TRANSPORTS[setting.transport].format(directory=tmp_path)
    return Conversation(setting, sockets, endpoint)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_many_messages_arrive_in_order(pair: Conversation) -> None:
    """Hundreds of messages of mixed size at once: reads end anywhere in a frame."""
    sent = [[b"%d" % i, filler(i * 37 % 1500, i)] for i in range(400)]
    for parts in sent:
        pair.say(parts)
    assert [pair.hear()[1] for _ in sent] == sent


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.first == "XPUB"], ids=str)
def test_subscriptions_are_seen_and_counted(pair: Conversation) -> None:
    """Z20: short and long commands (libzmq's test_xpub_topic), repeated ones, and their ends."""
    sender, receiver, kind = pair.first, pair.second, pair.setting.second
    unsubscribe(receiver, kind, b"")
    assert sender.recv() == b"\x00"
    for size in (1, 244, 245, 246, 247, 255, 256, 4096):
        topic = filler(size, 3)
        subscribe(receiver, kind, topic)
        assert sender.recv() == b"\x01" + topic
        pair.exchange([topic + b"!", b"x"], [])
        sender.send(b"nobody wants this")
        unsubscribe(receiver, kind, topic)
        assert sender.recv() == b"\x00" + topic
    for _ in range(3):
        subscribe(receiver, kind, b"A")
    assert sender.recv() == b"\x01A"
    for _ in range(2):
        unsubscribe(receiver, kind, b"A")
    pair.exchange([b"A", b"still"], [])
    unsubscribe(receiver, kind, b"A")
    assert sender.recv() == b"\x00A"
    subscribe(receiver, kind, b"last")
    assert sender.recv() == b"\x01last"
    if pair.setting.subject_is_first == pair.setting.subject_binds:
        # One that has connected keeps the queue of a subscriber that may come again (RFC 29).
        receiver.close(0)
        assert sender.recv() == b"\x00last"


@pytest.mark.parametrize(
    "setting", [s for s in SETTINGS if (s.first, s.second) == ("XPUB", "XSUB")], ids=str
)
def test_messages_to_an_xpub_and_subscriptions_among_them(pair: Conversation) -> None:
    """A subscription ends a message for the application, and all is told in its order."""
    for parts in (
        [b"text"],
        [b"x", b"\x01B"],
        [b"a", b"b"],
        [b"\x01C", b"c"],
        [b"x", b"\x01D", b"y"],
    ):
        pair.second.send_multipart(parts)
    expected = [
        [b"text"],
        [b"x", b"\x01B"],
        [b"a", b"b"],
        [b"\x01C"],
        [b"c"],
        [b"x", b"\x01D"],
        [b"y"],
    ]
    assert [pair.first.recv_multipart() for _ in expected] == expected


@pytest.mark.parametrize("we_publish", [True, False])
def test_a_subscriber_that_connects_again_gets_what_it_wants(
    sockets: Sockets, we_publish: bool
) -> None:
    """Subscriptions made before, during and after the loss of the publisher all hold."""
    make_pub, make_sub = sockets.subject, sockets.peer
    if not we_publish:
        make_pub, make_sub = make_sub, make_pub
    xpub, sub = make_pub("XPUB"), make_sub("SUB", RECONNECT_IVL=10)
    xpub.bind("tcp://127.0.0.1:*")
    endpoint = endpoint_of(xpub)
    sub.connect(endpoint)
    for topic in (b"A", b"B"):
        sub.setsockopt(zmq.SUBSCRIBE, topic)
        assert xpub.recv() == b"\x01" + topic
    xpub.close(0)
    sub.setsockopt(zmq.UNSUBSCRIBE, b"A")
    sub.setsockopt(zmq.SUBSCRIBE, b"C")
    again = make_pub("XPUB")
    until(lambda: binds(again, endpoint))
    assert sorted(first_subscription(again, sub) for _ in range(2)) == [b"\x01B", b"\x01C"]
    for topic in (b"A", b"B", b"C"):
        again.send(topic)
    assert [sub.recv(), sub.recv()] == [b"B", b"C"]


def binds(socket: Socket, endpoint: str) -> bool:
    """Bind if the port is free again."""
    try:
        socket.bind(endpoint)
    except Exception:  # noqa: BLE001
        return False
    return True


def test_push_gives_libzmq_workers_turns(sockets: Sockets) -> None:
    """RFC 30: round-robin."""
    push = sockets.subject("PUSH")
    workers = [sockets.peer("PULL") for _ in range(5)]
    for worker in workers:
        worker.bind("tcp://127.0.0.1:*")
        push.connect(endpoint_of(worker))
    for number in range(10):
        push.send(b"%d" % number)
    assert [[worker.recv(), worker.recv()] for worker in workers] == [
        [b"%d" % n, b"%d" % (n + 5)] for n in range(5)
    ]


def test_a_pair_refuses_a_second_peer_until_the_first_has_gone(sockets: Sockets) -> None:
    """libzmq closes it without a word; here it is counted."""
    pair = sockets.subject("PAIR")
    pair.bind("tcp://127.0.0.1:*")
    first, second = (sockets.peer("PAIR", RECONNECT_IVL=10) for _ in range(2))
    first.connect(endpoint_of(pair))
    first.send(b"first")
    assert pair.recv() == b"first"
    second.connect(endpoint_of(pair))
    assert isinstance(pair, zmq.Socket)
    until(lambda: pair.stats().failures.get("pair-taken"))
    pair.send(b"for the first")
    assert first.recv() == b"for the first"
    first.close(0)
    second.send(b"second")
    assert pair.recv() == b"second"


# Byte by byte, as libzmq's test_mock_pub_sub.


@pytest.mark.parametrize(
    ("version", "wire"),
    [(b"\x03\x01", command(b"SUBSCRIBE", b"A")), (b"\x03\x00", message([b"\x01A"]))],
    ids=["3.1", "3.0"],
)
@pytest.mark.parametrize("kind", ["SUB", "XSUB"])
def test_a_subscription_on_the_wire(
    sockets: Sockets, version: bytes, wire: bytes, kind: str
) -> None:
    """A command for peers of 3.1, a message for those of 3.0; its end likewise."""
    with RawListener() as listener:
        socket = sockets.subject(kind)
        subscribe(socket, kind, b"A")
        socket.connect(listener.endpoint)
        with listener.accept() as raw:
            raw.send(greeting(version=version) + ready(b"PUB"))
            raw.read(64)
            raw.read(len(ready(kind.encode())))
            assert raw.read(len(wire)) == wire
            unsubscribe(socket, kind, b"A")
            end = command(b"CANCEL", b"A") if version == b"\x03\x01" else message([b"\x00A"])
            assert raw.read(len(end)) == end


@pytest.mark.parametrize("wire", [command(b"SUBSCRIBE", b"A"), message([b"\x01A"])])
def test_an_xpub_takes_either_form(sockets: Sockets, wire: bytes) -> None:
    """A command or a message, whatever the peer's version."""
    xpub = sockets.subject("XPUB")
    xpub.bind("tcp://127.0.0.1:*")
    with RawPeer.dial(endpoint_of(xpub)) as raw:
        raw.send(NULL_GREETING + ready(b"SUB") + wire)
        assert xpub.recv() == b"\x01A"
        xpub.send(b"A1")
        raw.read(64 + len(ready(b"XPUB")))
        assert raw.read(4) == b"\x00\x02A1"


@pytest.mark.parametrize(
    ("reason", "flood"),
    [
        ("topic-too-long", [bytes(4097)]),
        ("too-many-subscriptions", [b"%d" % n for n in range(10_001)]),
    ],
)
def test_m5_a_peer_that_asks_for_too_much_is_cut_and_others_are_not(
    sockets: Sockets, reason: str, flood: list[bytes]
) -> None:
    """A topic of 4 KiB and an octet; 10,001 topics."""
    pub = sockets.subject("PUB")
    pub.bind("tcp://127.0.0.1:*")
    good = sockets.peer("SUB")
    good.setsockopt(zmq.SUBSCRIBE, b"good")
    good.connect(endpoint_of(pub))
    assert isinstance(pub, zmq.Socket)
    until(lambda: pub.topics_count == 1)
    with RawPeer.dial(endpoint_of(pub)) as raw:
        raw.shake_hands(b"SUB")
        raw.try_send(b"".join(command(b"SUBSCRIBE", topic) for topic in flood))
        raw.read_to_end()
    assert pub.stats().failures == {reason: 1}
    assert pub.topics_count == 1
    pub.send(b"good news")
    assert good.recv() == b"good news"


def test_cve_2021_20237_a_flood_of_messages_to_a_pub_is_counted_and_forgotten(
    sockets: Sockets,
) -> None:
    """M6."""
    pub = sockets.subject("PUB")
    pub.bind("tcp://127.0.0.1:*")
    assert isinstance(pub, zmq.Socket)
    with RawPeer.dial(endpoint_of(pub)) as raw:
        raw.send(NULL_GREETING + ready(b"SUB") + message([b"unasked", b"x"]) * 5000)
        until(lambda: pub.stats().drops.get("unexpected-message") == 5000)
        assert [peer.queued_in for peer in pub.peers()] == [0]
