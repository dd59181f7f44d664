"""Whole messages from frames, and back: SNDMORE and RCVMORE exist only here.

Messages are whole below this room. Compiled, as every message passes through.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final, ParamSpec, TypeVar

from antiphon.constants import SocketType
from antiphon.engine.socket import SocketCore
from antiphon.errors import EINVAL, EMSGSIZE, ZMQError
from antiphon.native import mypyc_attr
from antiphon.zmq.addressing import Addressing, address, labelled
from antiphon.zmq.frame import NOBODY, Frame, as_bytes, as_frames, received_frame

__all__ = ("DONTWAIT", "SNDMORE", "Messages", "Partial")

DONTWAIT: Final = 1
SNDMORE: Final = 2

P = ParamSpec("P")
T = TypeVar("T")


class Partial:
    """The frames of messages that are being sent or received frame by frame."""

    def __init__(self) -> None:
        self.outgoing: list[bytes] = []
        self.incoming: deque[bytes] = deque()
        #: What is known of the sender of ``incoming``.
        self.sender: Mapping[bytes, bytes] = NOBODY


@mypyc_attr(allow_interpreted_subclasses=True)
class Messages:
    """The part of a socket that knows frames."""

    _core: SocketCore
    _partial: Partial
    #: None for the types whose messages have several frames.
    _addressing: Addressing | None
    #: MAX_MSGSZ of the context, where one was set: no frame that is sent is longer. Else 0.
    _max_frame: int

    def _begin(self, first_frame: bytes) -> None:
        """Raise what a message that begins so would end in."""
        raise NotImplementedError

    def _assemble(
        self, data: object, flags: int, routing_id: int | None, group: str | None
    ) -> list[bytes] | None:
        """Return a whole message, or None where more frames follow."""
        part = data if type(data) is bytes else self._made(as_bytes, data)
        if self._max_frame:
            self._made(self._check_sizes, [part])
        before = self._before(data, routing_id, group)
        if flags & SNDMORE:
            self._keep([part])
            return None
        return [*before, part] if before else [part]

    def _assemble_all(
        self, msg_parts: Sequence[object], flags: int, routing_id: int | None, group: str | None
    ) -> list[bytes] | None:
        """Return a whole message, or None where more frames follow."""
        try:
            parts = self._frames(msg_parts)
        except BaseException:
            self._forget()
            raise
        before = self._before(msg_parts[0], routing_id, group)
        if flags & SNDMORE:
            self._keep(parts)
            return None
        return [*before, *parts] if before else parts

    def _before(self, data: object, routing_id: int | None, group: str | None) -> list[bytes]:
        """Return the frames in front of what is sent now."""
        if self._addressing is not None or routing_id is not None or group is not None:
            return self._made(address, self._addressing, data, routing_id, group)
        return self._partial.outgoing

    def _keep(self, parts: list[bytes]) -> None:
        if self._addressing is not None:
            name = SocketType(self._core.socket_type).name
            raise ZMQError(EINVAL, f"a {name} socket sends one frame at a time: no SNDMORE")
        outgoing = self._partial.outgoing
        if not outgoing:
            self._begin(parts[0])
        outgoing.extend(parts)

    def _frames(self, parts: Sequence[object]) -> list[bytes]:
        frames = [part if type(part) is bytes else as_bytes(part) for part in parts]
        if not frames:
            raise ZMQError(msg="a message has at least one frame: send [b''] for an empty one")
        if self._max_frame:
            self._check_sizes(frames)
        return frames

    def _check_sizes(self, frames: list[bytes]) -> None:
        limit = self._max_frame
        for frame in frames:
            if len(frame) > limit:
                raise ZMQError(
                    EMSGSIZE, f"a frame of {len(frame)} bytes is longer than MAX_MSGSZ ({limit})"
                )

    def _made(self, make: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a function makes of what is to be sent.

        Where it raises, the message has failed: the frames kept for it are forgotten.
        """
        try:
            return make(*args, **kwargs)
        except BaseException:
            self._forget()
            raise

    def _forget(self) -> None:
        """Keep no frames any longer: their message was sent, or has failed for good."""
        if self._partial.outgoing:
            self._partial.outgoing = []

    def _first(self, parts: list[bytes]) -> bytes:
        if len(parts) > 1:
            if self._addressing is not None:
                return parts[-1]
            self._partial.incoming.extend(parts[1:])
            self._partial.sender = NOBODY
        return parts[0]

    def _rest(self) -> list[bytes]:
        rest = list(self._partial.incoming)
        self._partial.incoming.clear()
        return rest

    def _first_frame(self, parts: list[bytes], sender: Mapping[bytes, bytes], track: bool) -> Frame:
        if self._addressing is not None:
            return labelled(self._addressing, parts, sender, track)
        first = self._first(parts)
        self._partial.sender = sender
        return received_frame(first, len(parts) > 1, sender, track)

    def _all_frames(
        self, parts: list[bytes], sender: Mapping[bytes, bytes], track: bool
    ) -> list[Frame]:
        if self._addressing is not None:
            return [labelled(self._addressing, parts, sender, track)]
        return as_frames(parts, sender, track)

    def _next_frame(self, track: bool) -> Frame:
        incoming = self._partial.incoming
        part = incoming.popleft()
        return received_frame(part, bool(incoming), self._partial.sender, track)

    def _rest_frames(self, track: bool) -> list[Frame]:
        return as_frames(self._rest(), self._partial.sender, track)

    def _send_timeout(self, flags: int) -> int:
        return 0 if flags & DONTWAIT else self._core.options.sndtimeo

    def _receive_timeout(self, flags: int) -> int:
        return 0 if flags & DONTWAIT else self._core.options.rcvtimeo
