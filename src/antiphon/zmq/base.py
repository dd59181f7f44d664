"""What the blocking and the asyncio sockets share: options, endpoints, whole messages.

Messages are whole below this room; SNDMORE and RCVMORE exist only here.
"""

import json
import random
import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final, Generic, ParamSpec, Protocol, Self, TypeVar

from antiphon.constants import SocketOption, SocketType
from antiphon.engine.peer import Peer, Stats
from antiphon.engine.socket import SocketCore
from antiphon.errors import (
    EADDRINUSE,
    EINVAL,
    EndpointError,
    OptionError,
    ZMQBindError,
    ZMQError,
)
from antiphon.instrument import Instrument
from antiphon.zmq.attributes import SOCKET_OPTIONS, SocketAttributes

__all__ = (
    "BaseSocket",
    "Endpoints",
    "Part",
    "as_bytes",
    "draft_arguments",
    "dump_json",
    "encode_text",
    "fill",
    "load_json",
    "refuse_drafts",
    "refuse_pickle",
    "require_copy",
    "window",
)

#: What may be sent as a frame.
Part = bytes | bytearray | memoryview

DONTWAIT: Final = 1
SNDMORE: Final = 2
_POLLIN: Final = 1
_RCVMORE: Final = 13
_EVENTS: Final = 15

P = ParamSpec("P")
S = TypeVar("S", bound="BaseSocket")
T = TypeVar("T")
_AnyClass = type[Any]


class _Host(Protocol):
    """What both hosts do at once, without waiting."""

    def bind(self, core: SocketCore, endpoint: str) -> str: ...
    def connect(self, core: SocketCore, endpoint: str) -> None: ...
    def unbind(self, core: SocketCore, endpoint: str) -> None: ...
    def disconnect(self, core: SocketCore, endpoint: str) -> None: ...
    def set_option(self, core: SocketCore, option: int, value: object) -> None: ...
    def get_option(self, core: SocketCore, option: int) -> int | bytes | str: ...
    def peers(self, core: SocketCore) -> list[Peer]: ...
    def stats(self, core: SocketCore) -> Stats: ...
    def add_instrument(self, core: SocketCore, instrument: Instrument) -> None: ...
    def begin(self, core: SocketCore, first_frame: bytes) -> None: ...
    def close(self, core: SocketCore, linger_ms: int | None) -> None: ...
    def abandon(self, core: SocketCore) -> None: ...


def as_bytes(data: object) -> bytes:
    """Return a frame's bytes. Raises TypeError for what has none, with the call to use."""
    if isinstance(data, str):
        raise TypeError("a str has no bytes of its own: use send_string(), or encode it")
    try:
        return bytes(memoryview(data))  # type: ignore[arg-type]
    except TypeError:
        kind = type(data).__name__
        raise TypeError(f"a frame must be bytes or a buffer, not {kind}") from None


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


class _Partial:
    """The frames of messages that are being sent or received frame by frame."""

    def __init__(self) -> None:
        self.outgoing: list[bytes] = []
        self.incoming: deque[bytes] = deque()


