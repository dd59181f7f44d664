"""What programs pass beside a message, in both builds."""

import pytest

import antiphon.zmq as zmq


@pytest.mark.parametrize("true", [True, 1, "yes"])
@pytest.mark.parametrize("false", [False, 0, None])
def test_whatever_is_true_is_a_flag(context: zmq.Context, true: bool, false: bool) -> None:
    left, right = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
    left.bind("inproc://flags")
    right.connect("inproc://flags")
    assert left.send(b"one", 0, true, false) is None
    assert right.recv(0, true) == b"one"
    tracker = left.send(b"two", copy=false, track=true)
    assert tracker is not None
    assert tracker.done
    frame = right.recv(copy=false, track=true)
    assert (frame.bytes, frame.tracker is not None) == (b"two", True)
    left.send_multipart([b"three", b"3"], 0, true, false)
    assert right.recv_multipart(0, true) == [b"three", b"3"]
    left.send_multipart([b"four"], copy=false, track=false)
    assert [each.bytes for each in right.recv_multipart(copy=false)] == [b"four"]


def test_flags_may_be_any_number_of_theirs(context: zmq.Context) -> None:
    left, right = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
    left.bind("inproc://flags")
    right.connect("inproc://flags")
    left.send(b"a", zmq.SNDMORE | zmq.DONTWAIT)
    left.send(b"b", flags=zmq.DONTWAIT)
    assert right.recv_multipart(zmq.NOBLOCK) == [b"a", b"b"]
    with pytest.raises(zmq.Again):
        right.recv(zmq.NOBLOCK)
