"""What all devices have: two sides, and a place to run."""

import multiprocessing
import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar

from antiphon.errors import ENOTSOCK, ETERM, ZMQBindError, ZMQError
from antiphon.zmq.constants import DeviceType, SocketType
from antiphon.zmq.context import Context
from antiphon.zmq.proxies import proxy
from antiphon.zmq.socket import Socket

__all__ = ("BackgroundDevice", "Device", "ProcessDevice", "Side", "ThreadDevice")

#: How often join() looks whether a device in another thread is done (seconds).
_LOOK = 0.001
#: How often a port is looked for that the device does not have yet.
_TRIES = 100


class Side:
    """What one socket of a device is to be: made when the device runs, where it runs."""

    def __init__(self, socket_type: int, ports: set[int]) -> None:
        self.type = socket_type
        #: The ports that the sides of one device have found free.
        self._ports = ports
        self._options: list[tuple[int, Any]] = []
        self._binds: list[str] = []
        self._connects: list[str] = []

    def bind(self, addr: str) -> None:
        """Let the socket bind."""
        self._binds.append(addr)

    def connect(self, addr: str) -> None:
        """Let the socket connect."""
        self._connects.append(addr)

    def set(self, opt: int, value: Any) -> None:
        """Let the socket have an option, before it binds and connects."""
        self._options.append((opt, value))

    def bind_to_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Let the socket bind to a port that is free now, and return it. Raises ZMQBindError."""
        for _ in range(_TRIES):
            with Context() as context, context.socket(SocketType.REP) as socket:
                port = socket.bind_to_random_port(addr, *args, **kwargs)
            if port not in self._ports:
                self._ports.add(port)
                self.bind(f"{addr}:{port}")
                return port
        raise ZMQBindError(f"the device has all ports that were found in {_TRIES} tries")

    def make(self, context: Context) -> Socket:
        """Make the socket. Raises what its options and endpoints do."""
        socket = context.socket(self.type)
        try:
            for option, value in self._options:
                socket.set(option, value)
            for addr in self._binds:
                socket.bind(addr)
            for addr in self._connects:
                socket.connect(addr)
        except BaseException:
            socket.close(0)
            raise
        return socket


class Device:
    """A proxy between two sockets that it makes itself, in the thread that starts it.

    ``device_type`` is accepted and kept. With an ``out_type`` of -1 one socket is both sides.
    Raises TypeError without ``in_type`` and ``out_type``.
    """

    #: Makes the context when the device runs. It is not ended by the device.
    context_factory: Callable[..., Context] = Context.instance
    #: Whether the program's end waits for a device in the background.
    daemon: bool = True

    def __init__(
        self,
        device_type: int = DeviceType.QUEUE,
        in_type: int | None = None,
        out_type: int | None = None,
    ) -> None:
        if in_type is None or out_type is None:
            raise TypeError("a device needs the types of both sockets: in_type and out_type")
        self.device_type = device_type
        self.in_type = in_type
        self.out_type = out_type
        #: Whether it has run, and ended.
        self.done = False
        self._ports: set[int] = set()
        self._in = Side(in_type, self._ports)
        self._out = self._in if out_type < 0 else Side(out_type, self._ports)
        self._sockets: list[Socket] = []

    def bind_in(self, addr: str) -> None:
        """Let the first socket bind."""
        self._in.bind(addr)

    def bind_in_to_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Let the first socket bind to a port that is free now; returns it."""
        return self._in.bind_to_random_port(addr, *args, **kwargs)

    def connect_in(self, addr: str) -> None:
        """Let the first socket connect."""
        self._in.connect(addr)

    def setsockopt_in(self, opt: int, value: Any) -> None:
        """Let the first socket have an option."""
        self._in.set(opt, value)

    def bind_out(self, addr: str) -> None:
        """Let the second socket bind."""
        self._out.bind(addr)

    def bind_out_to_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Let the second socket bind to a port that is free now; returns it."""
        return self._out.bind_to_random_port(addr, *args, **kwargs)

    def connect_out(self, addr: str) -> None:
        """Let the second socket connect."""
        self._out.connect(addr)

    def setsockopt_out(self, opt: int, value: Any) -> None:
        """Let the second socket have an option."""
        self._out.set(opt, value)

    def _sides(self) -> list[Side]:
        return [self._in] if self.out_type < 0 else [self._in, self._out]

    def _setup_sockets(self) -> tuple[Socket, ...]:
        """Make the sockets; the first one stands for the second where that has no type."""
        context = self.context_factory()
        for side in self._sides():
            self._sockets.append(side.make(context))
        if self.out_type < 0:
            return (self._sockets[0], *self._sockets)
        return tuple(self._sockets)

    def run_device(self) -> None:
        """Make the sockets and pass messages on until the context ends."""
        ins, outs = self._setup_sockets()
        proxy(ins, outs)

    def run(self) -> None:
        """Do as run_device(), end in peace with the context, and close the sockets."""
        try:
            self.run_device()
        except ZMQError as error:
            if error.errno not in (ETERM, ENOTSOCK):
                raise
        finally:
            self.done = True
            self._close_sockets()

    def _close_sockets(self) -> None:
        for socket in self._sockets:
            socket.close()
        self._sockets = []

    def start(self) -> None:
        """Run it here: this returns when the context ends."""
        self.run()

    def join(self, timeout: float | None = None) -> None:
        """Wait until it is done, at most ``timeout`` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.done and (deadline is None or time.monotonic() < deadline):
            time.sleep(_LOOK)


class BackgroundDevice(Device):
    """A device that is launched: the base of those in threads and processes."""

    _launch_class: ClassVar[Any] = None
    #: The thread or process, once start() has been called.
    launcher: Any = None

    def start(self) -> None:
        """Launch it, and return."""
        self.launcher = self._launch_class(target=self.run)
        self.launcher.daemon = self.daemon
        self.launcher.start()

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended, at most ``timeout`` seconds.

        Raises RuntimeError before start().
        """
        if self.launcher is None:
            raise RuntimeError("the device was not started: call start() first")
        self.launcher.join(timeout)


class ThreadDevice(BackgroundDevice):
    """A device in a thread of its own."""

    _launch_class = threading.Thread


class ProcessDevice(BackgroundDevice):
    """A device in a process of its own, with a context of its own."""

    _launch_class = multiprocessing.Process
    context_factory = Context
