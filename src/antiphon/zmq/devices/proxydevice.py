"""Devices with a third socket, which is sent a copy of every message."""

from typing import Any

from antiphon.zmq.constants import DeviceType, SocketType
from antiphon.zmq.devices.basedevice import Device, ProcessDevice, Side, ThreadDevice
from antiphon.zmq.proxies import proxy

__all__ = ("ProcessProxy", "Proxy", "ProxyBase", "ThreadProxy")


class ProxyBase(Device):
    """What devices with a monitoring socket have besides."""

    def __init__(self, in_type: int, out_type: int, mon_type: int = SocketType.PUB) -> None:
        super().__init__(DeviceType.QUEUE, in_type, out_type)
        self.mon_type = mon_type
        self._mon = Side(mon_type, self._ports)

    def bind_mon(self, addr: str) -> None:
        """Let the monitoring socket bind."""
        self._mon.bind(addr)

    def bind_mon_to_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Let the monitoring socket bind to a port that is free now; returns it."""
        return self._mon.bind_to_random_port(addr, *args, **kwargs)

    def connect_mon(self, addr: str) -> None:
        """Let the monitoring socket connect."""
        self._mon.connect(addr)

    def setsockopt_mon(self, opt: int, value: Any) -> None:
        """Let the monitoring socket have an option."""
        self._mon.set(opt, value)

    def _sides(self) -> list[Side]:
        return [*super()._sides(), self._mon]

    def run_device(self) -> None:
        """Make the sockets and pass messages on until the context ends."""
        ins, outs, mons = self._setup_sockets()
        proxy(ins, outs, mons)


class Proxy(ProxyBase):
    """A proxy with a monitoring socket, in the thread that starts it."""


class ThreadProxy(ProxyBase, ThreadDevice):
    """The same in a thread of its own."""


class ProcessProxy(ProxyBase, ProcessDevice):
    """The same in a process of its own."""
