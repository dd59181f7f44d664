"""libzmq's socket monitor: events as messages of an internal socket over inproc (3.4)."""

import struct
from typing import TYPE_CHECKING, Final

from antiphon.engine.events import DISCONNECTED, MONITOR_STOPPED
from antiphon.errors import EINVAL, EPROTONOSUPPORT, EndpointError, OptionError
from antiphon.instrument import Instrument, SocketEvent

if TYPE_CHECKING:
    from antiphon.engine.socket import SocketCore

__all__ = ("PAIR", "Monitor", "check_monitor")

PAIR: Final = 0
_PUB: Final = 1
_PUSH: Final = 8
_INPROC: Final = "inproc://"
#: The types that each version of the wire format may be read from.
_TYPES: Final[dict[int, tuple[int, ...]]] = {1: (PAIR,), 2: (PAIR, _PUB, _PUSH)}
#: The events that each version can tell of.
_EVENTS: Final[dict[int, int]] = {1: 0xFFFF, 2: 0x1FFFF}
#: The reason under which events that nobody reads in time are counted.
_LOST: Final = "monitor-full"


def check_monitor(address: str, events: int, version: int, socket_type: int) -> None:
    """Check what a program asks for.

    Raises EndpointError (EPROTONOSUPPORT for another transport than inproc) and OptionError.
    """
    if "://" not in address:
        raise EndpointError(EINVAL, address, "a monitor's address is such as inproc://monitor")
    if not address.startswith(_INPROC):
        raise EndpointError(EPROTONOSUPPORT, address, "a monitor is read over inproc only")
    if version not in _TYPES:
        raise OptionError("monitor version", version, "it is 1 or 2")
    if socket_type not in _TYPES[version]:
        raise OptionError(
            "monitor type", socket_type, "it is PAIR, or in version 2 also PUB or PUSH"
        )
    if events & ~_EVENTS[version]:
        raise OptionError("monitor events", events, "version 1 has 16 bits, version 2 has 17")


class Monitor(Instrument):
    """Sends the events of a socket to ``socket``, which a program reads from the other end of.

    What the reader does not take in time is dropped and counted among the drops of the socket that
    is monitored, as ``monitor-full``; so is what happens while there is no reader.
    """

    def __init__(self, core: "SocketCore", socket: "SocketCore", events: int, version: int) -> None:
        self.core = core
        self.socket = socket
        self.events = events
        self.version = version

    def wants(self, number: int) -> bool:
        """Tell whether the program has asked for this; the end is always of interest."""
        return bool(number & (self.events | MONITOR_STOPPED))

    def happened(self, event: SocketEvent) -> None:
        """Send an event as libzmq would, which is silent about inproc and what close() ends."""
        if event.number == MONITOR_STOPPED:
            self.stop(event)
        elif event.number == DISCONNECTED and event.reason == "closed":
            return
        elif not event.endpoint.startswith(_INPROC):
            self._send(event)

    def stop(self, event: SocketEvent) -> None:
        """Send the last event, and close the socket that it goes by."""
        if event.number & self.events:
            self._send(event)
        self.socket.close(0)

    def _send(self, event: SocketEvent) -> None:
        frames = _version_1(event) if self.version == 1 else _version_2(event)
        if not self.socket.pattern.try_send(frames):
            drops = self.core.pattern.drops
            drops[_LOST] = drops.get(_LOST, 0) + 1


def _version_1(event: SocketEvent) -> list[bytes]:
    value = event.value & 0xFFFFFFFF
    return [struct.pack("=HI", event.number, value), event.endpoint.encode()]


def _version_2(event: SocketEvent) -> list[bytes]:
    numbers = (event.number, 1, event.value & 0xFFFFFFFFFFFFFFFF)
    frames = [struct.pack("=Q", number) for number in numbers]
    return [*frames, event.local.encode(), event.remote.encode()]
