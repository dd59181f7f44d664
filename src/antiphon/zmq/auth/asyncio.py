"""An authenticator that is a task of an event loop, for contexts of asyncio sockets."""

import asyncio
from typing import Any

from antiphon.errors import ContextTerminated, SocketClosed
from antiphon.zmq.asyncio import Context
from antiphon.zmq.auth.base import Authenticator
from antiphon.zmq.context import BaseContext

__all__ = ("AsyncioAuthenticator",)


class AsyncioAuthenticator(Authenticator):
    """Answers in a task of the running loop, from start() to stop(); see Authenticator.

    ``loop`` is accepted and ignored. Raises TypeError for a context of blocking sockets.
    """

    _context_class = Context

    def __init__(
        self,
        context: BaseContext[Any] | None = None,
        loop: object = None,
        encoding: str = "utf-8",
        log: Any = None,
    ) -> None:
        del loop
        if context is not None and not isinstance(context, Context):
            raise TypeError("its sockets belong to no event loop: use a ThreadAuthenticator")
        super().__init__(context, encoding, log)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the task. Raises EndpointError if the context has a handler already."""
        super().start()
        self._task = asyncio.ensure_future(self._run())

    def stop(self) -> None:
        """End the task."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        super().stop()

    async def _run(self) -> None:
        socket = self.zap_socket
        try:
            while True:
                await self.handle_zap_message(await socket.recv_multipart())
        except (SocketClosed, ContextTerminated):
            pass

    async def _reply(self, reply: list[bytes]) -> None:
        if self.zap_socket is not None:
            await self.zap_socket.send_multipart(reply)
