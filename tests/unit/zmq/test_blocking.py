"""What programs pass beside a message, in both builds and as pyzmq takes it."""

from typing import Any

import pytest


@pytest.mark.parametrize("true", [True, 1, "yes"])
@pytest.mark.parametrize("false", [False, 0, None])
def test_whatever_is_true_is_a_flag(either_pair: Any, true: Any, false: Any) -> None:
    left, right = either_pair
    assert left.send(b"one", 0, true, false) is None
    assert right.recv(0, true) == b"one"
    left.send(b"two", copy=false, track=true)
    frame = right.recv(copy=false, track=true)
    assert (frame.bytes, frame.tracker is not None) == (b"two", True)
    left.send_multipart([b"three", b"3"], 0, true, false)
    assert right.recv_multipart(0, true) == [b"three", b"3"]
    left.send_multipart([b"four"], copy=false, track=false)
    assert [each.bytes for each in right.recv_multipart(copy=false)] == [b"four"]


def test_flags_may_be_several(either: Any, either_pair: Any) -> None:
    left, right = either_pair
    left.send(b"connected")
    assert right.recv() == b"connected"
    left.send(b"a", either.SNDMORE | either.NOBLOCK)
    left.send(b"b", flags=either.NOBLOCK)
    assert right.recv_multipart() == [b"a", b"b"]
    with pytest.raises(either.Again):
        right.recv(either.NOBLOCK)
