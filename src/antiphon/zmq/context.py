"""The context: what sockets of one program share."""

import sys
import threading
from collections.abc import Callable
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar, overload

from antiphon.constants import ContextOption, SocketOption
from antiphon.engine.socket import SocketCore
from antiphon.errors import EMFILE, ContextTerminated, OptionError, ZMQError
from antiphon.hosts.threads import Host
from antiphon.options import SocketOptions, option_name
from antiphon.zmq.attributes import CONTEXT_OPTIONS, SOCKET_OPTIONS, ContextAttributes
from antiphon.zmq.base import BaseSocket
from antiphon.zmq.socket import Socket

__all__ = ("BaseContext", "Context")

S = TypeVar("S", bound=BaseSocket)
T = TypeVar("T")

_IO_THREADS = int(ContextOption.IO_THREADS)
_MAX_SOCKETS = int(ContextOption.MAX_SOCKETS)
_SOCKET_LIMIT = int(ContextOption.SOCKET_LIMIT)
_BLOCKY = int(SocketOption.BLOCKY)
_IPV6 = int(SocketOption.IPV6)

_DEFAULTS: dict[int, int] = {_IO_THREADS: 1, _MAX_SOCKETS: 1023, _BLOCKY: 1, _IPV6: 0}
_MINIMA: dict[int, int] = {_MAX_SOCKETS: 1}
_MAXIMA: dict[int, int] = {_MAX_SOCKETS: 65535, _BLOCKY: 1, _IPV6: 1}


def _name(option: int) -> str:
    for name, number in CONTEXT_OPTIONS.items():
        if number == option:
            return name.upper()
    return option_name(option)


class _Host(Protocol):
    def open(self, socket_type: int, options: SocketOptions) -> SocketCore: ...


class _Open:
    """The sockets of a context that have not ended, to be counted."""

    def __init__(self) -> None:
        self._cores: list[SocketCore] = []
        self._enough = 64
        self._lock = threading.Lock()

    def check(self, limit: int) -> None:
        """Raise ZMQError (EMFILE) if there are as many as ``limit``."""
        with self._lock:
            # Looking through them now and then costs little, and keeps few that have ended.
            if len(self._cores) >= min(limit, self._enough):
                self._cores = [core for core in self._cores if not core.ended]
                self._enough = max(64, 2 * len(self._cores))
            if len(self._cores) >= limit:
                raise ZMQError(
                    EMFILE, f"the context has {limit} sockets: close some, or raise its MAX_SOCKETS"
                )

    def add(self, core: SocketCore) -> None:
        with self._lock:
            self._cores.append(core)


