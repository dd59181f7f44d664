"""Frames and trackers: as pyzmq has them, and what is known of a sender."""

import copy
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zmq as theirs

import antiphon.zmq as ours

pytestmark = pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")

Pair = tuple[Any, Any]


def test_a_frame_is_its_bytes(either: Any) -> None:
    frame = either.Frame(b"abc")
    assert frame.bytes == bytes(frame) == bytes(frame.buffer) == b"abc"
    assert isinstance(frame.buffer, memoryview)
    assert (len(frame), len(either.Frame()), bool(either.Frame(b""))) == (3, 0, False)
    assert str(frame) == repr(frame) == "<zmq.Frame(b'abc')>"
    assert repr(either.Frame(b"abc" * 20)) == "<zmq.Frame(b'abcabcabcabc'...60B)>"
    assert either.Message is either.Frame


@pytest.mark.parametrize(
    "data", [bytearray(b"abcd"), memoryview(b"abcd"), memoryview(b"abcd").cast("B", [2, 2])]
)
def test_frames_are_made_of_buffers(either: Any, data: object) -> None:
    assert either.Frame(data).bytes == b"abcd"
    assert either.Frame(either.Frame(data)).bytes == b"abcd"
    assert either.Frame(data=data, track=False, copy=True, copy_threshold=3).bytes == b"abcd"


@pytest.mark.parametrize("data", ["text", 5, [b"list"]])
def test_frames_are_made_of_nothing_else(either: Any, data: object) -> None:
    with pytest.raises(TypeError):
        either.Frame(data)


def test_frames_compare_by_identity_and_are_copied_without_their_bytes(either: Any) -> None:
    frame = either.Frame(b"abc")
    frame.more = True
    other = copy.copy(frame)
    assert frame == frame
    assert frame != other
    assert frame != b"abc"
    assert other.bytes == b"abc"
    assert len({frame, other}) == 2


def test_options_of_a_frame(either: Any) -> None:
    frame = either.Frame(b"abc")
    assert (frame.more, frame.get(either.MORE), frame[either.MORE]) == (False, 0, 0)
    assert frame.get(either.SHARED) == 0
    for unknown in (99, "Socket-Type", b"X-none"):
        with pytest.raises(either.ZMQError) as caught:
            frame.get(unknown)
        assert caught.value.errno == either.EINVAL
    with pytest.raises(either.ZMQError):
        frame.set(either.MORE, 1)
    with pytest.raises(AttributeError):
        frame.colour = "red"


def test_routing_id_and_group_are_kept() -> None:
    frame = ours.Frame(b"abc")
    assert (frame.routing_id, frame.group) == (0, "")
    frame.set("routing_id", 7)
    frame.group = "news"
    assert (frame.get("routing_id"), frame["group"]) == (7, "news")
    assert (copy.copy(frame).routing_id, frame.fast_copy().group) == (7, "news")
    for name, value in (("routing_id", 0), ("routing_id", 2**32), ("group", "g" * 256)):
        with pytest.raises(ours.OptionError, match=name):
            frame.set(name, value)


def test_trackers_are_done_when_all_they_watch_is(either: Any) -> None:
    event = threading.Event()
    first, both = either.MessageTracker(), either.MessageTracker(event)
    both = either.MessageTracker(first, both)
    assert first.done
    first.wait()
    assert not both.done
    for timeout in (0, 0.01):
        with pytest.raises(either.NotDone):
            both.wait(timeout)
    event.set()
    assert both.done
    both.wait(timeout=5)
    both.wait()


def test_trackers_wait_for_another_thread(either: Any) -> None:
    event = threading.Event()
    threading.Timer(0.02, event.set).start()
    either.MessageTracker(either.MessageTracker(event)).wait(10)
    assert event.is_set()


def test_what_cannot_be_tracked_is_refused(either: Any) -> None:
    with pytest.raises(ValueError, match=r"[Nn]ot a tracked message"):
        either.MessageTracker(either.Frame(b"x"))
    with pytest.raises(TypeError):
        either.MessageTracker(5)
    assert either.Frame(b"x").tracker is None
    assert isinstance(either.Frame(b"x", track=True).tracker, either.MessageTracker)


def test_which_sends_return_a_tracker(either: Any, either_pair: Pair) -> None:
    a, b = either_pair
    sends: list[Callable[..., Any]] = [
        lambda **options: a.send(b"x", **options),
        lambda **options: a.send_multipart([b"x", b"y"], **options),
        lambda **options: a.send_string("x", **options),
        lambda **options: a.send_serialized(None, lambda _: [b"x"], **options),
    ]
    for send in sends:
        assert send() is None
        assert send(track=True) is None
        for options in ({"copy": False}, {"copy": False, "track": True}):
            tracker = send(**options)
            tracker.wait(10)
            assert tracker.done
    while b.poll(200):
        b.recv_multipart()


