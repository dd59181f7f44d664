"""Tasks that are talked to by messages: what antiphon.actor is for threads."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, Generic, Self, TypeVarTuple

from antiphon.actor import PATIENCE_MS, TERM, new_endpoint
from antiphon.errors import Again, ContextTerminated, SocketClosed
from antiphon.zmq.asyncio import Context, Socket
from antiphon.zmq.constants import DONTWAIT, PAIR

__all__ = ("TERM", "Actor", "Pipe")

Ts = TypeVarTuple("Ts")

_DONTWAIT: Final = int(DONTWAIT)
_LOG = logging.getLogger("antiphon.actor")


class Pipe(Socket):
    """An actor's end of its pipe: a PAIR that also says when the actor is ready."""

    def __init__(self, context: Any, socket_type: int = PAIR, **options: Any) -> None:
        super().__init__(context, socket_type, **options)
        self._started = asyncio.Event()

    def ready(self) -> None:
        """Let whoever makes the actor go on."""
        self._started.set()

    @property
    def is_ready(self) -> bool:
        """Whether ready() was called."""
        return self._started.is_set()

    async def wait_until_ready(self) -> None:
        """Wait for ready()."""
        await self._started.wait()


class Actor(Generic[*Ts]):
    """A task that runs a coroutine function, with a pipe to talk to it.

    ``async with`` starts it, goes on when the function has called ``pipe.ready()``, and closes it::

        async def echo(pipe):
            pipe.ready()
            while (message := await pipe.recv_multipart()) != [TERM]:
                await pipe.send_multipart(message)

        async with Actor(context, echo) as actor:
            await actor.pipe.send(b"Hello")

    The function returns when its pipe says ``$TERM``; where the context ends, it sees that first.
    What it raises is raised by start() or by close(). When it has ended, for whatever reason, the
    last message in ``pipe`` is ``$TERM``.
    """

    #: The program's end of the pipe.
    pipe: Socket

    def __init__(
        self, context: Context, function: Callable[[Pipe, *Ts], Awaitable[object]], *args: *Ts
    ) -> None:
        self.name = getattr(function, "__name__", "actor")
        self.pipe = context.socket(PAIR)
        self._child = context.socket(PAIR, Pipe)
        self._function = function
        self._args = args
        self._task: asyncio.Task[None] | None = None
        self._failed_to_start = False
        endpoint = new_endpoint()
        self.pipe.bind(endpoint)
        self._child.connect(endpoint)

    async def start(self, timeout_ms: float = PATIENCE_MS) -> None:
        """Start the task, once, and wait until it is ready.

        Raises what the function raises before that, and Again if it is not ready within
        ``timeout_ms`` milliseconds; it is cancelled then.
        """
        if self._task is not None:
            raise RuntimeError(f"actor {self.name} has been started: make another one")
        self._task = asyncio.create_task(self._run(), name=self.name)
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await self._child.wait_until_ready()
        except BaseException as error:
            await self._cancel(self._task)
            if not isinstance(error, TimeoutError):
                raise
            raise Again(
                msg=f"actor {self.name} has not called pipe.ready() in {timeout_ms} ms"
            ) from None
        if self._failed_to_start:
            await self.close()

    async def _run(self) -> None:
        try:
            await self._function(self._child, *self._args)
        except ContextTerminated:
            pass
        except SocketClosed:
            if not self._child.closed:
                raise
        except BaseException:
            self._failed_to_start = not self._child.is_ready
            raise
        finally:
            with suppress(Again, ContextTerminated, SocketClosed):
                await self._child.send(TERM, _DONTWAIT)
            self._child.close()
            self._child.ready()

    @property
    def alive(self) -> bool:
        """Whether the function runs."""
        return self._task is not None and not self._task.done()

    async def close(self, timeout_ms: float = PATIENCE_MS) -> None:
        """Ask the actor to end, wait for that, and close the pipe.

        Where the program has closed the pipe already, the actor's own end is closed: it sees
        SocketClosed in place of ``$TERM``.

        What it has sent and nobody has received is dropped; a warning in the log counts it. Raises
        what the function has raised. If it takes longer than ``timeout_ms`` milliseconds,
        the task is cancelled, and Again is raised.
        """
        task = self._task
        if task is None:
            self.pipe.close()
            self._child.close()
            return
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await self._ask_to_end(task)
                await asyncio.wait([task])
        except BaseException as error:
            await self._cancel(task)
            if not isinstance(error, TimeoutError):
                raise
            raise Again(
                msg=f"actor {self.name} has not ended in {timeout_ms} ms after $TERM"
            ) from None
        await self._read_to_the_end()
        self.pipe.close()
        task.result()

    async def _read_to_the_end(self) -> None:
        unread = 0
        with suppress(Again, ContextTerminated, SocketClosed):
            while await self.pipe.recv_multipart(_DONTWAIT) != [TERM]:
                unread += 1
        if unread:
            _LOG.warning("actor %s is closed: %d of its messages were not read", self.name, unread)

    async def _ask_to_end(self, task: "asyncio.Task[None]") -> None:
        if self.pipe.closed:
            self._child.close()
            return
        asking = asyncio.ensure_future(self.pipe.send(TERM))
        try:
            # What was sent before may fill the pipe of an actor that reads nothing.
            await asyncio.wait([asking, task], return_when=asyncio.FIRST_COMPLETED)
        finally:
            asking.cancel()
            with suppress(ContextTerminated, SocketClosed, asyncio.CancelledError):
                await asking

    async def _cancel(self, task: "asyncio.Task[None]") -> None:
        task.cancel()
        await asyncio.wait([task])
        self.pipe.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()
