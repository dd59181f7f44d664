"""What a program sees is the same over each transport: ends, queues, ids, bounds."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import antiphon.zmq as zmq
from tests.waiting import until

#: The transports that have connections, and all.
WIRED = ("tcp", "ws", "wss", "ipc")
SCHEMES = (*WIRED, "inproc")
#: More than the buffers of the system take.
STALLING = 16_000_000


@pytest.fixture(params=SCHEMES)
def endpoint(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An endpoint at which nobody listens yet."""
    return free_endpoint(request.param, tmp_path, "first")


@pytest.fixture(params=WIRED)
def wire_endpoint(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The same, of the transports that have connections."""
    return free_endpoint(request.param, tmp_path, "first")


@pytest.fixture
def other_endpoint(endpoint: str, tmp_path: Path) -> str:
    """Another one of the same transport."""
    return free_endpoint(endpoint.partition(":")[0], tmp_path, "other")


def free_endpoint(scheme: str, folder: Path, name: str) -> str:
    if scheme in ("tcp", "ws", "wss"):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        return f"tcp://127.0.0.1:{port}" if scheme == "tcp" else f"{scheme}://127.0.0.1:{port}/a"
    return f"ipc://{folder}/{name}" if scheme == "ipc" else f"inproc://{name}"


def bound(context: zmq.Context, kind: int, endpoint: str, **options: object) -> zmq.Socket:
    server = context.socket(kind, **options)
    server.bind(endpoint)
    return server


def connected(context: zmq.Context, kind: int, endpoint: str, **options: object) -> zmq.Socket:
    client = context.socket(kind, **{"reconnect_ivl": 20, **options})
    client.connect(endpoint)
    return client


def reader_waits(context: zmq.Context, server: zmq.Socket) -> bool:
    """Tell whether a thread is blocked in recv(), where it runs the reactor if need be."""
    host = context._host
    server.get(zmq.TYPE)  # Any call makes the caretaker step aside.
    runs = host.running and not host._caretaker.runs
    return any(sleeper.asleep or runs for sleeper in host._sleepers)


def is_refused(endpoint: str) -> bool:
    """Tell whether nobody listens there."""
    scheme, _, address = endpoint.partition("://")
    family, where = (
        (socket.AF_UNIX, address)
        if scheme == "ipc"
        else (socket.AF_INET, ("127.0.0.1", int(address.partition("/")[0].rpartition(":")[2])))
    )
    with socket.socket(family) as stranger:
        stranger.settimeout(10)
        return stranger.connect_ex(where) != 0


def test_what_is_sent_just_before_closing_arrives(context: zmq.Context, endpoint: str) -> None:
    server = bound(context, zmq.ROUTER, endpoint)
    for number in range(10):
        received: list[bytes] = []
        reader = threading.Thread(
            target=lambda got=received: got.extend(server.recv_multipart()[1:])
        )
        reader.start()
        until(lambda: reader_waits(context, server))
        client = connected(context, zmq.DEALER, endpoint, linger=-1)
        client.send(b"%d" % number)
        client.close()
        reader.join(15)
        assert received == [b"%d" % number]


def test_m10_a_peer_that_takes_nothing_is_given_up(
    context: zmq.Context, wire_endpoint: str
) -> None:
    server = bound(context, zmq.PULL, wire_endpoint, rcvhwm=1, rcvhwm_bytes=1)
    client = connected(context, zmq.PUSH, wire_endpoint, sndstall_ivl=200, reconnect_ivl=-1)
    for _ in range(3):
        client.send(bytes(STALLING))
    until(lambda: client.stats().failures.get("slow-peer") == 1)
    assert not client.peers()
    assert server.recv() == bytes(STALLING)


def test_what_is_queued_goes_out_after_disconnecting_and_nothing_else(
    context: zmq.Context, endpoint: str
) -> None:
    client = connected(context, zmq.DEALER, endpoint, linger=-1)
    for number in range(3):
        client.send(b"%d" % number)
    client.disconnect(endpoint)
    with pytest.raises(zmq.Again):
        client.send(b"too late", zmq.DONTWAIT)
    server = bound(context, zmq.DEALER, endpoint)
    assert [server.recv() for _ in range(3)] == [b"0", b"1", b"2"]
    with pytest.raises(zmq.Again):
        client.send(b"too late", zmq.DONTWAIT)
    until(lambda: not client.peers())


def test_disconnecting_from_a_slow_peer_loses_nothing(context: zmq.Context, endpoint: str) -> None:
    server = bound(context, zmq.DEALER, endpoint, rcvhwm=1)
    client = connected(context, zmq.DEALER, endpoint, linger=-1)
    until(lambda: server.peers())
    for number in range(50):
        client.send(b"%d" % number)
    client.disconnect(endpoint)
    assert [server.recv() for _ in range(50)] == [b"%d" % number for number in range(50)]


def test_after_disconnecting_the_other_peer_gets_all(
    context: zmq.Context, endpoint: str, other_endpoint: str
) -> None:
    slow = bound(context, zmq.DEALER, endpoint, rcvhwm=1)
    other = bound(context, zmq.DEALER, other_endpoint)
    client = connected(context, zmq.DEALER, endpoint, linger=-1)
    for body in (b"first", b"second", bytes(STALLING)):
        client.send(body)
    client.disconnect(endpoint)
    client.connect(other_endpoint)
    for number in range(20):
        client.send(b"%d" % number)
    assert [other.recv() for _ in range(20)] == [b"%d" % number for number in range(20)]
    assert [len(slow.recv()) for _ in range(3)] == [5, 6, STALLING]


def test_connecting_again_after_disconnecting(context: zmq.Context, endpoint: str) -> None:
    server = bound(context, zmq.DEALER, endpoint)
    client = connected(context, zmq.DEALER, endpoint, linger=-1)
    for number in range(10):
        client.send(b"%d" % number)
        assert server.recv() == b"%d" % number
        client.disconnect(endpoint)
        client.connect(endpoint)
    until(lambda: len(client.peers()) == 1)


def test_connecting_again_while_messages_wait_for_the_first_connection(
    context: zmq.Context, wire_endpoint: str
) -> None:
    client = connected(context, zmq.DEALER, wire_endpoint, linger=-1)
    client.send(b"before")
    client.disconnect(wire_endpoint)
    client.connect(wire_endpoint)
    client.send(b"after")
    server = bound(context, zmq.DEALER, wire_endpoint)
    assert sorted(server.recv() for _ in range(2)) == [b"after", b"before"]
    for number in range(10):
        client.send(b"%d" % number)
        assert server.recv() == b"%d" % number
    until(lambda: len(client.peers()) == 1)


def test_unbinding_stops_listening_while_an_earlier_peer_still_gets_its_messages(
    context: zmq.Context, wire_endpoint: str
) -> None:
    server = bound(context, zmq.DEALER, wire_endpoint, linger=-1)
    client = connected(context, zmq.DEALER, wire_endpoint, rcvhwm=1)
    for body in (b"first", b"second", bytes(STALLING)):
        server.send(body)
    server.unbind(wire_endpoint)
    assert is_refused(wire_endpoint)
    server.bind(wire_endpoint)
    assert not is_refused(wire_endpoint)
    server.unbind(wire_endpoint)
    assert is_refused(wire_endpoint)
    with pytest.raises(zmq.ZMQError):
        server.unbind(wire_endpoint)
    assert [len(client.recv()) for _ in range(3)] == [5, 6, STALLING]


def test_a_peer_whose_id_was_in_use_is_let_in_once_it_is_free(
    context: zmq.Context, endpoint: str
) -> None:
    router = bound(context, zmq.ROUTER, endpoint)
    first = connected(context, zmq.DEALER, endpoint, routing_id=b"X")
    first.send(b"first")
    assert router.recv_multipart() == [b"X", b"first"]
    second = connected(context, zmq.DEALER, endpoint, routing_id=b"X")
    second.send(b"second")
    until(lambda: router.stats().failures.get("duplicate-id"))
    first.close(0)
    assert router.recv_multipart() == [b"X", b"second"]
    router.send_multipart([b"X", b"welcome"])
    assert second.recv() == b"welcome"


def test_a_late_reader_gets_all_that_was_sent_before_the_end(
    make_context: Callable[[], zmq.Context], wire_endpoint: str
) -> None:
    receiving, sending = make_context(), make_context()
    try:
        sender = bound(sending, zmq.ROUTER, wire_endpoint, sndhwm=0, linger=10_000)
        reader = connected(
            receiving, zmq.DEALER, wire_endpoint, routing_id=b"D", rcvhwm=10, rcvtimeo=10_000
        )
        reader.send(b"ready")
        sender.recv_multipart()
        for number in range(200):
            sender.send_multipart([b"D", b"%d" % number])
        sending.term()
        until(lambda: reader.peers()[0].queued_in)
        assert [reader.recv() for _ in range(200)] == [b"%d" % number for number in range(200)]
    finally:
        sending.destroy(0)
        receiving.destroy(0)


def test_disconnecting_with_no_linger_leaves_no_peer(
    context: zmq.Context, wire_endpoint: str
) -> None:
    client = connected(context, zmq.DEALER, wire_endpoint, linger=0)
    client.send(b"nobody hears")
    client.disconnect(wire_endpoint)
    assert client.peers() == []
    assert client.stats().drops == {"peer-gone": 1}


@pytest.mark.parametrize("size", [1, 100_000])
def test_a_message_larger_than_the_queue_may_be_passes(
    context: zmq.Context, endpoint: str, size: int
) -> None:
    server = bound(context, zmq.DEALER, endpoint, rcvhwm_bytes=8)
    client = connected(context, zmq.DEALER, endpoint)
    client.send(bytes(size))
    assert server.recv() == bytes(size)


@pytest.mark.parametrize("size", [1, 100_000])
def test_many_messages_larger_than_the_queue_may_be_pass(
    context: zmq.Context, wire_endpoint: str, size: int
) -> None:
    server = bound(context, zmq.DEALER, wire_endpoint, rcvhwm_bytes=8)
    client = connected(context, zmq.DEALER, wire_endpoint)
    for number in range(20):
        client.send(b"%02d" % number + bytes(size))
    for number in range(20):
        assert server.recv() == b"%02d" % number + bytes(size)


def test_subscribers_get_what_they_ask_for_each_a_list_of_its_own(
    context: zmq.Context, endpoint: str
) -> None:
    xpub = bound(context, zmq.XPUB, endpoint)
    subscribers = [connected(context, zmq.SUB, endpoint, subscribe=b"A") for _ in range(3)]
    until(lambda: len(xpub.peers()) == 3 and all(peer.received for peer in xpub.peers()))
    assert xpub.recv() == b"\x01A"
    for _ in range(2):
        xpub.send_multipart([b"A1", b"body"])
        xpub.send(b"B")
    for _ in range(2):
        for subscriber in subscribers:
            parts = subscriber.recv_multipart()
            assert parts == [b"A1", b"body"]
            parts.clear()
    for subscriber in subscribers:
        subscriber.unsubscribe("A")
    assert xpub.recv() == b"\x00A"
    subscribers[0].subscribe("C")
    assert xpub.recv() == b"\x01C"
    subscribers[0].close()
    assert xpub.recv() == b"\x00C"


def test_subscriptions_made_before_there_is_a_publisher_hold_for_each_that_comes(
    context: zmq.Context, endpoint: str
) -> None:
    subscriber = connected(context, zmq.XSUB, endpoint)
    subscriber.send(b"\x01A")
    subscriber.send(b"hello")
    for number in range(3):
        xpub = bound(context, zmq.XPUB, endpoint)
        assert xpub.recv() == b"\x01A"
        if not number:
            assert xpub.recv() == b"hello"
        xpub.send(b"A%d" % number)
        assert subscriber.recv() == b"A%d" % number
        xpub.close()
        until(lambda: not any(peer.connected for peer in subscriber.peers()))


def test_a_subscriber_that_asks_for_too_much_is_closed(context: zmq.Context, endpoint: str) -> None:
    pub = bound(context, zmq.PUB, endpoint)
    greedy = connected(context, zmq.SUB, endpoint, reconnect_ivl=-1)
    modest = connected(context, zmq.SUB, endpoint, subscribe=b"")
    until(lambda: len(pub.peers()) == 2 and pub.topics_count == 1)
    greedy.subscribe(b"t" * 4097)
    until(lambda: pub.stats().failures == {"topic-too-long": 1})
    until(lambda: len(pub.peers()) == 1)
    pub.send(b"news")
    assert modest.recv() == b"news"


def test_work_goes_down_the_pipeline_to_one_worker_each(
    context: zmq.Context, endpoint: str
) -> None:
    push = bound(context, zmq.PUSH, endpoint)
    workers = [connected(context, zmq.PULL, endpoint) for _ in range(4)]
    until(lambda: len([peer for peer in push.peers() if peer.connected]) == 4)
    for number in range(40):
        push.send(b"%d" % number)
    got = [[int(worker.recv()) for _ in range(10)] for worker in workers]
    assert sorted(got) == [list(range(first, 40, 4)) for first in range(4)]


def test_a_pair_has_one_peer(context: zmq.Context, endpoint: str) -> None:
    server = bound(context, zmq.PAIR, endpoint)
    first = connected(context, zmq.PAIR, endpoint)
    first.send(b"first")
    assert server.recv() == b"first"
    second = connected(context, zmq.PAIR, endpoint)
    until(lambda: server.stats().failures.get("pair-taken"))
    first.close()
    second.send(b"second")
    assert server.recv() == b"second"
    server.send(b"welcome")
    assert second.recv() == b"welcome"


@pytest.mark.parametrize(
    ("binder", "connecter"),
    [(zmq.CHANNEL, zmq.CHANNEL), (zmq.GATHER, zmq.SCATTER), (zmq.PULL, zmq.PUSH)],
)
def test_one_frame_after_the_other_arrives(
    context: zmq.Context, endpoint: str, binder: int, connecter: int
) -> None:
    receiver = bound(context, binder, endpoint)
    sender = connected(context, connecter, endpoint)
    for number in range(10):
        sender.send(b"%d" % number)
    assert [receiver.recv() for _ in range(10)] == [b"%d" % number for number in range(10)]


@pytest.mark.parametrize("kinds", [(zmq.SERVER, zmq.CLIENT), (zmq.PEER, zmq.PEER)])
def test_a_server_answers_by_number(
    context: zmq.Context, endpoint: str, kinds: tuple[int, int]
) -> None:
    server = bound(context, kinds[0], endpoint)
    client = connected(context, kinds[1], endpoint, hello_msg=b"hello")
    frame = server.recv(copy=False)
    assert frame.bytes == b"hello"
    server.send(b"World", routing_id=frame.routing_id)
    assert client.recv() == b"World"


def test_a_peer_that_goes_while_it_is_not_read_does_not_keep_a_socket_from_ending(
    make_context: Callable[[], zmq.Context], wire_endpoint: str
) -> None:
    here, there = make_context(), make_context()
    server = here.socket(zmq.DEALER, rcvhwm=2, sndtimeo=0)
    server.bind(wire_endpoint)
    client = there.socket(zmq.DEALER)
    client.connect(wire_endpoint)
    for _ in range(100):
        client.send(b"unread")
    assert server.poll(10_000)
    there.destroy()
    for _ in range(3):
        with suppress(zmq.Again):
            server.send(b"for nobody")
    server.close(-1)
    ending = threading.Thread(target=here.term, daemon=True)
    ending.start()
    ending.join(10)
    assert not ending.is_alive()
