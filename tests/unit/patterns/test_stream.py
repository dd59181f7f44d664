"""STREAM without connections: bytes by id, notices, and closing."""

import pytest

from antiphon.errors import HostUnreachable
from antiphon.patterns.base import PEER_GONE, QUEUE_FULL
from antiphon.patterns.pipe import Pipe, PipeEnd
from antiphon.patterns.router import ID_ONLY
from antiphon.patterns.stream import Stream

from .pipes import comes, connect, everything, goes, options


class FinishingEnd(PipeEnd):
    def __init__(self) -> None:
        self.finished = False

    def finish(self) -> None:
        self.finished = True


def join(stream: Stream, name: bytes = b"") -> Pipe:
    pipe = Pipe(stream.options)
    pipe.routing_id = name
    pipe.end = FinishingEnd()
    assert not stream.attach(pipe)
    connect(stream, pipe)
    return pipe


def finished(pipe: Pipe) -> bool:
    assert isinstance(pipe.end, FinishingEnd)
    return pipe.end.finished


@pytest.mark.parametrize("notify", [True, False])
def test_connections_and_their_ends_are_told_around_the_data(notify: bool) -> None:
    stream = Stream(options(stream_notify=notify), 0)
    one, two = join(stream), join(stream, b"two")
    assert len(one.routing_id) == 5
    comes(stream, one, [b"GET /"])
    comes(stream, two, [b"x"])
    stream.detach(one)
    notice = [[one.routing_id, b""]] if notify else []
    received = everything(stream)
    of_one = [parts for parts in received if parts[0] == one.routing_id]
    assert of_one == [*notice, [one.routing_id, b"GET /"], *notice]
    assert [parts for parts in received if parts[0] == b"two"][-1] == [b"two", b"x"]


def test_data_goes_to_the_connection_it_is_for() -> None:
    stream = Stream(options(), 0)
    one, two = join(stream, b"1"), join(stream, b"2")
    assert stream.try_send([b"1", b"HTTP/1.0 200 OK\r\n", b"\r\n"])
    assert (goes(one), goes(two)) == ([[b"HTTP/1.0 200 OK\r\n", b"\r\n"]], [])


def test_an_empty_frame_closes_the_connection_after_what_waits_and_nothing_is_told() -> None:
    stream = Stream(options(), 0)
    pipe = join(stream, b"1")
    everything(stream)
    stream.try_send([b"1", b"last"])
    assert stream.try_send([b"1", b""])
    assert finished(pipe)
    assert goes(pipe) == [[b"last"]]
    with pytest.raises(HostUnreachable):
        stream.try_send([b"1", b"more"])
    stream.detach(pipe)
    assert everything(stream) == []
    assert stream.drops == {}


def test_a_full_queue_waits_and_an_unknown_id_is_an_error() -> None:
    stream = Stream(options(hwm=1), 0)
    assert stream.can_send()
    pipe = join(stream, b"1")
    assert stream.try_send([b"1", b"a"])
    assert not stream.try_send([b"1", b"b"])
    assert not stream.can_send()
    goes(pipe)
    assert pipe.unblocked()
    assert stream.can_send()
    for parts in ([b"?", b"x"], [b"?", b""]):
        with pytest.raises(HostUnreachable):
            stream.try_send(parts)
    assert stream.try_send([b"1"])
    assert stream.drops == {ID_ONLY: 1}


def test_a_connection_of_ours_is_told_each_time_it_is_made() -> None:
    stream = Stream(options(), 0)
    pipe = join(stream, b"1")
    stream.interrupted(pipe)
    connect(stream, pipe)
    assert everything(stream) == [[b"1", b""]] * 3


def test_what_gone_connections_have_sent_is_kept_within_the_bound() -> None:
    stream = Stream(options(hwm=3, stream_notify=False), 0)
    for _ in range(3):
        pipe = join(stream, b"1")
        comes(stream, pipe, [b"a"], [b"b"])
        stream.try_send([b"1", b"unsent"])
        stream.detach(pipe)
    assert everything(stream) == [[b"1", b"a"], [b"1", b"b"], [b"1", b"a"]]
    assert stream.drops == {QUEUE_FULL: 3, PEER_GONE: 3}
