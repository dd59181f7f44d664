"""The context: what sockets of one program share."""

import contextlib
import sys
import threading
from collections.abc import Callable
from types import GenericAlias
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar, overload

from antiphon.constants import ContextOption, SocketOption
from antiphon.engine.socket import SocketCore
from antiphon.errors import EMFILE, ENOTSOCK, ContextTerminated, OptionError, ZMQError
from antiphon.hosts.lines import LINES
from antiphon.hosts.threads import Host
from antiphon.options import SocketOptions
from antiphon.zmq.attributes import CONTEXT_OPTIONS, SOCKET_OPTIONS, ContextAttributes
from antiphon.zmq.base import BaseSocket
from antiphon.zmq.settings import Settings
from antiphon.zmq.shadows import Shadowed, original_of
from antiphon.zmq.socket import Socket

__all__ = ("BaseContext", "Context", "SyncContext")

S = TypeVar("S", bound=BaseSocket)
T = TypeVar("T")
_AnyClass = type[Any]

#: What is set by calling the socket once it is there, as it is no value that it keeps.
_CALLS = (int(SocketOption.SUBSCRIBE), int(SocketOption.UNSUBSCRIBE))


class _Host(Protocol):
    def open(self, socket_type: int, options: SocketOptions) -> SocketCore: ...
    def set_option(self, core: SocketCore, option: int, value: object) -> None: ...


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

    def count(self) -> int:
        """Return how many are open."""
        with self._lock:
            return sum(not core.closed for core in self._cores)


