"""The stand-in for epoll on other systems behaves like epoll, as far as it is used."""

import socket

import pytest

from antiphon.poller import make_poller
from antiphon.selecting import SelectorPoller


@pytest.mark.parametrize("make", [make_poller, SelectorPoller])
def test_events_come_and_go(make: type[SelectorPoller]) -> None:
    poller = make()
    a, b = socket.socketpair()
    with a, b:
        poller.register(a.fileno(), 1)
        assert poller.poll(0, 10) == []
        b.send(b"x")
        assert poller.poll(1, 10) == [(a.fileno(), 1)]
        poller.modify(a.fileno(), 0)
        assert poller.poll(0, 10) == []
        poller.modify(a.fileno(), 4)
        assert poller.poll(1, 10) == [(a.fileno(), 4)]
        poller.modify(a.fileno(), 5)
        assert poller.poll(1, 10) == [(a.fileno(), 5)]
        poller.unregister(a.fileno())
        assert poller.poll(0, 10) == []
    assert poller.fileno() >= 0
    poller.close()
