"""The blocking front: pyzmq's names and behaviour."""

import gc
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import antiphon.zmq as zmq

#: pyzmq's sockets warn when they are forgotten; Antiphon's close.
pytestmark = pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")

ANYWHERE = "tcp://127.0.0.1:*"


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    context = zmq.Context()
    context.linger = 0
    context.rcvtimeo = context.sndtimeo = 10_000
    yield context
    context.destroy(0)


@pytest.fixture
def pair(context: zmq.Context) -> tuple[zmq.Socket, zmq.Socket]:
    """Two connected DEALERs."""
    first, second = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
    first.bind(ANYWHERE)
    second.connect(first.last_endpoint)
    return first, second


Pair = tuple[zmq.Socket, zmq.Socket]


def test_frames_and_whole_messages_mix(pair: Pair) -> None:
    a, b = pair
    a.send(b"1", zmq.SNDMORE)
    a.send(b"2", zmq.SNDMORE)
    a.send(b"3")
    assert b.recv() == b"1"
    assert b.rcvmore == 1
    assert b.poll(0) == zmq.POLLIN
    assert b.recv_multipart() == [b"2", b"3"]
    assert b.getsockopt(zmq.RCVMORE) == 0
    a.send_multipart([b"x"], zmq.SNDMORE)
    a.send_multipart([b"y", b"z"])
    assert b.recv_multipart() == [b"x", b"y", b"z"]


def test_a_partly_bad_message_sends_nothing(pair: Pair) -> None:
    a, b = pair
    with pytest.raises(TypeError, match="send_string"):
        a.send_multipart([b"good", "bad"])
    with pytest.raises(TypeError):
        a.send_multipart([b"good", 5])
    with pytest.raises(zmq.ZMQError):
        a.send_multipart([])
    a.send(b"next")
    assert b.recv_multipart() == [b"next"]


@pytest.mark.parametrize("data", [b"x", bytearray(b"x"), memoryview(b"x")])
def test_buffers_are_frames(pair: Pair, data: bytes | bytearray | memoryview) -> None:
    a, b = pair
    a.send(data)
    assert b.recv() == b"x"


def test_text_json_and_serialized(pair: Pair) -> None:
    a, b = pair
    a.send_string("grüße")
    assert b.recv_string() == "grüße"
    a.send_json({"a": [1, None]})
    assert b.recv_json() == {"a": [1, None]}
    a.send_serialized(["x", "y"], lambda words: [word.encode() for word in words])
    assert b.recv_serialized(lambda frames: b" ".join(frames)) == b"x y"
    with pytest.raises(TypeError):
        a.send_string(b"bytes")  # type: ignore[arg-type]


def test_recv_into(pair: Pair) -> None:
    a, b = pair
    a.send(b"hello")
    buffer = bytearray(3)
    assert b.recv_into(buffer) == 5
    assert bytes(buffer) == b"hel"


def test_recv_into_is_that_of_pyzmq(either_pair: tuple[Any, Any]) -> None:
    a, b = either_pair
    with pytest.raises(ValueError, match="nbytes"):
        b.recv_into(bytearray(3), nbytes=4)
    with pytest.raises(ValueError, match="nbytes"):
        b.recv_into(bytearray(3), nbytes=-1)
    with pytest.raises(BufferError):
        b.recv_into(b"read-only")
    for body in (b"hello", b"hello", b"hi"):
        a.send(body)
    buffer = bytearray(4)
    assert (b.recv_into(buffer, nbytes=2), bytes(buffer)) == (5, b"he\0\0")
    assert b.recv_into(bytearray()) == 5
    assert (b.recv_into(memoryview(buffer)), bytes(buffer)) == (2, b"hi\0\0")


def test_options_as_attributes_and_by_number(context: zmq.Context) -> None:
    socket = context.socket(zmq.REQ, linger=7)
    assert socket.linger == socket.getsockopt(zmq.LINGER) == 7
    socket.routing_id = b"me"
    assert socket.identity == b"me"
    socket.hwm = 5
    assert (socket.sndhwm, socket.rcvhwm) == (5, 5)
    socket.setsockopt_string(zmq.IDENTITY, "you")
    assert socket.get_string(zmq.IDENTITY) == "you"
    with pytest.raises(TypeError):
        socket.get_string(zmq.AFFINITY)
    assert socket.type == zmq.REQ
    with pytest.raises(AttributeError):
        socket.no_such_option = 1  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        _ = socket.no_such_option  # type: ignore[attr-defined]
    with pytest.raises(zmq.ZMQError) as caught:
        socket.setsockopt(zmq.ROUTING_ID, b"")
    assert caught.value.errno == zmq.error.OptionError("x").errno


def test_polling(context: zmq.Context, pair: Pair) -> None:
    a, b = pair
    poller = zmq.Poller()
    poller.register(a, zmq.POLLIN)
    poller.register(b, zmq.POLLIN)
    assert poller.poll(0) == []
    a.send(b"x")
    assert poller.poll(10_000) == [(b, zmq.POLLIN)]
    assert b in poller
    poller.unregister(b)
    assert b not in poller
    assert zmq.select([b], [], [], 10) == ([b], [], [])


