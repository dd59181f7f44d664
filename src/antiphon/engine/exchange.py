"""The contract of inproc: sockets of one context meet under a name, without bytes between them."""

from typing import TYPE_CHECKING

from antiphon.native import mypyc_attr
from antiphon.options import SocketOptions
from antiphon.patterns.pipe import Pipe

if TYPE_CHECKING:
    from antiphon.engine.socket import SocketCore

__all__ = ("Attachment", "Exchange")


class Attachment:
    """A socket's hold on a name, bound or connected."""

    def __init__(self, endpoint: str, bound: bool) -> None:
        self.endpoint = endpoint
        self.bound = bound
        #: True once it is to close when every message has moved on.
        self.finishing = False
        self.closed = False

    def pipes(self) -> list[Pipe]:
        """Return the pipes that this attachment has brought about."""
        raise NotImplementedError

    def finish(self) -> None:
        """Close once every message has moved to its peer."""
        raise NotImplementedError

    def close(self) -> None:
        """Close at once."""
        raise NotImplementedError

    def revoke(self) -> None:
        """Close at once; what the other side has not received yet it never will (if connected)."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class Exchange:
    """Where the sockets of one context meet."""

    def __init__(self) -> None:
        #: True once a ZAP handler has been bound: without it nobody is let in from then on.
        self.guarded = False

    def end(self) -> None:
        """Let nobody wait for a name any longer, as none will be bound: the context ends."""
        raise NotImplementedError

    def is_bound(self, endpoint: str) -> bool:
        """Tell whether a socket has the name."""
        raise NotImplementedError

    def bind(self, endpoint: str, core: "SocketCore") -> Attachment:
        """Give a name to a socket. Raises EndpointError (EADDRINUSE) if it is taken."""
        raise NotImplementedError

    def connect(self, endpoint: str, core: "SocketCore", options: SocketOptions) -> Attachment:
        """Join the socket of that name, now or once there is one.

        Raises EndpointError (ENOCOMPATPROTO) if the two types may not talk.
        """
        raise NotImplementedError
