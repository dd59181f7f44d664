"""Threads that are talked to by messages, as the chapter's threads are (H4, H5, H9)."""

import itertools
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Self, TypeVarTuple

from antiphon.errors import Again, ContextTerminated, SocketClosed
from antiphon.zmq.constants import DONTWAIT, PAIR, POLLOUT
from antiphon.zmq.context import Context
from antiphon.zmq.socket import Socket

__all__ = ("PATIENCE_MS", "TERM", "Actor", "Pipe", "new_endpoint")

Ts = TypeVarTuple("Ts")

#: What an actor is asked to end by, and what it says when it has ended.
TERM: Final = b"$TERM"
#: How long an actor may take to become ready, and to end, in milliseconds.
PATIENCE_MS: Final = 10_000
#: How often it is looked whether an actor that reads nothing has ended, in milliseconds.
_LOOK_MS: Final = 20

_LOG = logging.getLogger("antiphon.actor")
_numbers = itertools.count(1)


def new_endpoint() -> str:
    """Return an inproc endpoint for one pipe."""
    return f"inproc://antiphon-pipe-{next(_numbers)}"


class Pipe(Socket):
    """An actor's end of its pipe: a PAIR that also says when the actor is ready."""

    def __init__(self, context: Any, socket_type: int = PAIR, **options: Any) -> None:
        super().__init__(context, socket_type, **options)
        self._started = threading.Event()

    def ready(self) -> None:
        """Let whoever makes the actor go on."""
        self._started.set()

    @property
    def is_ready(self) -> bool:
        """Whether ready() was called."""
        return self._started.is_set()

    def wait_until_ready(self, timeout_ms: float) -> bool:
        """Wait for ready(); returns whether it came in time."""
        return self._started.wait(timeout_ms / 1000)


class Actor:
    """A thread that runs a function, with a pipe to talk to it.

    The function is called with the actor's end of the pipe, a PAIR socket whose ``context`` makes
    its other sockets, and with ``args``. It calls ``pipe.ready()`` when it is set up: only then
    does the constructor return. It returns when its pipe says ``$TERM``, or when the end of the
    context ends it. Ctrl-C is seen by the main thread alone, which then ends its actors (H9)::

        def echo(pipe):
            pipe.ready()
            while (message := pipe.recv_multipart()) != [TERM]:
                pipe.send_multipart(message)

        with Actor(context, echo) as actor:
            actor.pipe.send(b"Hello")

    What the function raises is logged, and raised by the constructor, or by close() if it was ready
    before. When it has ended, for whatever reason, the last message in ``pipe`` is ``$TERM``.

    The constructor raises Again if the function is not ready within ``timeout_ms`` milliseconds.
    """

    #: The program's end of the pipe.
    pipe: Socket

    def __init__(
        self,
        context: Context,
        function: Callable[[Pipe, *Ts], object],
        *args: *Ts,
        timeout_ms: float = PATIENCE_MS,
    ) -> None:
        self.name = getattr(function, "__name__", "actor")
        self._error: BaseException | None = None
        # True once the actor's end of the pipe was closed to let it end.
        self._told_by_closing = False
        self._failed_to_start = False
        self.pipe = context.socket(PAIR)
        self._child = child = context.socket(PAIR, Pipe)
        endpoint = new_endpoint()
        self.pipe.bind(endpoint)
        child.connect(endpoint)
        self._thread = threading.Thread(
            target=self._run, args=(child, lambda: function(child, *args)), daemon=True
        )
        self._thread.name = self.name
        self._thread.start()
        try:
            if not child.wait_until_ready(timeout_ms):
                raise Again(msg=f"actor {self.name} has not called pipe.ready() in {timeout_ms} ms")
            if self._failed_to_start:
                self._raise_failure()
        except BaseException:
            self._ask_to_end(time.monotonic())
            self.pipe.close()
            raise

    def _run(self, child: Pipe, call: Callable[[], object]) -> None:
        try:
            call()
        except ContextTerminated:
            pass
        except BaseException as error:  # noqa: BLE001 # it is raised where the actor was made
            if isinstance(error, SocketClosed) and self._told_by_closing:
                return
            _LOG.exception("actor %s has failed", self.name)
            self._error = error
            self._failed_to_start = not child.is_ready
        finally:
            child.ready()
            with suppress(Again, ContextTerminated, SocketClosed):
                child.send(TERM, DONTWAIT)
            # What a closed pipe was told waits for nobody.
            child.close(0 if self.pipe.closed else None)

    @property
    def alive(self) -> bool:
        """Whether the function has not returned yet."""
        return self._thread.is_alive()

    def close(self, timeout_ms: float = PATIENCE_MS) -> None:
        """Ask the actor to end, wait for that, and close the pipe.

        Where the program has closed the pipe already, the actor's own end is closed: it sees
        SocketClosed in place of ``$TERM``.

        What it has sent and nobody has received is dropped; a warning in the log counts it. Raises
        what the function has raised, and Again if it takes longer than ``timeout_ms`` milliseconds;
        close() may then be called again.
        """
        deadline = time.monotonic() + timeout_ms / 1000
        self._ask_to_end(deadline)
        self._thread.join(max(deadline - time.monotonic(), 0.0))
        if self.alive:
            raise Again(msg=f"actor {self.name} has not ended in {timeout_ms} ms after $TERM")
        self._read_to_the_end()
        self.pipe.close()
        self._raise_failure()

    def _read_to_the_end(self) -> None:
        unread = 0
        with suppress(Again, ContextTerminated, SocketClosed):
            while self.pipe.recv_multipart(DONTWAIT) != [TERM]:
                unread += 1
        if unread:
            _LOG.warning("actor %s is closed: %d of its messages were not read", self.name, unread)

    def _raise_failure(self) -> None:
        if self._error is not None:
            raise self._error

    def _ask_to_end(self, deadline: float) -> None:
        with suppress(ContextTerminated):
            while self.alive:
                try:
                    self.pipe.send(TERM, DONTWAIT)
                    return
                except SocketClosed:
                    self._told_by_closing = True
                    self._child.close()
                    return
                except Again:
                    # What was sent before fills the pipe.
                    if time.monotonic() >= deadline:
                        return
                    self.pipe.poll(_LOOK_MS, POLLOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