class BaseContext(ContextAttributes, Generic[S]):
    """What the contexts of both hosts share.

    Socket options set as attributes, such as ``context.linger = 0``, are the defaults of sockets
    made afterwards. A subclass may say in ``_socket_class`` what its sockets are.
    """

    _instance: ClassVar[Any] = None
    _instance_lock: ClassVar[threading.Lock] = threading.Lock()
    _socket_class: ClassVar[Any] = BaseSocket

    #: Whether all sockets may use send_pyobj() and recv_pyobj(), which run what a peer sends.
    allow_pickle: bool = False
    _max_frame: int = 0

    _host: _Host
    _options: SocketOptions
    _settings: dict[int, int]
    _open_sockets: _Open

    def __init__(self, io_threads: int = 1, *, shadow: object = None) -> None:
        if shadow is not None or not isinstance(io_threads, int):
            raise TypeError(
                "a context cannot share the sockets of another one: make a Context() with no "
                "arguments, and connect its sockets to those of the other (inproc works too)"
            )
        if io_threads < 0:
            raise OptionError("IO_THREADS", io_threads, "it is 0 or more")
        self._options = SocketOptions()
        self._settings = {**_DEFAULTS, _IO_THREADS: io_threads}
        self._open_sockets = _Open()

    @classmethod
    def instance(cls, io_threads: int = 1) -> Self:
        """Return the context that a whole program shares, made anew after its end or a fork."""
        with cls._instance_lock:
            current = cls.__dict__.get("_instance")
            if current is None or current.closed or current.foreign:
                current = cls(io_threads)
                cls._instance = current
            return current

    @property
    def closed(self) -> bool:
        """Whether the context has been terminated."""
        raise NotImplementedError

    @property
    def foreign(self) -> bool:
        """Whether the context was made before a fork(), by the parent of this process."""
        raise NotImplementedError

    def term(self) -> None:
        """End the context. Blocked calls raise ContextTerminated; sockets close with LINGER."""
        raise NotImplementedError

    def destroy(self, linger: int | None = None) -> None:
        """Close every socket with ``linger`` milliseconds and end the context."""
        raise NotImplementedError

    @overload
    def socket(self, socket_type: int, socket_class: Callable[..., T], **options: Any) -> T: ...

    @overload
    def socket(self, socket_type: int, socket_class: object = None, **options: Any) -> S: ...

    def socket(self, socket_type: int, socket_class: Any = None, **options: Any) -> Any:
        """Make a socket of a type such as REQ, and of a subclass of Socket if one is given.

        ``options`` are the constructor's: those of Socket are set on it, such as ``linger=0``.
        """
        if self.closed:
            raise ContextTerminated
        make = self._socket_class if socket_class is None else socket_class
        return make(self, socket_type, **options)

    def _open(self, socket_type: object) -> SocketCore:
        if not isinstance(socket_type, int):
            kind = type(socket_type).__name__
            raise TypeError(f"a socket's type is a number such as antiphon.zmq.REQ, not {kind}")
        if self.closed:
            raise ContextTerminated
        self._open_sockets.check(self._settings[_MAX_SOCKETS])
        core = self._host.open(int(socket_type), self._options)
        self._open_sockets.add(core)
        return core

    def set(self, option: int, optval: int) -> None:
        """Set an option of the context. Raises OptionError.

        BLOCKY and IPV6 are the LINGER and IPV6 that sockets made afterwards begin with: BLOCKY
        of 0 means a LINGER of 0.
        """
        number = int(option)
        low, high = _MINIMA.get(number, 0), _MAXIMA.get(number, 2**31 - 1)
        if number not in self._settings or not low <= optval <= high:
            raise OptionError(_name(number), optval, "the context has no such option or value")
        if number == _IPV6:
            self._options.set(_IPV6, optval)
        elif number == _BLOCKY:
            self._options.set(SocketOption.LINGER, -1 if optval else 0)
        self._settings[number] = int(optval)

    def get(self, option: int) -> int:
        """Return an option of the context. Raises OptionError."""
        number = int(option)
        if number == _SOCKET_LIMIT:
            return 65535
        if number == _IPV6:
            return int(self._options.ipv6)
        value = self._settings.get(number)
        if value is None:
            raise OptionError(_name(number), None, "the context has no such option")
        return value

    def _get_named(self, name: str) -> Any:
        if name in CONTEXT_OPTIONS:
            return self.get(CONTEXT_OPTIONS[name])
        return self._options.get(SOCKET_OPTIONS[name])

    def _set_named(self, name: str, value: Any) -> None:
        if name in CONTEXT_OPTIONS:
            self.set(CONTEXT_OPTIONS[name], value)
        else:
            self._options.set(SOCKET_OPTIONS[name], value)

    def setsockopt(self, opt: int, value: Any) -> None:
        """Set an option that sockets made afterwards begin with. Raises OptionError."""
        self._options.set(int(opt), value)

    def getsockopt(self, opt: int) -> Any:
        """Return an option that sockets begin with. Raises OptionError."""
        return self._options.get(int(opt))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.destroy()


class Context(BaseContext[Socket]):
    """A context of blocking sockets; it and they are thread-safe.

    ``io_threads`` is accepted for pyzmq's sake: threads that wait do the work.
    """

    _host: Host
    _socket_class = Socket

    def __init__(self, io_threads: int = 1, *, shadow: object = None) -> None:
        super().__init__(io_threads, shadow=shadow)
        self._host = Host()

    @property
    def closed(self) -> bool:
        """Whether the context has been terminated."""
        return self._host.closed

    @property
    def foreign(self) -> bool:
        """Whether the context was made before a fork(), by the parent of this process."""
        return self._host.foreign()

    def term(self) -> None:
        """End the context. Blocked calls raise ContextTerminated; sockets close with LINGER."""
        self._host.term()

    def destroy(self, linger: int | None = None) -> None:
        """Close every socket with ``linger`` milliseconds and end the context."""
        self._host.destroy(linger)

    def __del__(self, _is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        # At the end of the process the modules that this needs may have gone already.
        host: Host | None = self.__dict__.get("_host")
        if host is not None and not _is_finalizing():
            host.abandon_all()
