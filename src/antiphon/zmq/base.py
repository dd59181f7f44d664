"""What the blocking and the asyncio sockets share: options, endpoints, whole messages.

Messages are whole below this room; SNDMORE and RCVMORE exist only here.
"""

import json
import random
from collections import deque
from collections.abc import Sequence
from typing import Any, Final, Protocol, Self

from antiphon.constants import OwnOption, SocketOption, SocketType
from antiphon.engine.peer import Peer, Stats
from antiphon.engine.socket import SocketCore
from antiphon.errors import EADDRINUSE, EndpointError, OptionError, ZMQBindError, ZMQError
from antiphon.instrument import Instrument

__all__ = (
    "BaseSocket",
    "Endpoints",
    "Part",
    "as_bytes",
    "dump_json",
    "load_json",
    "option_number",
    "refuse_pickle",
    "require_copy",
)

#: What may be sent as a frame.
Part = bytes | bytearray | memoryview

DONTWAIT: Final = 1
SNDMORE: Final = 2
_ROUTER: Final = 6
_RCVMORE: Final = 13

_OPTIONS: Final[dict[str, int]] = {
    name.lower(): int(member)
    for enum in (SocketOption, OwnOption)
    for name, member in enum.__members__.items()
}


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
    def check_routable(self, core: SocketCore, routing_id: bytes) -> None: ...
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


def option_number(name: str) -> int | None:
    """Return the number of an option by its name in lower case, or None."""
    return _OPTIONS.get(name)


class Endpoints:
    """Returned by bind() and connect(): undoes it when a ``with`` block ends."""

    def __init__(self, socket: "BaseSocket", kind: str, endpoint: str) -> None:
        self._socket = socket
        self._kind = kind
        self.endpoint = endpoint

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if not self._socket.closed:
            if self._kind == "bind":
                self._socket.unbind(self.endpoint)
            else:
                self._socket.disconnect(self.endpoint)

    def __repr__(self) -> str:
        return f"<{self._kind} {self.endpoint!r}>"


class _Partial:
    """The frames of messages that are being sent or received frame by frame."""

    def __init__(self) -> None:
        self.outgoing: list[bytes] = []
        self.incoming: deque[bytes] = deque()


class BaseSocket:
    """A socket without its waiting calls.

    Options can be read and set as attributes under their names in lower case, such as ``linger``
    or ``rcvtimeo``.
    """

    def __init__(self, context: object, host: _Host, core: SocketCore) -> None:
        set_attribute = object.__setattr__
        set_attribute(self, "context", context)
        set_attribute(self, "_host", host)
        set_attribute(self, "_core", core)
        set_attribute(self, "_partial", _Partial())

    #: The context that made it, which lives for as long as one of its sockets does.
    context: Any
    _host: _Host
    _core: SocketCore
    _partial: _Partial

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

    def __del__(self) -> None:
        core: SocketCore | None = self.__dict__.get("_core")
        if core is not None and not core.closed:
            self._host.abandon(core)

    def __repr__(self) -> str:
        state = " closed" if self.closed else ""
        return f"<{type(self).__name__}({SocketType(self._core.socket_type).name}){state}>"

    # Endpoints.

    def bind(self, addr: str | bytes) -> Endpoints:
        """Accept peers at an endpoint. Raises EndpointError."""
        endpoint = self._host.bind(self._core, _text(addr))
        return Endpoints(self, "bind", endpoint)

    def connect(self, addr: str | bytes) -> Endpoints:
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

    setsockopt_string = set_string
    getsockopt_string = get_string

    def get_hwm(self) -> int:
        """Return SNDHWM, and with it RCVHWM where set_hwm() has set both."""
        return int(self.get(SocketOption.SNDHWM))

    def set_hwm(self, value: int) -> None:
        """Set SNDHWM and RCVHWM."""
        self.set(SocketOption.SNDHWM, value)
        self.set(SocketOption.RCVHWM, value)

    hwm = property(get_hwm, set_hwm, doc="SNDHWM and RCVHWM at once.")

    def __getattr__(self, name: str) -> Any:
        number = _OPTIONS.get(name)
        if number is None:
            raise AttributeError(f"{type(self).__name__} has no attribute or option {name!r}")
        return self.get(number)

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("_") or hasattr(type(self), name):
            object.__setattr__(self, name, value)
            return
        number = _OPTIONS.get(name)
        if number is None:
            raise AttributeError(f"{type(self).__name__} has no attribute or option {name!r}")
        self.set(number, value)

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
        part = data if type(data) is bytes else as_bytes(data)
        outgoing = self._partial.outgoing
        if flags & SNDMORE:
            if not outgoing and self._core.socket_type == _ROUTER:
                self._host.check_routable(self._core, part)
            outgoing.append(part)
            return None
        return [*outgoing, part] if outgoing else [part]

    def _assemble_all(self, msg_parts: Sequence[object], flags: int) -> list[bytes] | None:
        parts = [part if type(part) is bytes else as_bytes(part) for part in msg_parts]
        if not parts:
            raise ZMQError(msg="a message has at least one frame: send [b''] for an empty one")
        outgoing = self._partial.outgoing
        if flags & SNDMORE:
            outgoing.extend(parts)
            return None
        return [*outgoing, *parts] if outgoing else parts

    def _copy_into(self, data: bytes, buffer: bytearray | memoryview, nbytes: int) -> int:
        view = memoryview(buffer).cast("B")
        size = min(len(data), nbytes or len(view), len(view))
        view[:size] = data[:size]
        return size

    def _sent(self) -> None:
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


def _text(addr: str | bytes) -> str:
    return addr.decode() if isinstance(addr, bytes) else addr


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


def refuse_pickle(name: str) -> None:
    """Refuse to pickle. Raises TypeError."""
    raise TypeError(
        f"{name}() would run code that a peer chooses: pickle is not offered. "
        "Use send_json() and recv_json(), or send_serialized() with a format of your own"
    )