class BaseContext(ContextAttributes, Shadowed, Generic[S]):
    """What the contexts of both hosts share.

    Socket options set as attributes, such as ``context.linger = 0``, are the defaults of sockets
    made afterwards; ``sockopts`` is the dictionary of them. A subclass may say in ``_socket_class``
    what its sockets are. With another context as the first argument, or as ``shadow``, it is the
    same context a second time, with defaults of its own; it ends nothing by being forgotten.

    Raises TypeError for a context of the other kind, OptionError for a bad ``io_threads``, and
    ZMQError (ENOTSOCK) for a number that is no context's ``underlying``.
    """

    _instance: ClassVar[Any] = None
    _instance_lock: ClassVar[threading.Lock] = threading.Lock()
    _socket_class: ClassVar[Any] = BaseSocket
    _host_class: ClassVar[_AnyClass]
    _repr_name: ClassVar[str] = "zmq.Context"

    #: Whether all sockets may use send_pyobj() and recv_pyobj(), which run what a peer sends.
    allow_pickle: bool = False
    #: The options that sockets begin with, by their numbers.
    sockopts: dict[int, Any]

    _host: _Host
    _settings: Settings
    _open_sockets: _Open
    _original: "BaseContext[Any] | None" = None

    def __init__(self, io_threads: Any = 1, shadow: Any = None) -> None:
        self.sockopts = {}
        if isinstance(io_threads, BaseContext):
            shadow = io_threads
        if shadow:
            self._share(shadow)
            return
        if not isinstance(io_threads, int):
            raise TypeError(f"io_threads is a number, not {type(io_threads).__name__}")
        self._settings = Settings()
        self._settings.set(ContextOption.IO_THREADS, io_threads)
        self._open_sockets = _Open()
        self._host = self._host_class()

    def _share(self, shadow: Any) -> None:
        original = shadow
        if isinstance(shadow, int):
            original = original_of(shadow)
            if original is None:
                raise ZMQError(ENOTSOCK, f"there is no context whose underlying is {shadow}")
        host = self._adapted(getattr(original, "_host", None))
        if host is None:
            raise TypeError(
                f"{type(self).__module__}.Context cannot share the sockets of {original!r}: "
                "make a Context() of its own, and connect its sockets to those of the other"
            )
        self._original = original
        self._host = host
        self._settings = original._settings  # noqa: SLF001
        self._open_sockets = original._open_sockets  # noqa: SLF001

    def _adapted(self, host: Any) -> Any:
        """Return a host of this kind for the sockets of another context's host, or None."""
        return host if isinstance(host, self._host_class) else None

    def _shared(self) -> object:
        return getattr(self._host, "blocking", self._host)

    def __del__(
        self,
        _is_finalizing: Callable[[], bool] = sys.is_finalizing,
        _warn: Callable[[str], None] = LINES.warn,
    ) -> None:
        # At the end of the process the modules that this needs may have gone already.
        if self._original is not None or self.closed or _is_finalizing() or self.foreign:
            return
        # Not here, and its sockets are not counted: the collector runs anywhere, locks held or not.
        _warn(f"Unclosed context <{self._repr_name}() at {id(self):#x}>")
        self._abandon()

    def _abandon(self) -> None:
        """End the context soon, as nobody holds it any longer."""

    def __repr__(self) -> str:
        if self.closed:
            state = " closed"
            sockets = ""
        else:
            state = ""
            count = self._open_sockets.count()
            sockets = f"{count} socket{'' if count == 1 else 's'}" if count else ""
        return f"<{self._repr_name}({sockets}) at {id(self):#x}{state}>"

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
        self._open_sockets.check(self._settings.get(ContextOption.MAX_SOCKETS))
        core = self._host.open(int(socket_type), self._defaults(int(socket_type)))
        self._open_sockets.add(core)
        for option in _CALLS:
            if option in self.sockopts:
                with contextlib.suppress(OptionError):
                    self._host.set_option(core, option, self.sockopts[option])
        return core

    def _defaults(self, socket_type: int = -1) -> SocketOptions:
        """Return the options that a socket begins with: those it does not have are left out."""
        options = SocketOptions(socket_type)
        options.ipv6 = bool(self._settings.get(SocketOption.IPV6))
        if not self._settings.get(SocketOption.BLOCKY):
            options.linger = 0
        for option, value in self.sockopts.items():
            if option not in _CALLS:
                with contextlib.suppress(OptionError):
                    options.set(int(option), value)
        return options

    @property
    def _max_frame(self) -> int:
        return self._settings.max_frame

    def set(self, option: int, optval: int) -> None:
        """Set an option of the context. Raises OptionError, and TypeError for what is no number.

        BLOCKY and IPV6 are the LINGER and IPV6 that sockets made afterwards begin with: BLOCKY
        of 0 means a LINGER of 0. MAX_MSGSZ is the longest frame, in bytes, that they send.
        """
        self._settings.set(int(option), optval)

    def get(self, option: int) -> int:
        """Return an option of the context. Raises OptionError."""
        return self._settings.get(int(option))

    def _get_named(self, name: str) -> Any:
        if name in CONTEXT_OPTIONS:
            return self.get(CONTEXT_OPTIONS[name])
        return self.getsockopt(SOCKET_OPTIONS[name])

    def _set_named(self, name: str, value: Any) -> None:
        if name in CONTEXT_OPTIONS:
            self.set(CONTEXT_OPTIONS[name], value)
        else:
            self.setsockopt(SOCKET_OPTIONS[name], value)

    def setsockopt(self, opt: int, value: Any) -> None:
        """Set an option that sockets made afterwards begin with. Raises OptionError."""
        if opt not in _CALLS:
            SocketOptions().set(int(opt), value)
        self.sockopts[opt] = value

    def getsockopt(self, opt: int) -> Any:
        """Return an option that sockets begin with. Raises OptionError."""
        return self._defaults().get(int(opt))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.destroy()


class Context(BaseContext[Socket]):
    """A context of blocking sockets; it and they are thread-safe.

    ``io_threads`` is accepted for pyzmq's sake: threads that wait do the work.
    """

    # pyzmq's annotations say what its sockets are: zmq.Context[zmq.Socket].
    __class_getitem__: ClassVar[Any] = classmethod(GenericAlias)
    _host: Host
    _host_class = Host
    _socket_class = Socket

    def _adapted(self, host: Any) -> Any:
        return super()._adapted(getattr(host, "blocking", host))

    @property
    def closed(self) -> bool:
        """Whether the context has been terminated."""
        return "_host" not in self.__dict__ or self._host.closed

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

    def _abandon(self) -> None:
        self._host.abandon_all()


SyncContext = Context
