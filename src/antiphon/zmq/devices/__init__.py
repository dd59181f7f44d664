"""Devices: a proxy with its sockets, in this thread, in one of its own, or in another process."""

from antiphon.zmq.devices.basedevice import Device, ProcessDevice, ThreadDevice
from antiphon.zmq.devices.monitoredqueuedevice import (
    MonitoredQueue,
    ProcessMonitoredQueue,
    ThreadMonitoredQueue,
)
from antiphon.zmq.devices.proxydevice import ProcessProxy, Proxy, ThreadProxy
from antiphon.zmq.devices.proxysteerabledevice import (
    ProcessProxySteerable,
    ProxySteerable,
    ThreadProxySteerable,
)
from antiphon.zmq.proxies import device, monitored_queue

__all__ = (
    "Device",
    "MonitoredQueue",
    "ProcessDevice",
    "ProcessMonitoredQueue",
    "ProcessProxy",
    "ProcessProxySteerable",
    "Proxy",
    "ProxySteerable",
    "ThreadDevice",
    "ThreadMonitoredQueue",
    "ThreadProxy",
    "ThreadProxySteerable",
    "device",
    "monitored_queue",
)
