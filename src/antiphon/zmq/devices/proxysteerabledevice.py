"""Devices with a fourth socket, which takes commands."""

from typing import Any

from antiphon.zmq.constants import SocketType
from antiphon.zmq.devices.basedevice import Side
from antiphon.zmq.devices.proxydevice import ProcessProxy, Proxy, ProxyBase, ThreadProxy
from antiphon.zmq.proxies import proxy_steerable

__all__ = ("ProcessProxySteerable", "ProxySteerable", "ProxySteerableBase", "ThreadProxySteerable")


class ProxySteerableBase(ProxyBase):
    """What devices with a controlling socket have besides; see proxy_steerable()."""

    def __init__(
        self,
        in_type: int,
        out_type: int,
        mon_type: int = SocketType.PUB,
        ctrl_type: int | None = None,
    ) -> None:
        super().__init__(in_type, out_type, mon_type)
        self.ctrl_type = SocketType.PAIR if ctrl_type is None else ctrl_type
        self._ctrl = Side(self.ctrl_type, self._ports)

    def bind_ctrl(self, addr: str) -> None:
        """Let the controlling socket bind."""
        self._ctrl.bind(addr)

    def bind_ctrl_to_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Let the controlling socket bind to a port that is free now; returns it."""
        return self._ctrl.bind_to_random_port(addr, *args, **kwargs)

    def connect_ctrl(self, addr: str) -> None:
        """Let the controlling socket connect."""
        self._ctrl.connect(addr)

    def setsockopt_ctrl(self, opt: int, value: Any) -> None:
        """Let the controlling socket have an option."""
        self._ctrl.set(opt, value)

    def _sides(self) -> list[Side]:
        return [*super()._sides(), self._ctrl]

    def run_device(self) -> None:
        """Make the sockets and pass messages on until TERMINATE, or the context's end."""
        ins, outs, mons, ctrls = self._setup_sockets()
        proxy_steerable(ins, outs, mons, ctrls)


class ProxySteerable(ProxySteerableBase, Proxy):
    """A steerable proxy, in the thread that starts it."""


class ThreadProxySteerable(ProxySteerableBase, ThreadProxy):
    """The same in a thread of its own."""


class ProcessProxySteerable(ProxySteerableBase, ProcessProxy):
    """The same in a process of its own."""
