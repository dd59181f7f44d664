"""What a socket asks of its host, whichever that is."""

from collections.abc import Coroutine
from typing import Any

from antiphon.engine.socket import SocketCore
from antiphon.native import mypyc_attr

__all__ = ("AwaitingHost", "BlockingHost", "Received")

#: A message, and what is known of its sender (see Pipe.properties).
Received = tuple[list[bytes], dict[bytes, bytes]]


@mypyc_attr(allow_interpreted_subclasses=True)
class BlockingHost:
    """Sends and receives whole messages; each call returns when it is done.

    Times are milliseconds, -1 meaning without end. Every call raises Again when it cannot be done
    in time, StateError where the socket type does not allow it now, SocketClosed, and
    ContextTerminated.
    """

    def send(self, core: SocketCore, parts: list[bytes], timeout_ms: int) -> None:
        """Send a message."""
        raise NotImplementedError

    def recv(self, core: SocketCore, timeout_ms: int) -> list[bytes]:
        """Receive a message."""
        raise NotImplementedError

    def recv_from(self, core: SocketCore, timeout_ms: int) -> Received:
        """Receive as recv() does; returns what is known of the sender, too."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class AwaitingHost:
    """Does the same in coroutines."""

    def send(
        self, core: SocketCore, parts: list[bytes], timeout_ms: int
    ) -> Coroutine[Any, Any, None]:
        """Send a message."""
        raise NotImplementedError

    def recv(self, core: SocketCore, timeout_ms: int) -> Coroutine[Any, Any, list[bytes]]:
        """Receive a message."""
        raise NotImplementedError

    def recv_from(self, core: SocketCore, timeout_ms: int) -> Coroutine[Any, Any, Received]:
        """Receive as recv() does; returns what is known of the sender, too."""
        raise NotImplementedError
