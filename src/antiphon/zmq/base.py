"""What the blocking and the asyncio sockets share: their life, endpoints and options."""

import sys
from collections.abc import Callable
from types import GenericAlias
from typing import Any, ClassVar, Final, ParamSpec, Protocol, Self, TypeVar

from antiphon.constants import SocketOption, SocketType
from antiphon.engine.socket import SocketCore
from antiphon.errors import (
    EADDRINUSE,
    ENOTSOCK,
    EndpointError,
    SocketClosed,
    ZMQBindError,
    ZMQError,
)
from antiphon.hosts.lines import LINES
from antiphon.zmq.addressed import AddressedSocket
from antiphon.zmq.addressing import addressing_of
from antiphon.zmq.attributes import SOCKET_OPTIONS
from antiphon.zmq.endpoints import Endpoints, endpoint_text
from antiphon.zmq.frame import Frame
from antiphon.zmq.messages import Messages
from antiphon.zmq.shadows import Shadowed, original_of

__all__ = ("COPY_THRESHOLD", "BaseSocket", "Part")

#: What may be sent as a frame.
Part = bytes | bytearray | memoryview | Frame

COPY_THRESHOLD: Final = 65536
"""From which size on pyzmq copies no frames, in bytes; Antiphon never copies bytes."""

_POLLIN: Final = 1
_RCVMORE: Final = 13
_FD: Final = 14
_EVENTS: Final = 15

P = ParamSpec("P")
T = TypeVar("T")
_AnyClass = type[Any]

#: What a socket and its shadows have in common.
_SHARED: Final = ("context", "_messages", "_core")


class _Host(Protocol):
    """What both hosts do at once, without waiting."""

    def bind(self, core: SocketCore, endpoint: str) -> str: ...
    def connect(self, core: SocketCore, endpoint: str) -> None: ...
    def unbind(self, core: SocketCore, endpoint: str) -> None: ...
    def disconnect(self, core: SocketCore, endpoint: str) -> None: ...
    def set_option(self, core: SocketCore, option: int, value: object) -> None: ...
    def get_option(self, core: SocketCore, option: int) -> int | bytes | str: ...
    def call(self, action: Callable[[], T]) -> T: ...
    def begin(self, core: SocketCore, first_frame: bytes) -> None: ...
    def close(self, core: SocketCore, linger_ms: int | None) -> None: ...
    def abandon(self, core: SocketCore) -> None: ...
    def foreign(self) -> bool: ...


