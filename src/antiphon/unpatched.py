"""The system's own threads, locks and epoll, also where gevent has put its own in their place.

A program that has called ``gevent.monkey.patch_all()`` gets greenlets when it asks for threads. The
reactor's helpers have to go on while the program's greenlets wait or compute: they are real threads
in any case. What is bound here is the original, whether gevent comes before or afterwards.
"""

import sys
import threading
from _queue import Empty, SimpleQueue
from _socket import getaddrinfo
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

__all__ = (
    "Empty",
    "Lock",
    "RLock",
    "SimpleQueue",
    "epoll",
    "getaddrinfo",
    "sleep",
    "start_thread",
)


def _original(module: str, name: str) -> Any:
    """Return what a module of the standard library calls so; None where it has no such thing."""
    monkey: Any = sys.modules.get("gevent.monkey")
    if monkey is not None and monkey.is_object_patched(module, name):
        return monkey.get_original(module, name)
    return getattr(import_module(module), name, None)


Lock: Final[Callable[[], threading.Lock]] = _original("_thread", "allocate_lock")
RLock: Final[Callable[[], Any]] = _original("_thread", "RLock")
epoll: Final[Any] = _original("select", "epoll")
sleep: Final[Callable[[float], None]] = _original("time", "sleep")


def start_thread(target: Callable[[], None], name: str) -> None:
    """Start a daemon thread."""
    monkey: Any = sys.modules.get("gevent.monkey")
    if monkey is not None and monkey.is_module_patched("threading"):
        # Python's Thread would be a greenlet. A thread without one is a daemon.
        _original("_thread", "start_new_thread")(target, ())
    else:
        threading.Thread(target=target, name=name, daemon=True).start()
