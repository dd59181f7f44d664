"""Whole messages from frames, and back: SNDMORE and RCVMORE exist only here.

Messages are whole below this room. Compiled, as every message passes through.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, ParamSpec, TypeVar

from antiphon.constants import SocketType
from antiphon.engine.socket import SocketCore
from antiphon.errors import EINVAL, EMSGSIZE, ZMQError
from antiphon.zmq.addressing import Addressing, address, labelled
from antiphon.zmq.frame import NOBODY, Frame, as_bytes, as_frames, received_frame

__all__ = ("DONTWAIT", "SNDMORE", "Messages")

DONTWAIT: Final = 1
SNDMORE: Final = 2

P = ParamSpec("P")
T = TypeVar("T")


class Messages:
    """The messages of one socket, which are sent and received frame by frame or as a whole.

    ``begin`` raises what a message with that first frame would end in, ``addressing`` is None for
    the types whose messages have several frames, and no frame that is sent is longer than
    ``max_frame`` bytes (0: any length).
    """

    def __init__(
        self,
        core: SocketCore,
        begin: Callable[[SocketCore, bytes], None],
        addressing: Addressing | None,
        max_frame: int,
    ) -> None:
        self._core = core
        self._begin = begin
        self.addressing = addressing
        self._max_frame = max_frame
        #: The frames of messages that are sent or received in part; of those that have come the
        #: next one is the last.
        self.outgoing: list[bytes] = []
        self.incoming: list[bytes] = []
        #: What is known of the sender of ``incoming``.
        self._sender: Mapping[bytes, bytes] = NOBODY

    # Out.

    def assemble(
        self, data: object, flags: int, routing_id: int | None, group: str | None
    ) -> list[bytes] | None:
        """Return a whole message, or None where more frames follow."""
        part = data if type(data) is bytes else self.made(as_bytes, data)
        if self._max_frame:
            self.made(self._check_sizes, [part])
        before = self._before(data, routing_id, group)
        if flags & SNDMORE:
            self._keep([part])
            return None
        return [*before, part] if before else [part]

    def assemble_all(
        self, msg_parts: Sequence[object], flags: int, routing_id: int | None, group: str | None
    ) -> list[bytes] | None:
        """Return a whole message, or None where more frames follow."""
        try:
            parts = self._frames(msg_parts)
        except BaseException:
            self.forget()
            raise
        before = self._before(msg_parts[0], routing_id, group)
        if flags & SNDMORE:
            self._keep(parts)
            return None
        return [*before, *parts] if before else parts

    def _before(self, data: object, routing_id: int | None, group: str | None) -> list[bytes]:
        """Return the frames in front of what is sent now."""
        if self.addressing is not None or routing_id is not None or group is not None:
            return self.made(address, self.addressing, data, routing_id, group)
        return self.outgoing

    def _keep(self, parts: list[bytes]) -> None:
        if self.addressing is not None:
            name = SocketType(self._core.socket_type).name
            raise ZMQError(EINVAL, f"a {name} socket sends one frame at a time: no SNDMORE")
        outgoing = self.outgoing
        if not outgoing:
            self._begin(self._core, parts[0])
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

    def made(self, make: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a function makes of what is to be sent.

        Where it raises, the message has failed: the frames kept for it are forgotten.
        """
        try:
            return make(*args, **kwargs)
        except BaseException:
            self.forget()
            raise

    def forget(self) -> None:
        """Keep no frames any longer: their message was sent, or has failed for good."""
        if self.outgoing:
            self.outgoing = []

    # In.

    def first(self, parts: list[bytes]) -> bytes:
        """Return the first frame of a message that has come; the others wait here."""
        if len(parts) > 1:
            if self.addressing is not None:
                return parts[-1]
            self.incoming += parts[:0:-1]
            self._sender = NOBODY
        return parts[0]

    def all(self, parts: list[bytes]) -> list[bytes]:
        """Return the frames of a message that has come, without what came beside them."""
        return parts if self.addressing is None else parts[-1:]

    def rest(self) -> list[bytes]:
        """Return the frames that are left of a message."""
        rest = self.incoming[::-1]
        self.incoming.clear()
        return rest

    def first_frame(self, parts: list[bytes], sender: Mapping[bytes, bytes], track: bool) -> Frame:
        """Return the first frame as first() does, with what is known of its sender."""
        if self.addressing is not None:
            return labelled(self.addressing, parts, sender, track)
        first = self.first(parts)
        self._sender = sender
        return received_frame(first, len(parts) > 1, sender, track)

    def all_frames(
        self, parts: list[bytes], sender: Mapping[bytes, bytes], track: bool
    ) -> list[Frame]:
        """Return all frames of a message, with what is known of their sender."""
        if self.addressing is not None:
            return [labelled(self.addressing, parts, sender, track)]
        return as_frames(parts, sender, track)

    def next_frame(self, track: bool) -> Frame:
        """Return the next of the frames that are left."""
        incoming = self.incoming
        part = incoming.pop()
        return received_frame(part, bool(incoming), self._sender, track)

    def rest_frames(self, track: bool) -> list[Frame]:
        """Return the frames that are left, with what is known of their sender."""
        return as_frames(self.rest(), self._sender, track)

    def send_timeout(self, flags: int) -> int:
        """Return how long a send may wait, in milliseconds (-1: without end)."""
        return 0 if flags & DONTWAIT else self._core.options.sndtimeo

    def receive_timeout(self, flags: int) -> int:
        """Return how long a receive may wait, in milliseconds (-1: without end)."""
        return 0 if flags & DONTWAIT else self._core.options.rcvtimeo