def test_endpoints_are_context_managers(context: zmq.Context) -> None:
    socket = context.socket(zmq.REP)
    with socket.bind(ANYWHERE) as bound:
        other = context.socket(zmq.REP)
        with pytest.raises(zmq.ZMQError):
            other.bind(bound.last_endpoint)
    other.bind(bound.last_endpoint)
    port = context.socket(zmq.REP).bind_to_random_port("tcp://127.0.0.1", 20000, 60000)
    assert 20000 <= port < 60000


def test_a_with_block_gives_the_socket(either: Any, either_context: Any) -> None:
    socket, other = either_context.socket(either.REP), either_context.socket(either.REQ)
    with socket.bind(ANYWHERE) as bound:
        assert bound is socket
        with other.connect(socket.last_endpoint) as connected:
            assert connected is other
    closing = socket.bind(ANYWHERE)
    with closing:
        socket.close()
    assert (closing.socket, closing.kind) == (socket, "bind")


@pytest.mark.parametrize("call", ["bind", "connect", "unbind", "disconnect"])
def test_endpoints_are_text(either: Any, either_context: Any, call: str) -> None:
    socket = either_context.socket(either.REP)
    for wrong in (None, 5):
        with pytest.raises(TypeError):
            getattr(socket, call)(wrong)
    with pytest.raises(either.ZMQError) as caught:
        getattr(socket, call)(b"\xff")
    assert caught.value.errno == either.EINVAL


def test_ids_and_groups_are_refused_and_their_absence_is_accepted(pair: Pair) -> None:
    a, b = pair
    a.send(b"x", 0, True, False, None, None)
    a.send_multipart([b"x"], routing_id=None, group=None)
    a.send_json(1, routing_id=None)
    a.send_string("x", group=None)
    assert [b.recv() for _ in range(4)] == [b"x", b"x", b"1", b"x"]
    with pytest.raises(ValueError, match="is for"):
        a.send(b"x", routing_id=1)
    with pytest.raises(ValueError, match="is for"):
        a.send_multipart([b"x"], group="news")
    with pytest.raises(ValueError, match="is for"):
        a.send_json(1, routing_id=1)


def test_text_options_have_the_old_names_too(either: Any, either_context: Any) -> None:
    socket = either_context.socket(either.REQ)
    socket.setsockopt_unicode(either.IDENTITY, "me")
    assert socket.getsockopt_unicode(either.IDENTITY) == "me"


@pytest.mark.parametrize("send", ["send", "send_multipart"])
def test_a_first_frame_out_of_turn_is_refused_at_once(
    either: Any, either_context: Any, send: str
) -> None:
    rep, req = either_context.socket(either.REP), either_context.socket(either.REQ)
    frame = b"x" if send == "send" else [b"x"]
    rep.bind(ANYWHERE)
    req.connect(rep.last_endpoint)
    with pytest.raises(either.ZMQError) as caught:
        getattr(rep, send)(frame, either.SNDMORE)
    assert caught.value.errno == either.EFSM
    req.send(b"question")
    with pytest.raises(either.ZMQError) as caught:
        getattr(req, send)(frame, either.SNDMORE)
    assert caught.value.errno == either.EFSM
    assert rep.recv_multipart() == [b"question"]
    rep.send(b"1", either.SNDMORE)
    rep.send(b"2")
    assert req.recv_multipart() == [b"1", b"2"]
    req.close()
    with pytest.raises(either.ZMQError) as caught:
        getattr(req, send)(frame, either.SNDMORE)
    assert caught.value.errno == either.ENOTSOCK


def test_a_relaxed_req_may_begin_again(context: zmq.Context) -> None:
    rep, req = context.socket(zmq.REP), context.socket(zmq.REQ, req_relaxed=True)
    rep.bind(ANYWHERE)
    req.connect(rep.last_endpoint)
    req.send(b"first")
    req.send(b"second", zmq.SNDMORE)
    req.send(b"half")
    assert rep.recv_multipart() == [b"first"]


def test_no_message_begins_in_an_ended_context(context: zmq.Context) -> None:
    socket = context.socket(zmq.DEALER)
    context.term()
    with pytest.raises(zmq.ZMQError) as caught:
        socket.send(b"x", zmq.SNDMORE)
    assert caught.value.errno in (zmq.ETERM, zmq.ENOTSOCK)


@pytest.mark.parametrize(
    "fail",
    [
        lambda socket: socket.send("text"),
        lambda socket: socket.send_string(b"bytes"),
        lambda socket: socket.send_json(object()),
        lambda socket: socket.send_multipart([]),
        lambda socket: socket.send_multipart(5),
        lambda socket: socket.send(b"x", group="news"),
        lambda socket: socket.send_multipart([b"good", None]),
        lambda socket: socket.send_serialized(1, len),
    ],
)
def test_frames_of_a_failed_message_are_not_in_the_next(
    pair: Pair, fail: Callable[[zmq.Socket], None]
) -> None:
    a, b = pair
    a.send(b"kept", zmq.SNDMORE)
    with pytest.raises((TypeError, ValueError, zmq.ZMQError)):
        fail(a)
    a.send(b"next")
    assert b.recv_multipart() == [b"next"]