class BaseSocket(SocketAttributes):
    """A socket without its waiting calls.

    Options can be read and set as attributes under their names, such as ``linger`` or
    ``rcvtimeo``; ``options`` of the constructor are set before it returns. Raises OptionError,
    TypeError for a context of the other kind, ContextTerminated, and ZMQError (EMFILE) when the
    context has as many sockets as its MAX_SOCKETS allows.
    """

    #: The context that made it, which lives for as long as one of its sockets does.
    context: Any
    _host: _Host
    _host_class: ClassVar[_AnyClass]
    _core: SocketCore
    _partial: _Partial

    def __init__(
        self, context: Any, socket_type: int, *, copy_threshold: int | None = None, **options: Any
    ) -> None:
        del copy_threshold  # bytes are never copied
        host = getattr(context, "_host", None)
        if isinstance(context, BaseSocket) or not isinstance(host, self._host_class):
            raise TypeError(
                f"{_full_name(self)} is made from a context and a type: the Context of its own "
                f"module, not {_full_name(context)}"
            )
        self._partial = _Partial()
        self.context = context
        self._host = host
        self._core = context._open(socket_type)  # noqa: SLF001
        try:
            for name, value in options.items():
                setattr(self, name, value)
        except BaseException:
            self.close(0)
            raise

    # Life.

    @property
    def closed(self) -> bool:
        """Whether the socket has been closed."""
        return self._core.closed

    def close(self, linger: int | None = None) -> None:
        """Close; messages go out for LINGER, or ``linger``, milliseconds more (-1: all of them)."""
        self._host.close(self._core, linger)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __del__(self, _is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        # At the end of the process the modules that this needs may have gone already.
        core: SocketCore | None = self.__dict__.get("_core")
        if core is not None and not _is_finalizing() and not core.closed:
            self._host.abandon(core)

    def __repr__(self) -> str:
        state = " closed" if self.closed else ""
        return f"<{type(self).__name__}({SocketType(self._core.socket_type).name}){state}>"

    # Endpoints.

    def bind(self, addr: str | bytes) -> Endpoints[Self]:
        """Accept peers at an endpoint. Raises EndpointError."""
        endpoint = self._host.bind(self._core, _text(addr))
        return Endpoints(self, "bind", endpoint)

    def connect(self, addr: str | bytes) -> Endpoints[Self]:
        """Connect, now and after each loss. Raises EndpointError."""
        endpoint = _text(addr)
        self._host.connect(self._core, endpoint)
        return Endpoints(self, "connect", endpoint)

    def unbind(self, addr: str | bytes) -> None:
        """Stop listening. Raises EndpointError (ENOENT)."""
        self._host.unbind(self._core, _text(addr))

    def disconnect(self, addr: str | bytes) -> None:
        """Give a connection up. Raises EndpointError (ENOENT)."""
        self._host.disconnect(self._core, _text(addr))

    def bind_to_random_port(
        self, addr: str, min_port: int = 49152, max_port: int = 65536, max_tries: int = 100
    ) -> int:
        """Bind to a free port and return it; ``addr`` has none. Raises ZMQBindError."""
        if (min_port, max_port) == (49152, 65536):
            return int(self._host.bind(self._core, f"{addr}:*").rpartition(":")[2])
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

    # Options.

    def set(self, option: int, value: object) -> None:
        """Set an option. Raises OptionError."""
        self._host.set_option(self._core, int(option), value)

    def get(self, option: int) -> Any:
        """Return an option: int, or bytes. Raises OptionError."""
        if option == _RCVMORE:
            return int(bool(self._partial.incoming))
        value = self._host.get_option(self._core, int(option))
        if isinstance(value, int):
            # The rest of a message that was received in part can be read.
            rest = option == _EVENTS and self._partial.incoming
            return value | _POLLIN if rest else value
        return value.encode() if isinstance(value, str) else value

    setsockopt = set  # noqa: A003
    getsockopt = get

    def set_string(self, option: int, optval: str, encoding: str = "utf-8") -> None:
        """Set an option whose value is text."""
        self.set(option, optval.encode(encoding))

    def get_string(self, option: int, encoding: str = "utf-8") -> str:
        """Return an option whose value is text."""
        value = self.get(option)
        if not isinstance(value, bytes):
            raise OptionError(str(option), None, "its value is no text: use get()")
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
    def last_endpoint(self) -> bytes:
        """The last endpoint that was bound or connected, with its real port or path."""
        return self._core.last_endpoint.encode()

    # Eyes.

    def peers(self) -> list[Peer]:
        """Return what is known of each peer."""
        return self._host.peers(self._core)

    def stats(self) -> Stats:
        """Return the counters of dropped messages and failed connections, by reason."""
        return self._host.stats(self._core)

    def add_instrument(self, instrument: Instrument) -> None:
        """Let an instrument see drops, peers and failed connections from now on."""
        self._host.add_instrument(self._core, instrument)

    # Whole messages from frames, and back.

    def _assemble(self, data: object, flags: int) -> list[bytes] | None:
        """Return a whole message, or None where more frames follow."""
        part = data if type(data) is bytes else self._made(as_bytes, data)
        outgoing = self._partial.outgoing
        if flags & SNDMORE:
            if not outgoing:
                self._host.begin(self._core, part)
            outgoing.append(part)
            return None
        return [*outgoing, part] if outgoing else [part]

    def _assemble_all(self, msg_parts: Sequence[object], flags: int) -> list[bytes] | None:
        parts = self._made(_frames, msg_parts)
        outgoing = self._partial.outgoing
        if flags & SNDMORE:
            if not outgoing:
                self._host.begin(self._core, parts[0])
            outgoing.extend(parts)
            return None
        return [*outgoing, *parts] if outgoing else parts

    def _made(self, make: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a function makes of what is to be sent.

        Where it raises, the message has failed: the frames kept for it are forgotten.
        """
        try:
            return make(*args, **kwargs)
        except BaseException:
            self._forget()
            raise

    def _forget(self) -> None:
        """Keep no frames any longer: their message was sent, or has failed for good."""
        if self._partial.outgoing:
            self._partial.outgoing = []

    def _first(self, parts: list[bytes]) -> bytes:
        if len(parts) > 1:
            self._partial.incoming.extend(parts[1:])
        return parts[0]

    def _rest(self) -> list[bytes]:
        rest = list(self._partial.incoming)
        self._partial.incoming.clear()
        return rest

    def _send_timeout(self, flags: int) -> int:
        return 0 if flags & DONTWAIT else self._core.options.sndtimeo

    def _receive_timeout(self, flags: int) -> int:
        return 0 if flags & DONTWAIT else self._core.options.rcvtimeo


def _frames(parts: Sequence[object]) -> list[bytes]:
    frames = [part if type(part) is bytes else as_bytes(part) for part in parts]
    if not frames:
        raise ZMQError(msg="a message has at least one frame: send [b''] for an empty one")
    return frames


def _full_name(instance: object) -> str:
    kind = instance.__class__
    return f"{kind.__module__}.{kind.__qualname__}"


def _text(addr: object) -> str:
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


def window(buffer: bytearray | memoryview, nbytes: int) -> memoryview:
    """Return the part of a buffer that a frame may fill.

    Raises ValueError for more ``nbytes`` than it has, BufferError if it cannot be written to.
    """
    view = memoryview(buffer)
    if view.readonly or not view.c_contiguous:
        raise BufferError("recv_into() fills a buffer that is writable and contiguous")
    view = view.cast("B")
    if not 0 <= nbytes <= len(view):
        raise ValueError(f"nbytes={nbytes} must be from 0 to the buffer's {len(view)} bytes")
    return view[:nbytes] if nbytes else view


def fill(view: memoryview, data: bytes) -> int:
    """Copy a frame as far as there is room; returns its size."""
    size = min(len(data), len(view))
    view[:size] = data[:size]
    return len(data)


def encode_text(text: object, encoding: str) -> bytes:
    """Return text as bytes. Raises TypeError for what is none."""
    if not isinstance(text, str):
        raise TypeError(f"send_string() sends str, not {type(text).__name__}")
    return text.encode(encoding)


def dump_json(obj: object, options: dict[str, Any]) -> bytes:
    """Return an object as JSON in UTF-8. Raises TypeError for what JSON cannot say."""
    return json.dumps(obj, **{"separators": (",", ":"), **options}).encode()


def load_json(data: bytes, options: dict[str, Any]) -> Any:
    """Return what JSON says. Raises ValueError."""
    return json.loads(data, **options)


def require_copy(copy: bool) -> None:
    """Refuse copy=False. Raises ValueError."""
    if not copy:
        raise ValueError("frames arrive as bytes that are never copied again: leave copy=True")


def refuse_drafts() -> None:
    """Refuse a message's routing id and group. Raises ValueError."""
    raise ValueError(
        "routing_id and group are of draft sockets, which are not offered: "
        "a ROUTER takes the routing id as the first frame"
    )


def draft_arguments(options: dict[str, Any]) -> dict[str, Any]:
    """Take out of ``options`` what send() is to refuse or ignore."""
    return {name: options.pop(name) for name in ("routing_id", "group") if name in options}


def refuse_pickle(name: str) -> None:
    """Refuse to pickle. Raises TypeError."""
    raise TypeError(
        f"{name}() would run code that a peer chooses: pickle is not offered. "
        "Use send_json() and recv_json(), or send_serialized() with a format of your own"
    )
