"""The name under which programs for old versions of pyzmq know the authenticator of asyncio."""

import warnings
from typing import Any

from antiphon.zmq.auth.asyncio import AsyncioAuthenticator
from antiphon.zmq.context import BaseContext

__all__ = ("IOLoopAuthenticator",)

warnings.warn(
    "IOLoopAuthenticator is deprecated: use AsyncioAuthenticator of antiphon.zmq.auth.asyncio",
    DeprecationWarning,
    stacklevel=2,
)


class IOLoopAuthenticator(AsyncioAuthenticator):
    """An AsyncioAuthenticator: tornado runs on asyncio. ``io_loop`` is accepted and ignored."""

    def __init__(
        self,
        context: BaseContext[Any] | None = None,
        encoding: str = "utf-8",
        log: Any = None,
        io_loop: object = None,
    ) -> None:
        super().__init__(context, io_loop, encoding, log)
