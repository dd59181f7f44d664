"""The asyncio sockets as pyzmq has them: what waits begins at once, and returns a future.

``install()`` gives this module to programs that import ``zmq.asyncio``. Some send without waiting
for it, hand what recv() returns to asyncio.wait(), or ask whether it is done. A program of your own
needs none of that: the coroutines of ``antiphon.zmq.asyncio`` cost less.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from functools import wraps
from typing import Any, TypeVar

from antiphon.zmq import asyncio as coroutines
from antiphon.zmq.asyncio import EventStream, ZMQEventLoop, install

__all__ = ("Context", "EventStream", "Poller", "Socket", "ZMQEventLoop", "install")

T = TypeVar("T")


def _begun(call: Coroutine[Any, Any, T]) -> "asyncio.Future[T]":
    """Run a coroutine until it first waits; what is left of it then becomes a task."""
    loop = asyncio.get_running_loop()
    try:
        waited_for = call.send(None)
    except StopIteration as end:
        done: asyncio.Future[T] = loop.create_future()
        done.set_result(end.value)
        return done
    except Exception as error:  # noqa: BLE001
        failed: asyncio.Future[T] = loop.create_future()
        failed.set_exception(error)
        return failed
    return loop.create_task(_Rest(call, waited_for))


class _Rest(Coroutine[Any, Any, T]):
    """A coroutine that has begun already, and waits."""

    def __init__(self, call: Coroutine[Any, Any, T], waited_for: Any) -> None:
        self._call = call
        self._waited_for = waited_for
        self._told = False
        #: What a task that waits is shown as.
        self.__qualname__ = getattr(call, "__qualname__", type(call).__name__)

    def send(self, value: Any) -> Any:
        """Tell first what it waits for, then go on."""
        if self._told:
            return self._call.send(value)
        self._told = True
        return self._waited_for

    def throw(self, *error: Any) -> Any:
        """Raise an error where it waits: a task may be cancelled before it has begun."""
        return self._call.throw(*error)

    def close(self) -> None:
        """End it where it waits."""
        self._call.close()

    def __await__(self) -> Generator[Any, Any, T]:
        return (yield from self._call.__await__())


def _beginning(method: Callable[..., Coroutine[Any, Any, Any]]) -> Any:
    """Return a method that begins at once what another one would do when it is awaited."""

    @wraps(method)
    def begin(self: Any, *args: Any, **kwargs: Any) -> "asyncio.Future[Any]":
        return _begun(method(self, *args, **kwargs))

    return begin


class Socket(coroutines.Socket):
    """An asyncio socket whose calls begin before they are awaited, and return futures."""

    send = _beginning(coroutines.Socket.send)
    send_multipart = _beginning(coroutines.Socket.send_multipart)
    send_string = send_unicode = _beginning(coroutines.Socket.send_string)
    send_json = _beginning(coroutines.Socket.send_json)
    send_pyobj = _beginning(coroutines.Socket.send_pyobj)
    send_serialized = _beginning(coroutines.Socket.send_serialized)
    recv = _beginning(coroutines.Socket.recv)
    recv_multipart = _beginning(coroutines.Socket.recv_multipart)
    recv_into = _beginning(coroutines.Socket.recv_into)
    recv_string = recv_unicode = _beginning(coroutines.Socket.recv_string)
    recv_json = _beginning(coroutines.Socket.recv_json)
    recv_pyobj = _beginning(coroutines.Socket.recv_pyobj)
    recv_serialized = _beginning(coroutines.Socket.recv_serialized)
    poll = _beginning(coroutines.Socket.poll)


class Context(coroutines.Context):
    """A context of such sockets."""

    _socket_class = Socket


class Poller(coroutines.Poller):
    """Waits for asyncio sockets, blocking ones and descriptors; poll() begins at once."""

    poll = _beginning(coroutines.Poller.poll)
