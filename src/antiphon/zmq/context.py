"""The context: what sockets of one program share."""

import threading
from typing import Any, ClassVar, Generic, Self, TypeVar

from antiphon.constants import ContextOption
from antiphon.errors import ContextTerminated, OptionError
from antiphon.hosts.threads import Host
from antiphon.options import SocketOptions
from antiphon.zmq.base import BaseSocket, option_number
from antiphon.zmq.socket import Socket

__all__ = ("BaseContext", "Context")

S = TypeVar("S", bound=BaseSocket)

_DEFAULTS: dict[int, int] = {
    int(ContextOption.IO_THREADS): 1,
    int(ContextOption.MAX_SOCKETS): 1023,
}
_READ_ONLY: dict[int, int] = {int(ContextOption.SOCKET_LIMIT): 65535}


class BaseContext(Generic[S]):
    """What the contexts of both hosts share.

    Socket options set as attributes, such as ``context.linger = 0``, are the defaults of sockets
    made afterwards.
    """

    _instance: ClassVar[Any] = None
    _instance_lock: ClassVar[threading.Lock] = threading.Lock()

    _options: SocketOptions
    _settings: dict[int, int]

    def __init__(self, io_threads: int = 1) -> None:
        if io_threads < 0:
            raise OptionError("IO_THREADS", io_threads, "it is 0 or more")
        set_attribute = object.__setattr__
        set_attribute(self, "_options", SocketOptions())
        set_attribute(self, "_settings", {**_DEFAULTS, int(ContextOption.IO_THREADS): io_threads})

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

    def socket(self, socket_type: int, **options: Any) -> S:
        """Make a socket of a type such as REQ; options such as ``linger=0`` are set on it."""
        if self.closed:
            raise ContextTerminated
        socket = self._make(int(socket_type))
        try:
            for name, value in options.items():
                setattr(socket, name, value)
        except BaseException:
            socket.close(0)
            raise
        return socket

    def _make(self, socket_type: int) -> S:
        raise NotImplementedError

    def set(self, option: int, optval: int) -> None:
        """Set an option of the context. Raises OptionError."""
        if option not in self._settings or optval < 0:
            raise OptionError(str(option), optval, "the context has no such option or value")
        self._settings[int(option)] = optval

    def get(self, option: int) -> int:
        """Return an option of the context. Raises OptionError."""
        value = {**_READ_ONLY, **self._settings}.get(int(option))
        if value is None:
            raise OptionError(str(option), None, "the context has no such option")
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        number = option_number(name)
        if name.startswith("_") or hasattr(type(self), name) or number is None:
            object.__setattr__(self, name, value)
        else:
            self._options.set(number, value)

    def __getattr__(self, name: str) -> Any:
        number = option_number(name)
        if number is None or name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no attribute or option {name!r}")
        return self._options.get(number)

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

    def __init__(self, io_threads: int = 1) -> None:
        super().__init__(io_threads)
        object.__setattr__(self, "_host", Host())

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

    def _make(self, socket_type: int) -> Socket:
        return Socket(self, self._host, self._host.open(socket_type, self._options))

    def __del__(self) -> None:
        host: Host | None = self.__dict__.get("_host")
        if host is not None:
            host.abandon_all()