def test_frames_stay_where_the_last_one_would_have_to_wait(context: zmq.Context) -> None:
    a, b = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
    a.send(b"1", zmq.SNDMORE)
    for _ in range(2):
        with pytest.raises(zmq.Again):
            a.send(b"2", zmq.DONTWAIT)
    b.bind(ANYWHERE)
    a.connect(b.last_endpoint)
    a.send(b"2")
    assert b.recv_multipart() == [b"1", b"2"]


def test_mandatory_router_refuses_at_the_id_frame(context: zmq.Context) -> None:
    """R10."""
    router = context.socket(zmq.ROUTER, router_mandatory=True)
    router.bind(ANYWHERE)
    with pytest.raises(zmq.ZMQError) as caught:
        router.send(b"nobody", zmq.SNDMORE)
    assert caught.value.errno == zmq.error.HostUnreachable(b"").errno
    with pytest.raises(zmq.ZMQError):
        router.send_multipart([b"nobody", b"x"])


def test_peers_stats_and_instruments(context: zmq.Context) -> None:
    class Seen(zmq.Instrument):
        def happened(self, event: zmq.SocketEvent) -> None:
            seen.append((event.name, event.reason, event.message))

    seen: list[tuple[str, str, list[bytes]]] = []
    router = context.socket(zmq.ROUTER)
    router.bind(ANYWHERE)
    router.add_instrument(Seen())
    router.send_multipart([b"nobody", b"x"])
    assert seen == [("MESSAGE_DROPPED", "unknown-id", [b"nobody", b"x"])]
    assert router.stats().drops == {"unknown-id": 1}
    dealer = context.socket(zmq.DEALER, routing_id=b"D")
    dealer.connect(router.last_endpoint)
    dealer.send(b"hi")
    assert router.recv_multipart() == [b"D", b"hi"]
    (peer,) = router.peers()
    assert (peer.routing_id, peer.socket_type, peer.connected) == (b"D", "DEALER", True)


def test_closed_sockets_and_contexts_say_so(context: zmq.Context) -> None:
    socket = context.socket(zmq.REQ)
    socket.close()
    assert socket.closed
    socket.close()
    with pytest.raises(zmq.ZMQError) as caught:
        socket.send(b"x")
    assert caught.value.errno == zmq.error.SocketClosed().errno
    context.term()
    with pytest.raises(zmq.ContextTerminated):
        context.socket(zmq.REQ)


def test_a_forgotten_socket_is_closed(context: zmq.Context) -> None:
    socket = context.socket(zmq.REP)
    socket.bind(ANYWHERE)
    endpoint = socket.last_endpoint
    del socket
    gc.collect()
    successor = context.socket(zmq.REP)
    successor.bind(endpoint)


def test_instance_is_shared_and_renewed() -> None:
    first = zmq.Context.instance()
    found: list[zmq.Context] = []
    thread = threading.Thread(target=lambda: found.append(zmq.Context.instance()))
    thread.start()
    thread.join()
    assert found == [first]
    first.term()
    assert zmq.Context.instance() is not first
    zmq.Context.instance().term()


def test_a_socket_keeps_its_context_alive() -> None:
    server, client = zmq.Context().socket(zmq.REP), zmq.Context().socket(zmq.REQ)
    with server, client:
        gc.collect()
        server.bind(ANYWHERE)
        client.connect(server.last_endpoint)
        client.send(b"still there?")
        assert server.recv() == b"still there?"
        assert not server.context.closed


SCRIPT_FORK = """
import asyncio, os, sys
import antiphon.zmq as zmq, antiphon.zmq.asyncio as aio
from antiphon.zmq import ForkedError

def refused(call):
    try:
        call()
    except ForkedError:
        return True
    return False

shared, loops = zmq.Context.instance(), aio.Context()
rep, router = shared.socket(zmq.REP), loops.socket(zmq.ROUTER)
rep.bind("tcp://127.0.0.1:*")
if os.fork() == 0:
    ok = refused(lambda: rep.recv(zmq.DONTWAIT)) and refused(lambda: shared.socket(zmq.REP))
    ok = ok and refused(lambda: asyncio.run(router.recv())) and zmq.Context.instance() is not shared
    rep.close()
    shared.term()
    loops.term()
    os._exit(0 if ok else 1)
print(os.waitstatus_to_exitcode(os.wait()[1]))
shared.destroy(0)
"""


def test_a_context_is_of_no_use_after_fork_and_says_so() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT_FORK], timeout=20, check=True, capture_output=True, text=True
    )
    assert done.stdout == "0\n", done.stderr
