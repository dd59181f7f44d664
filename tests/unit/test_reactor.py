"""The reactor by itself: timers, waking, resolving, many descriptors."""

import socket
import threading
import time
from typing import Any

import pytest

from antiphon.engine.network import Timer
from antiphon.engine.socket import DEALER, ROUTER, SocketCore
from antiphon.hosts.resolver import ThreadResolver
from antiphon.lock import Lock, make_lock
from antiphon.options import SocketOptions
from antiphon.reactor import Reactor
from antiphon.spinning import Spinner
from antiphon.transport.descriptors import Descriptors, Handler, Resolution, Resolver

PATIENCE = 10.0


class Recorded(Timer):
    """Writes its name down when it fires."""

    def __init__(self, name: str, fired: list[str]) -> None:
        super().__init__()
        self.name = name
        self.fired = fired

    def fire(self) -> None:
        self.fired.append(self.name)


def make() -> Reactor:
    return Reactor(ThreadResolver())


def until(reactor: Reactor, condition: "threading.Event | list[str]", count: int = 1) -> None:
    deadline = time.monotonic() + PATIENCE
    while isinstance(condition, list) and len(condition) < count:
        assert time.monotonic() < deadline
        reactor.poll(0.1)


class Watched:
    """A poll object that writes down for how long it is asked to wait."""

    def __init__(self, poller: Any) -> None:
        self.poller = poller
        self.timeouts: list[float] = []

    def poll(self, timeout: float, max_events: int) -> list[tuple[int, int]]:
        self.timeouts.append(timeout)
        events: list[tuple[int, int]] = self.poller.poll(timeout, max_events)
        return events

    def __getattr__(self, name: str) -> Any:
        return getattr(self.poller, name)


@pytest.mark.parametrize("lock", [None, make_lock()], ids=["alone", "with a lock"])
def test_who_expects_something_looks_once_for_a_moment_before_it_sleeps(lock: Lock | None) -> None:
    reactor = make()
    poller = reactor.poller = Watched(reactor.poller)
    reactor.spinner = Spinner(poller, 256, usable=2)
    reactor.lock = lock
    if lock is not None:
        lock.acquire()
    reactor.expectant = True
    reactor.poll(0.01)
    *looks, slept = poller.timeouts
    assert looks
    assert set(looks) == {0.0}
    poller.timeouts.clear()
    reactor.poll(0.01)
    assert poller.timeouts == [slept]
    if lock is not None:
        lock.release()
    reactor.close()


def test_timers_fire_in_order_and_not_after_cancelling() -> None:
    reactor = make()
    fired: list[str] = []
    late, early, never = (Recorded(name, fired) for name in ("late", "early", "never"))
    reactor.set_timer(late, 0.02)
    reactor.set_timer(early, 0.01)
    reactor.set_timer(never, 0.0)
    reactor.cancel_timer(never)
    until(reactor, fired, 2)
    assert fired == ["early", "late"]
    assert reactor.next_deadline() < 0
    reactor.close()


def test_a_timer_that_is_set_again_moves() -> None:
    reactor = make()
    fired: list[str] = []
    timer = Recorded("moved", fired)
    reactor.set_timer(timer, 60)
    reactor.set_timer(timer, 0)
    until(reactor, fired)
    assert reactor.next_deadline() < 0
    reactor.close()


def test_cancelled_timers_do_not_pile_up() -> None:
    reactor = make()
    for _ in range(10_000):
        timer = Recorded("x", [])
        reactor.set_timer(timer, 3600)
        reactor.cancel_timer(timer)
    assert len(reactor._timers) < 3000
    reactor.close()


def test_randomness_is_from_0_up_to_but_not_including_1() -> None:
    reactor = make()
    drawn = [reactor.random() for _ in range(1000)]
    assert 0.0 <= min(drawn) < 0.1
    assert 0.9 < max(drawn) < 1.0
    reactor.close()


def test_wake_ends_a_wait_from_another_thread() -> None:
    reactor = make()
    threading.Timer(0.02, reactor.wake).start()
    start = time.monotonic()
    reactor.poll(PATIENCE)
    assert time.monotonic() - start < PATIENCE
    reactor.close()


def test_descriptors_can_be_watched() -> None:
    class Seen(Handler):
        def ready(self, events: int) -> None:
            seen.append(str(events))

    seen: list[str] = []
    reactor = make()
    a, b = socket.socketpair()
    with a, b:
        reactor.watch(a.fileno(), 1, Seen())
        reactor.poll(0)
        assert seen == []
        b.send(b"x")
        until(reactor, seen)
        assert seen[0] == "1"
        reactor.forget(a.fileno())
        reactor.forget(a.fileno())
    reactor.close()


def test_names_are_resolved_elsewhere_and_again_at_each_attempt() -> None:
    class Changing(Resolver):
        """Fails first, then names the real address."""

        def resolve(self, resolution: Resolution, descriptors: Descriptors) -> None:
            asked.append(resolution.host)
            if len(asked) == 1:
                resolution.error = "no such name yet"
            else:
                resolution.addresses = [(socket.AF_INET, ("127.0.0.1", resolution.port))]
            threading.Thread(target=descriptors.post, args=(resolution,)).start()

    asked: list[str] = []
    reactor = Reactor(Changing())
    options = SocketOptions()
    options.reconnect_ivl = 1
    router = SocketCore(reactor, ROUTER, options)
    port = router.bind("tcp://127.0.0.1:*").rpartition(":")[2]
    dealer = SocketCore(reactor, DEALER, options)
    dealer.connect(f"tcp://server.example:{port}")
    assert dealer.pattern.try_send([b"hello"])
    deadline = time.monotonic() + PATIENCE
    while (message := router.pattern.try_recv()) is None:
        assert time.monotonic() < deadline
        reactor.poll(0.1)
    assert message[1] == b"hello"
    assert asked == ["server.example", "server.example"]
    assert dealer.stats().failures == {"connect-failed": 1}
    for core in (dealer, router):
        core.close(0)
    reactor.close()
