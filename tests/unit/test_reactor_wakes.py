"""No wake-up is lost between threads, and an exception ends the one connection it came from."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from antiphon.constants import OwnEvent
from antiphon.engine.network import Receiver
from antiphon.engine.socket import DEALER, REP, SocketCore
from antiphon.instrument import Instrument, SocketEvent
from antiphon.options import SocketOptions
from antiphon.reactor import Reactor
from antiphon.transport.descriptors import Resolution, Resolver


class Noted(Resolution):
    """Writes down that it is done."""

    def __init__(self, notes: list[str]) -> None:
        super().__init__("host", 1, False)
        self.notes = notes

    def done(self) -> None:
        self.notes.append(self.host)


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    reactor = Reactor(Resolver())
    yield reactor
    reactor.close()


def poll_until(reactor: Reactor, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        reactor.poll(0.01)


def test_all_that_threads_post_is_done(reactor: Reactor) -> None:
    notes: list[str] = []
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)

    def post() -> None:
        for _ in range(2000):
            reactor.post(Noted(notes))

    threads = [threading.Thread(target=post) for _ in range(3)]
    try:
        for thread in threads:
            thread.start()
        poll_until(reactor, lambda: len(notes) == 6000)
    finally:
        sys.setswitchinterval(interval)
        for thread in threads:
            thread.join(10)
    reactor.poll(0.0)
    threading.Timer(0.02, reactor.wake).start()
    start = time.monotonic()
    reactor.poll(10)
    assert time.monotonic() - start < 10


class Intruder:
    """Posts before the n-th call or return in a pass of the reactor."""

    def __init__(self, reactor: Reactor, number: int, notes: list[str]) -> None:
        self.reactor = reactor
        self.steps = number
        self.notes = notes

    def step(self, _frame: FrameType, _event: str, _what: object) -> None:
        self.steps -= 1
        if self.steps == 0:
            # From a thread of its own, as a resolver does.
            thread = threading.Thread(target=self.reactor.post, args=(Noted(self.notes),))
            thread.start()
            thread.join()

    def attend(self) -> None:
        sys.setprofile(self.step)
        try:
            self.reactor.poll(0.0)
        finally:
            sys.setprofile(None)


def interrupted_at(reactor: Reactor, number: int) -> bool:
    """Post at that step of a pass, and afterwards; returns whether the pass has so many steps."""
    notes: list[str] = []
    reactor.post(Noted(notes))
    intruder = Intruder(reactor, number, notes)
    intruder.attend()
    expected = 2 if intruder.steps <= 0 else 1
    poll_until(reactor, lambda: len(notes) == expected)
    reactor.post(Noted(notes))
    poll_until(reactor, lambda: len(notes) == expected + 1)
    return intruder.steps <= 0


def test_a_post_at_any_step_of_a_pass_is_done(reactor: Reactor) -> None:
    number = 1
    while interrupted_at(reactor, number):
        number += 1


class Flushed(Receiver):
    """A receiver that notes what it is told, and may fail."""

    def __init__(self, error: BaseException | None = None) -> None:
        super().__init__()
        self.error = error
        self.flushes = 0
        self.end = ""

    def flush(self) -> None:
        self.flushes += 1
        if self.error is not None:
            raise self.error

    def closed(self, reason: str, detail: str) -> None:
        self.end = reason


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_flush_that_raises_closes_that_receiver_and_the_others_go_on(
    reactor: Reactor, error: type[BaseException]
) -> None:
    receivers = [Flushed(), Flushed(), Flushed(error()), Flushed(), Flushed()]
    reactor.dirty += receivers
    with pytest.raises(error):
        reactor.poll(0.0)
    reactor.poll(0.0)
    assert [receiver.flushes for receiver in receivers] == [1] * 5
    assert [receiver.end for receiver in receivers] == ["", "", "interrupted", "", ""]


class Raising(Instrument):
    """Fails at the first drop."""

    def __init__(self, error: type[BaseException]) -> None:
        self.error = error
        self.drops = 0

    def wants(self, number: int) -> bool:
        return number == OwnEvent.MESSAGE_DROPPED

    def happened(self, event: SocketEvent) -> None:
        self.drops += 1
        if self.drops == 1:
            raise self.error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_bytes_that_cannot_be_received_close_that_connection_and_the_others_go_on(
    reactor: Reactor, error: type[BaseException]
) -> None:
    rep = SocketCore(reactor, REP, SocketOptions())
    endpoint = rep.bind("tcp://127.0.0.1:*")
    options = SocketOptions()
    options.reconnect_ivl = -1
    dealers = [SocketCore(reactor, DEALER, options) for _ in range(5)]
    for dealer in dealers:
        dealer.connect(endpoint)
    poll_until(reactor, lambda: sum(peer.connected for peer in rep.peers()) == 5)
    rep.add_instrument(Raising(error))
    for number, dealer in enumerate(dealers):
        dealer.pattern.try_send([b"no delimiter"] if number == 2 else [b"", b"%d" % number])
    with pytest.raises(error):
        poll_until(reactor, lambda: False)
    received: list[bytes] = []

    def serve() -> bool:
        while (body := rep.pattern.try_recv()) is not None:
            received.extend(body)
            rep.pattern.try_send(body)
        return len(received) == 4

    poll_until(reactor, serve)
    assert sorted(received) == [b"0", b"1", b"3", b"4"]
    assert rep.stats().failures == {"interrupted": 1}
    assert len(rep.peers()) == 4
    for core in (rep, *dealers):
        core.close(0)