class BaseSocket(AddressedSocket, Shadowed):
    """A socket without its waiting calls.

    Options can be read and set as attributes under their names, such as ``linger`` or
    ``rcvtimeo``; ``options`` of the constructor are set before it returns. With another socket as
    the first argument, or as ``shadow``, it is the same socket a second time: whichever is closed,
    both are, and the second one closes nothing by being forgotten.

    Raises OptionError, TypeError for a context of another kind, ContextTerminated, and ZMQError
    (EMFILE) when the context has as many sockets as its MAX_SOCKETS allows.
    """

    # pyzmq's annotations say what it receives: zmq.Socket[bytes].
    __class_getitem__: ClassVar[Any] = classmethod(GenericAlias)
    #: The context that made it, which lives for as long as one of its sockets does.
    context: Any
    #: Whether send_pyobj() and recv_pyobj() may be used, which run what a peer sends.
    allow_pickle: bool = False
    #: Accepted for pyzmq's sake: bytes are never copied.
    copy_threshold: int = COPY_THRESHOLD
    _host: _Host
    _host_class: ClassVar[_AnyClass]
    _signalling_class: ClassVar[_AnyClass]
    _repr_name: ClassVar[str] = "zmq.Socket"
    _core: SocketCore
    _messages: Messages
    _original: "BaseSocket | None" = None

    def __init__(
        self,
        ctx_or_socket: Any = None,
        socket_type: int = -1,
        *,
        shadow: Any = None,
        copy_threshold: int | None = None,
        **options: Any,
    ) -> None:
        if copy_threshold is not None:
            self.copy_threshold = copy_threshold
        if isinstance(ctx_or_socket, BaseSocket):
            shadow = ctx_or_socket
        if shadow:
            self._share(shadow)
        else:
            self._open(ctx_or_socket, socket_type)
        try:
            for name, value in options.items():
                setattr(self, name, value)
        except BaseException:
            if not shadow:
                self.close(0)
            raise

    def _open(self, context: Any, socket_type: int) -> None:
        host = self._adapted(getattr(context, "_host", None), False)
        if host is None:
            raise TypeError(
                f"{_full_name(self)} is made from a context and a type: the Context of its own "
                f"module, not {_full_name(context)}"
            )
        self.context = context
        self._host = host
        self._core = context._open(socket_type)  # noqa: SLF001
        addressing = addressing_of(self._core.socket_type)
        max_frame = context._max_frame  # noqa: SLF001
        self._messages = Messages(self._core, host.begin, addressing, max_frame)

    def _share(self, shadow: Any) -> None:
        original = shadow if isinstance(shadow, BaseSocket) else original_of(shadow)
        if not isinstance(original, BaseSocket):
            raise ZMQError(ENOTSOCK, f"there is no socket whose underlying is {shadow!r}")
        host: Any = original._host  # noqa: SLF001
        if original._host_class is not self._host_class:  # noqa: SLF001
            host = self._adapted(original.context._host, True)  # noqa: SLF001
            if host is None:
                raise TypeError(f"{_full_name(self)} cannot be the same socket as {original!r}")
        self._host = host
        self._original = original
        for name in _SHARED:
            setattr(self, name, getattr(original, name))

    def _adapted(self, host: Any, shared: bool) -> Any:
        """Return a host of this kind for the sockets of a context's host, or None.

        ``shared`` tells that it is for a socket that is there already.
        """
        del shared
        return host if isinstance(host, self._host_class) else None

    def _shared(self) -> object:
        return self._core

    # Life.

    @property
    def closed(self) -> bool:
        """Whether the socket has been closed, or its making has failed."""
        core: SocketCore | None = getattr(self, "_core", None)
        return core is None or core.closed

    def close(self, linger: int | None = None) -> None:
        """Close; messages go out for LINGER, or ``linger``, milliseconds more (-1: all of them)."""
        if not self.closed:
            self._host.close(self._core, linger)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __del__(
        self,
        _is_finalizing: Callable[[], bool] = sys.is_finalizing,
        _warn: Callable[[str], None] = LINES.warn,
    ) -> None:
        # At the end of the process the modules that this needs may have gone already.
        if self._original is not None or self.closed or _is_finalizing() or self._host.foreign():
            return
        # Not here: handlers of warnings are programs, and the collector runs anywhere, locks held.
        _warn(f"Unclosed socket {self!r}")
        self._host.abandon(self._core)

    def __repr__(self) -> str:
        core: SocketCore | None = getattr(self, "_core", None)
        kind = "UNKNOWN" if core is None else SocketType(core.socket_type).name
        state = " closed" if self.closed else ""
        return f"<{self._repr_name}(zmq.{kind}) at {id(self):#x}{state}>"

    # Endpoints.

    def bind(self, addr: str | bytes) -> Endpoints[Self]:
        """Accept peers at an endpoint. Raises EndpointError."""
        endpoint = self._host.bind(self._core, endpoint_text(addr))
        return Endpoints(self, "bind", endpoint)

    def connect(self, addr: str | bytes) -> Endpoints[Self]:
        """Connect, now and after each loss. Raises EndpointError."""
        endpoint = endpoint_text(addr)
        self._host.connect(self._core, endpoint)
        return Endpoints(self, "connect", endpoint)

    def unbind(self, addr: str | bytes) -> None:
        """Stop listening. Raises EndpointError (ENOENT)."""
        self._host.unbind(self._core, endpoint_text(addr))

    def disconnect(self, addr: str | bytes) -> None:
        """Give a connection up. Raises EndpointError (ENOENT)."""
        self._host.disconnect(self._core, endpoint_text(addr))

    def bind_to_random_port(
        self, addr: str, min_port: int = 49152, max_port: int = 65536, max_tries: int = 100
    ) -> int:
        """Bind to a free port and return it; ``addr`` has none. Raises ZMQBindError."""
        if (min_port, max_port) == (49152, 65536):
            return int(self._host.bind(self._core, f"{addr}:*").rpartition(":")[2])
        import random

        for _ in range(max_tries):
            port = random.randrange(min_port, max_port)  # noqa: S311
            try:
                self.bind(f"{addr}:{port}")
            except EndpointError as error:
                if error.errno != EADDRINUSE:
                    raise
            else:
                return port
        raise ZMQBindError(f"no free port was found in {max_tries} tries: widen the range")

    def fileno(self) -> int:
        """Return a descriptor for select() and event loops: the option FD.

        It is readable when EVENTS may have changed since they were read; after a receive or a send
        it is readable while a message waits. Then look at EVENTS, or receive with DONTWAIT.
        Raises SocketClosed.
        """
        if self.closed:
            raise SocketClosed("the socket is closed")
        host: Any = self._host
        if not isinstance(host, self._signalling_class):
            host = self._host = self._signalling_class(host, self._core)
        return int(host.fileno())

    # Options.

    def set(self, option: int, optval: object) -> None:
        """Set an option. Raises OptionError."""
        self._host.set_option(self._core, int(option), optval)

    def get(self, option: int) -> Any:
        """Return an option: int, or bytes. Raises OptionError."""
        if option == _RCVMORE:
            return int(bool(self._messages.incoming))
        if option == _FD:
            return self.fileno()
        value = self._host.get_option(self._core, int(option))
        if isinstance(value, int):
            # The rest of a message that was received in part can be read.
            rest = option == _EVENTS and self._messages.incoming
            return value | _POLLIN if rest else value
        return value.encode() if isinstance(value, str) else value

    setsockopt = set  # noqa: A003
    getsockopt = get

    def set_string(self, option: int, optval: str, encoding: str = "utf-8") -> None:
        """Set an option whose value is text."""
        self.set(option, optval.encode(encoding))

    def get_string(self, option: int, encoding: str = "utf-8") -> str:
        """Return an option whose value is text. Raises TypeError for any other, and OptionError."""
        value = self.get(option)
        if not isinstance(value, bytes):
            raise TypeError(f"the value of option {int(option)} is no text: use get()")
        return value.decode(encoding)

    setsockopt_string = setsockopt_unicode = set_string
    getsockopt_string = getsockopt_unicode = get_string

    def get_hwm(self) -> int:
        """Return SNDHWM, and with it RCVHWM where set_hwm() has set both."""
        return int(self.get(SocketOption.SNDHWM))

    def set_hwm(self, value: int) -> None:
        """Set SNDHWM and RCVHWM."""
        self.set(SocketOption.SNDHWM, value)
        self.set(SocketOption.RCVHWM, value)

    hwm = property(get_hwm, set_hwm, doc="SNDHWM and RCVHWM at once.")

    def _get_named(self, name: str) -> Any:
        return self.get(SOCKET_OPTIONS[name])

    def _set_named(self, name: str, value: Any) -> None:
        self.set(SOCKET_OPTIONS[name], value)

    @property
    def type(self) -> SocketType:
        """The socket's type."""
        return SocketType(self._core.socket_type)

    @property
    def socket_type(self) -> SocketType:
        """The socket's type."""
        return self.type

    @property
    def last_endpoint(self) -> bytes:
        """The last endpoint that was bound or connected, with its real port or path."""
        return self._core.last_endpoint.encode()


def _full_name(instance: object) -> str:
    kind = instance.__class__
    return f"{kind.__module__}.{kind.__qualname__}"