def test_frames_are_sent_again_and_again(either: Any, either_pair: Pair) -> None:
    a, b = either_pair
    frame = either.Frame(b"again", track=True)
    assert isinstance(a.send(frame, track=True), either.MessageTracker)
    assert a.send(either.Frame(b"once"), copy=False) is None
    with pytest.raises(ValueError, match=r"[Nn]ot a tracked message"):
        a.send(either.Frame(b"x"), track=True)
    a.send_multipart([frame, b"y", either.Frame(b"z")])
    assert [b.recv(), b.recv()] == [b"again", b"once"]
    assert b.recv_multipart() == [b"again", b"y", b"z"]


def test_large_buffers_are_tracked_until_they_are_away() -> None:
    with ours.Context() as context:
        a, b = context.socket(ours.DEALER), context.socket(ours.DEALER)
        a.bind("inproc://large")
        b.connect("inproc://large")
        buffer = bytearray(b"a" * 100_000)
        tracker = a.send(buffer, copy=False, track=True)
        assert tracker is not None
        assert tracker.done
        buffer[:] = b"b" * 100_000
        assert b.recv() == b"a" * 100_000


def test_messages_come_as_frames(either: Any, either_pair: Pair) -> None:
    a, b = either_pair
    a.send_multipart([b"1", b"2", b"3"])
    a.send_multipart([b"4", b"5"])
    a.send(b"6")
    first = b.recv(copy=False)
    assert (first.bytes, first.more, b.rcvmore, first.tracker) == (b"1", True, 1, None)
    rest = b.recv_multipart(copy=False, track=True)
    assert [(frame.bytes, frame.more) for frame in rest] == [(b"2", True), (b"3", False)]
    assert all(frame.tracker.done for frame in rest)
    assert b.recv() == b"4"
    assert b.recv(copy=False).bytes == b"5"
    assert b.recv(copy=False)["Socket-Type"] == "DEALER"


def test_serialized_messages_come_as_frames(either_pair: Pair) -> None:
    a, b = either_pair
    a.send_multipart([b"1", b"2"])
    assert b.recv_serialized(lambda frames: [bytes(f) for f in frames], copy=False) == [b"1", b"2"]


@pytest.mark.parametrize("sender", [theirs, ours], ids=["from-pyzmq", "from-antiphon"])
def test_frames_tell_of_their_sender(either: Any, either_context: Any, sender: Any) -> None:
    with sender.Context() as context:
        b = either_context.socket(either.ROUTER)
        b.bind("tcp://127.0.0.1:*")
        a = context.socket(sender.DEALER)
        a.linger = 0
        a.routing_id = b"me"
        a.connect(b.last_endpoint)
        a.send_multipart([b"x", b"y"])
        for frame in b.recv_multipart(copy=False):
            assert frame["Socket-Type"] == frame.get(b"Socket-Type") == "DEALER"
            assert frame["Identity"] == "me"
            assert frame["Peer-Address"] == "127.0.0.1"
            with pytest.raises(either.ZMQError):
                frame["User-Id"]
        a.close()


def test_frames_tell_what_the_sender_announced() -> None:
    with ours.Context() as context:
        a, b = context.socket(ours.REQ), context.socket(ours.REP)
        a.metadata = "X-Colour:red"
        b.metadata = "X-Colour:blue"
        b.bind("tcp://127.0.0.1:*")
        a.connect(b.last_endpoint)
        a.send(b"question")
        asked = b.recv(copy=False)
        assert (asked["X-Colour"], asked["x-colour"]) == ("red", "red")
        b.send(b"answer")
        answered = a.recv(copy=False)
        assert (answered["X-Colour"], answered["Socket-Type"]) == ("blue", "REP")


def test_senders_on_a_path_have_an_address_and_in_the_process_none(
    either: Any, either_context: Any, tmp_path: Path
) -> None:
    for endpoint, local in ((f"ipc://{tmp_path}/s", True), ("inproc://s", False)):
        a, b = either_context.socket(either.DEALER), either_context.socket(either.DEALER)
        b.bind(endpoint)
        a.connect(endpoint)
        a.send(b"x")
        frame = b.recv(copy=False)
        if local:
            assert frame["Peer-Address"].startswith("localhost")
        else:
            with pytest.raises(either.ZMQError):
                frame["Peer-Address"]


def test_what_is_known_outlives_the_sender(either: Any, either_context: Any) -> None:
    b = either_context.socket(either.DEALER)
    b.bind("tcp://127.0.0.1:*")
    a = either_context.socket(either.DEALER)
    a.linger = -1
    a.connect(b.last_endpoint)
    a.send_multipart([b"x", b"y"])
    first = b.recv(copy=False)
    a.close()
    assert first["Socket-Type"] == "DEALER"
    assert b.recv(copy=False)["Socket-Type"] == "DEALER"
