"""The sockets for gevent, under pyzmq's names: ``import antiphon.zmq.green as zmq``.

A greenlet that waits for a socket lets the others run. All other names are those of
``antiphon.zmq``. The sockets of one context are used by the greenlets of one thread. gevent has to
be installed; nothing of the standard library need be patched, and whatever is may be.
"""

from typing import Any

import antiphon.zmq as _zmq
from antiphon.hosts.green import GreenHost
from antiphon.zmq import *  # noqa: F403
from antiphon.zmq.constants import *  # noqa: F403
from antiphon.zmq.error import *  # noqa: F403
from antiphon.zmq.poller import Pollable, poll_with, select_with

__all__ = _zmq.__all__


class Socket(_zmq.Socket):  # type: ignore[no-redef]
    """A socket whose calls let other greenlets run while they wait."""

    _host: GreenHost  # type: ignore[assignment]
    _host_class = GreenHost  # type: ignore[assignment]


class Context(_zmq.Context):  # type: ignore[no-redef]
    """A context of such sockets."""

    _host: GreenHost  # type: ignore[assignment]
    _host_class = GreenHost  # type: ignore[assignment]
    _socket_class = Socket


class Poller(_zmq.Poller):  # type: ignore[no-redef]
    """Waits for such sockets and for descriptors; other greenlets run meanwhile."""

    _host_class = GreenHost
    _socket_classes = (Socket,)


def select(  # type: ignore[no-redef]
    rlist: list[Pollable],
    wlist: list[Pollable],
    xlist: list[Pollable],
    timeout: float | None = None,
) -> tuple[list[Any], list[Any], list[Any]]:
    """Wait as select.select() does, with sockets too; other greenlets run meanwhile."""
    return select_with(Poller(), rlist, wlist, xlist, timeout)


def zmq_poll(  # type: ignore[no-redef]
    sockets: list[tuple[Pollable, int]], timeout: float | None = -1
) -> list[tuple[Any, int]]:
    """Do what Poller.poll() does for pairs of sockets and flags."""
    return poll_with(Poller(), sockets, timeout)
