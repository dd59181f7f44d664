"""Reading the events of Socket.monitor(), under pyzmq's names."""

import struct
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, TypedDict, overload

from antiphon.constants import Event

if TYPE_CHECKING:
    from antiphon.zmq import asyncio
    from antiphon.zmq.socket import Socket

__all__ = ("parse_monitor_message", "recv_monitor_message")

_EVENT = struct.Struct("=Hi")


class _MonitorMessage(TypedDict):
    """What has happened, a descriptor, error number or code (see Event), and where."""

    event: int
    value: int
    endpoint: bytes


def parse_monitor_message(msg: list[bytes]) -> _MonitorMessage:
    """Return what a message of a monitor says: its frames are the event with its value, and where.

    Raises RuntimeError for a message that no monitor has sent.
    """
    if len(msg) != 2 or len(msg[0]) != _EVENT.size:
        raise RuntimeError(f"this is no event of a monitor: {msg!r}")
    event, value = _EVENT.unpack(msg[0])
    return {"event": Event(event), "value": value, "endpoint": msg[1]}


@overload
def recv_monitor_message(
    socket: "asyncio.Socket", flags: int = 0
) -> Awaitable[_MonitorMessage]: ...


@overload
def recv_monitor_message(socket: "Socket", flags: int = 0) -> _MonitorMessage: ...


def recv_monitor_message(
    socket: Any, flags: int = 0
) -> _MonitorMessage | Awaitable[_MonitorMessage]:
    """Receive an event from the PAIR that Socket.get_monitor_socket() returns.

    With a socket of asyncio it is awaited. Raises what recv_multipart() does: with DONTWAIT in
    ``flags`` Again, if there is none.
    """
    received = socket.recv_multipart(flags)
    if isinstance(received, Awaitable):
        return _parse_later(received)
    return parse_monitor_message(received)


async def _parse_later(received: Awaitable[list[bytes]]) -> _MonitorMessage:
    return parse_monitor_message(await received)
