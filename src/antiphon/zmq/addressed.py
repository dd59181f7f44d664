"""The thread-safe types: one frame, and beside it the routing id or group that it goes to (Z24).

Below this room what is beside a frame is a frame, too, the first of two: the number of the peer for
SERVER and PEER, the group for RADIO and DISH.
"""

from collections.abc import Mapping
from typing import Any, Final

from antiphon.constants import SocketType
from antiphon.engine.numbered import connect_peer, disconnect_peer
from antiphon.engine.socket import SocketCore
from antiphon.errors import EINVAL, OptionError, ZMQError
from antiphon.zmq.endpoints import endpoint_text
from antiphon.zmq.frame import Frame, decode_group, encode_group, received_frame
from antiphon.zmq.observed import ObservedSocket

__all__ = ("AddressedSocket", "Addressing", "addressing_of")

_SNDMORE: Final = 2
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


class AddressedSocket(ObservedSocket):
    """The part of a socket that joins groups, and that knows peers by their numbers."""

    _core: SocketCore
    #: None for the types whose messages have several frames.
    _addressing: Addressing | None

    def join(self, group: str | bytes) -> None:
        """Let a DISH receive what is sent to a group.

        Raises OptionError for a group of more than 255 bytes or that has been joined already, and
        OperationNotSupported for other socket types.
        """
        self._host.act(self._core, lambda: self._core.pattern.join(encode_group(group)))

    def leave(self, group: str | bytes) -> None:
        """Let a DISH receive no more of a group.

        Raises OptionError for one that is not joined, OperationNotSupported for other socket types.
        """
        self._host.act(self._core, lambda: self._core.pattern.leave(encode_group(group)))

    def connect_peer(self, addr: str | bytes) -> int:
        """Connect a PEER, and return the routing id of the peer: it may be sent to at once.

        Raises OperationNotSupported for other socket types, OptionError under IMMEDIATE, and
        EndpointError.
        """
        endpoint = endpoint_text(addr)
        number: int = self._host.act(self._core, lambda: connect_peer(self._core, endpoint))
        return number

    def disconnect_peer(self, routing_id: int) -> None:
        """Close a PEER's connection with one peer; what waits for it is dropped.

        Raises HostUnreachable for an id that no peer has, OperationNotSupported for other socket
        types.
        """
        self._host.act(self._core, lambda: disconnect_peer(self._core, routing_id))

    def _check_single(self) -> None:
        """Raise ZMQError (EINVAL) where messages have one frame, and more is to follow."""
        if self._addressing is not None:
            raise ZMQError(EINVAL, f"a {self._name()} socket sends one frame at a time: no SNDMORE")

    def _name(self) -> str:
        return SocketType(self._core.socket_type).name

    def _addressed(
        self, parts: list[bytes] | None, data: Any, routing_id: int | None, group: str | None
    ) -> list[bytes] | None:
        """Return a message with what goes beside its frame. Raises ValueError, OptionError."""
        address = (self._addressing or _NOTHING).address(data, routing_id, group)
        return parts if parts is None else [*address, *parts]

    def _labelled(self, parts: list[bytes], sender: Mapping[bytes, bytes], track: bool) -> Frame:
        """Return the frame of a message that has come, with what came beside it."""
        frame = received_frame(parts[-1], False, sender, track)
        if self._addressing is not None and len(parts) > 1:
            self._addressing.label(frame, parts[0])
        return frame
