"""A connected socket as a stream, driven by events as polling reports them."""

import os
import socket
from collections.abc import Iterator

import pytest

from antiphon.engine.network import Receiver
from antiphon.hosts.resolver import ThreadResolver
from antiphon.reactor import Reactor
from antiphon.transport.descriptors import READABLE, WRITABLE
from antiphon.transport.stream import SocketStream


class Remembering(Receiver):
    """Remembers what a stream tells."""

    def __init__(self) -> None:
        super().__init__()
        self.reason = ""

    def closed(self, reason: str, detail: str) -> None:
        self.reason = reason

    def flush(self) -> None:
        """Have nothing more to write."""


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    reactor = Reactor(ThreadResolver())
    yield reactor
    reactor.close()


@pytest.mark.parametrize("last_words", [b"", b"unread"])
def test_what_polling_saw_before_reading_was_paused_waits(
    reactor: Reactor, last_words: bytes
) -> None:
    """Another thread may have paused it since: what is there, or the end, is read later."""
    near, far = socket.socketpair()
    near.setblocking(False)
    stream = SocketStream(reactor, near, "there", "here")
    receiver = Remembering()
    stream.start(receiver)
    far.sendall(last_words)
    far.close()
    stream.pause_reading()
    assert stream.on_events(READABLE) == b""
    assert receiver.reason == ""
    stream.resume_reading()
    assert stream.on_events(READABLE) == last_words
    assert receiver.reason == ("" if last_words else "peer-closed")
    stream.close()
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(near.fileno())


def test_a_peer_that_costs_much_is_read_little_at_a_time(reactor: Reactor) -> None:
    """All others wait meanwhile; one that is soon dealt with is read a lot at once."""
    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)
    stream = SocketStream(reactor, near, "there", "here")
    stream.start(Remembering())
    far.send(bytes(150_000))
    sizes: list[int] = []
    for seconds in (10.0, 0.0, 10.0, 10.0):
        sizes.append(len(stream.on_events(READABLE)))
        assert stream.filled
        stream.took(seconds)
    first, second, much, little = sizes
    assert 0 < first < little < second < much / 4
    stream.close()
    far.close()


def test_what_the_system_does_not_take_at_once_goes_out_in_order(reactor: Reactor) -> None:
    """However often it takes a part, in the middle of a chunk or between two."""
    near, far = socket.socketpair()
    near.setblocking(False)
    stream = SocketStream(reactor, near, "there", "here")
    stream.start(Remembering())
    chunks = [b"a" * 700_000, b"", b"b", b"c" * 300_000, b"d" * 5]
    assert not stream.write(chunks)
    received = b""
    while len(received) < 1_000_006:
        waiting = stream.unsent()
        received += far.recv(70_000)
        stream.on_events(WRITABLE)
        assert stream.unsent() <= waiting
    assert received == b"".join(chunks)
    assert stream.unsent() == 0
    stream.close()
    far.close()
