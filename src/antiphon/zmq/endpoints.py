"""What bind() and connect() take, and what they return."""

from typing import Generic, Protocol, TypeVar

from antiphon.errors import EINVAL, EndpointError

__all__ = ("Endpoints", "endpoint_text")


class _Socket(Protocol):
    @property
    def closed(self) -> bool: ...
    def unbind(self, addr: str | bytes) -> None: ...
    def disconnect(self, addr: str | bytes) -> None: ...


S = TypeVar("S", bound=_Socket)


class Endpoints(Generic[S]):
    """Returned by bind() and connect(): a ``with`` block gives the socket, and its end undoes it.

    ``addr`` is the endpoint, with its real port where bind() chose one, ``kind`` is ``"bind"`` or
    ``"connect"``.
    """

    def __init__(self, socket: S, kind: str, addr: str) -> None:
        self.socket = socket
        self.kind = kind
        self.addr = addr

    def __enter__(self) -> S:
        return self.socket

    def __exit__(self, *_exception: object) -> None:
        if not self.socket.closed:
            if self.kind == "bind":
                self.socket.unbind(self.addr)
            else:
                self.socket.disconnect(self.addr)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.addr!r}>"


def endpoint_text(addr: object) -> str:
    """Return an endpoint as text. Raises TypeError, and EndpointError for what is no UTF-8."""
    if isinstance(addr, str):
        return addr
    if not isinstance(addr, bytes):
        kind = type(addr).__name__
        raise TypeError(f"an endpoint is text such as 'tcp://127.0.0.1:5555', not {kind}")
    try:
        return addr.decode()
    except UnicodeDecodeError:
        shown = addr.decode(errors="backslashreplace")
        raise EndpointError(EINVAL, shown, "it is no text in UTF-8") from None
