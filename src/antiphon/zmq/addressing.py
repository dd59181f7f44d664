"""The thread-safe types: one frame, and beside it the routing id or group that it goes to (Z24).

Below this room what is beside a frame is a frame, too, the first of two: the number of the peer for
SERVER and PEER, the group for RADIO and DISH.
"""

from collections.abc import Mapping
from typing import Final

from antiphon.constants import SocketType
from antiphon.errors import OptionError
from antiphon.zmq.frame import Frame, decode_group, encode_group, received_frame

__all__ = ("Addressing", "address", "addressing_of", "labelled")

_MAX_NUMBER: Final = 2**32 - 1


class Addressing:
    """What goes beside a frame of CLIENT, CHANNEL, SCATTER and GATHER: nothing."""

    def address(self, data: object, routing_id: int | None, group: str | None) -> list[bytes]:
        """Return what goes in front of a frame. Raises ValueError for what the type has not."""
        del data
        if routing_id is not None:
            raise ValueError(
                "routing_id is for SERVER and PEER: a ROUTER takes it as the first frame"
            )
        if group is not None:
            raise ValueError("group is for RADIO: a PUB takes a topic as the first frame")
        return []

    def label(self, frame: Frame, address: bytes) -> None:
        """Give a frame that has come what came in front of it."""


class _Numbered(Addressing):
    """SERVER and PEER: the number of the peer."""

    def address(self, data: object, routing_id: int | None, group: str | None) -> list[bytes]:
        super().address(data, None, group)
        if routing_id is None:
            routing_id = data.routing_id if isinstance(data, Frame) else 0
        if not 0 <= routing_id <= _MAX_NUMBER:
            raise OptionError("routing_id", routing_id, "it is a number from 1 to 4294967295")
        return [routing_id.to_bytes(4, "big")]

    def label(self, frame: Frame, address: bytes) -> None:
        frame.routing_id = int.from_bytes(address, "big")


class _Grouped(Addressing):
    """RADIO and DISH: the group, which may be empty."""

    def address(self, data: object, routing_id: int | None, group: str | None) -> list[bytes]:
        super().address(data, routing_id, None)
        if group is None:
            group = data.group if isinstance(data, Frame) else ""
        return [encode_group(group)]

    def label(self, frame: Frame, address: bytes) -> None:
        if address:
            frame.group = decode_group(address)


_NOTHING: Final = Addressing()
_NUMBERED: Final = _Numbered()
_GROUPED: Final = _Grouped()
_KINDS: Final[dict[int, Addressing]] = {
    SocketType.SERVER: _NUMBERED,
    SocketType.CLIENT: _NOTHING,
    SocketType.RADIO: _GROUPED,
    SocketType.DISH: _GROUPED,
    SocketType.GATHER: _NOTHING,
    SocketType.SCATTER: _NOTHING,
    SocketType.PEER: _NUMBERED,
    SocketType.CHANNEL: _NOTHING,
}


def addressing_of(socket_type: int) -> Addressing | None:
    """Return what goes beside a frame of a thread-safe type, and None for the other types."""
    return _KINDS.get(socket_type)


def address(
    addressing: Addressing | None, data: object, routing_id: int | None, group: str | None
) -> list[bytes]:
    """Return what goes in front of a frame. Raises ValueError, OptionError."""
    return (addressing or _NOTHING).address(data, routing_id, group)


def labelled(
    addressing: Addressing, parts: list[bytes], sender: Mapping[bytes, bytes], track: bool
) -> Frame:
    """Return the frame of a message that has come, with what came beside it."""
    frame = received_frame(parts[-1], False, sender, track)
    if len(parts) > 1:
        addressing.label(frame, parts[0])
    return frame
