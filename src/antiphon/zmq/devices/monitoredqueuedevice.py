"""Devices whose monitoring socket tells which side a message came from."""

from antiphon.zmq.constants import SocketType
from antiphon.zmq.devices.proxydevice import ProcessProxy, Proxy, ProxyBase, ThreadProxy
from antiphon.zmq.proxies import monitored_queue

__all__ = ("MonitoredQueue", "MonitoredQueueBase", "ProcessMonitoredQueue", "ThreadMonitoredQueue")


class MonitoredQueueBase(ProxyBase):
    """What monitored queues have besides: the frames that tell; see monitored_queue()."""

    def __init__(
        self,
        in_type: int,
        out_type: int,
        mon_type: int = SocketType.PUB,
        in_prefix: bytes = b"in",
        out_prefix: bytes = b"out",
    ) -> None:
        super().__init__(in_type, out_type, mon_type)
        self._in_prefix = in_prefix
        self._out_prefix = out_prefix

    def run_device(self) -> None:
        """Make the sockets and pass messages on until the context ends."""
        ins, outs, mons = self._setup_sockets()
        monitored_queue(ins, outs, mons, self._in_prefix, self._out_prefix)


class MonitoredQueue(MonitoredQueueBase, Proxy):
    """A monitored queue, in the thread that starts it."""


class ThreadMonitoredQueue(MonitoredQueueBase, ThreadProxy):
    """The same in a thread of its own."""


class ProcessMonitoredQueue(MonitoredQueueBase, ProcessProxy):
    """The same in a process of its own."""
