"""An authenticator with a thread of its own, for contexts of blocking sockets."""

import asyncio
import threading
from typing import Any

from antiphon.errors import ContextTerminated, SocketClosed
from antiphon.zmq.auth.base import Authenticator
from antiphon.zmq.context import BaseContext, Context

__all__ = ("ThreadAuthenticator",)


class ThreadAuthenticator(Authenticator):
    """Answers in a daemon thread, from start() to stop(); see Authenticator.

    Raises TypeError for a context of asyncio sockets.
    """

    def __init__(
        self, context: BaseContext[Any] | None = None, encoding: str = "utf-8", log: Any = None
    ) -> None:
        if context is not None and not isinstance(context, Context):
            raise TypeError("its sockets belong to an event loop: use an AsyncioAuthenticator")
        super().__init__(context, encoding, log)
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread. Raises EndpointError if the context has a handler already."""
        super().start()
        self.thread = threading.Thread(target=self._run, name="antiphon-zap", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Stop the thread, and wait for its end."""
        super().stop()
        thread, self.thread = self.thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def is_alive(self) -> bool:
        """Tell whether the thread runs."""
        return self.thread is not None and self.thread.is_alive()

    def _run(self) -> None:
        socket = self.zap_socket
        # A callback may be a coroutine.
        with asyncio.Runner() as runner:
            try:
                while True:
                    runner.run(self.handle_zap_message(socket.recv_multipart()))
            except (SocketClosed, ContextTerminated):
                pass
