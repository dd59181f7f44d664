"""Frames with what is known of their sender, and trackers of what has been sent.

A frame's bytes are held, never copied, and what is no bytes is copied once, when it is made a
frame or sent: from then on the program may do with its buffer what it likes. So the tracker of a
message is done from the start.
"""

import time
from collections.abc import Mapping, Sequence
from threading import Event
from typing import Any, Final, Self

from antiphon.errors import NotDone, OptionError
from antiphon.zmq.constants import MessageOption

__all__ = (
    "FINISHED",
    "NOBODY",
    "Frame",
    "Message",
    "MessageTracker",
    "as_bytes",
    "as_frames",
    "decode_group",
    "encode_group",
    "received_frame",
    "tracker_of",
)

#: How much of a frame repr() shows (bytes).
_SHOWN: Final = 12
#: What is known of a sender of whom nothing is known.
NOBODY: Final[Mapping[bytes, bytes]] = {}


class MessageTracker:
    """Tells when what it watches is done: events, frames with a tracker, other trackers.

    Raises ValueError for a frame that was made without ``track``, TypeError for anything else.
    """

    def __init__(self, *towatch: Any) -> None:
        self.events: set[Event] = set()
        self.peers: set[MessageTracker] = set()
        for item in towatch:
            if isinstance(item, Event):
                self.events.add(item)
            elif isinstance(item, MessageTracker):
                self.peers.add(item)
            elif isinstance(item, Frame):
                self.peers.add(_require_tracker(item))
            else:
                kind = type(item).__name__
                raise TypeError(f"a tracker watches events, frames and trackers, not {kind}")

    @property
    def done(self) -> bool:
        """Whether all of it is done."""
        return all(event.is_set() for event in self.events) and all(
            peer.done for peer in self.peers
        )

    def wait(self, timeout: float = -1) -> None:
        """Wait until all of it is done, at most ``timeout`` seconds (negative: without end).

        Raises NotDone when it is not by then.
        """
        deadline = None if timeout < 0 else time.monotonic() + timeout
        for event in self.events:
            if not event.wait(_remaining(deadline)):
                raise NotDone
        for peer in self.peers:
            rest = _remaining(deadline)
            peer.wait(-1 if rest is None else rest)


def _remaining(deadline: float | None) -> float | None:
    return None if deadline is None else max(deadline - time.monotonic(), 0.0)


#: The tracker of everything that has been sent.
FINISHED: Final = MessageTracker()


class Frame:
    """One frame of a message, with what is known of the peer that sent it.

    ``data`` is bytes or another buffer; ``track`` gives the frame a tracker. ``copy`` and
    ``copy_threshold`` are accepted: bytes are never copied. Raises TypeError for what is no buffer.

    ``frame["User-Id"]`` and other names give the sender's properties as text: ``Socket-Type``,
    ``Identity``, ``Peer-Address``, ``User-Id``, and the ``X-`` names that it announced. Frames
    compare by identity, as pyzmq's do: compare their ``bytes``.
    """

    __slots__ = ("__weakref__", "_group", "_properties", "_routing_id", "bytes", "more", "tracker")

    def __init__(
        self,
        data: object = b"",
        track: bool = False,
        copy: bool | None = None,
        copy_threshold: int | None = None,
    ) -> None:
        del copy, copy_threshold
        #: The frame's bytes.
        self.bytes: Final = b"" if data is None else as_bytes(data)
        #: Whether another frame of the message follows.
        self.more = False
        self.tracker: MessageTracker | None = FINISHED if track else None
        self._properties: Mapping[Any, Any] = NOBODY
        self._routing_id = 0
        self._group = ""

    @property
    def buffer(self) -> memoryview:
        """The frame's bytes as a memoryview, read-only."""
        return memoryview(self.bytes)

    def __buffer__(self, flags: int) -> memoryview:
        # From Python 3.12 on a frame is a buffer itself.
        return memoryview(self.bytes)

    def __bytes__(self) -> "bytes":
        return self.bytes

    def __len__(self) -> int:
        return len(self.bytes)

    def __repr__(self) -> str:
        data = self.bytes
        shown = repr(data)
        if len(data) > _SHOWN:
            shown = f"{data[:_SHOWN]!r}...{len(data)}B"
        return f"<zmq.{type(self).__name__}({shown})>"

    def __copy__(self) -> Self:
        other = type(self)(self.bytes)
        for name in Frame.__slots__[1:]:
            if name != "bytes":
                setattr(other, name, getattr(self, name))
        return other

    def fast_copy(self) -> Self:
        """Return another frame on the same bytes."""
        return self.__copy__()

    @property
    def routing_id(self) -> int:
        """The peer of a SERVER that the frame came from or goes to; 0 for none."""
        return self._routing_id

    @routing_id.setter
    def routing_id(self, routing_id: int) -> None:
        if not 0 < routing_id < 2**32:
            raise OptionError("routing_id", routing_id, "it is a number from 1 to 4294967295")
        self._routing_id = routing_id

    @property
    def group(self) -> str:
        """The group of a frame from a RADIO, or for one; empty for none."""
        return self._group

    @group.setter
    def group(self, group: str) -> None:
        if not 0 < len(encode_group(group)) < 256:
            raise OptionError("group", group, "it has from 1 to 255 bytes")
        self._group = group

    def get(self, option: int | str | bytes) -> int | str:
        """Return an option such as MORE, or a property of the sender by its name.

        Raises OptionError for one that is not known.
        """
        if isinstance(option, int):
            return self._number(option)
        name = option if isinstance(option, str) else option.decode("utf-8", "replace")
        if name in ("routing_id", "group"):
            value: int | str = getattr(self, name)
            return value
        found = self._properties.get(name.lower().encode())
        if found is None:
            raise OptionError(name, None, "the frame's sender has no such property")
        return str(found, "utf-8", "replace")

    __getitem__ = get

    def _number(self, option: int) -> int:
        if option == MessageOption.MORE:
            return int(self.more)
        if option == MessageOption.SHARED:
            return 0
        raise OptionError(str(option), None, "a frame has MORE and SHARED, and names")

    def set(self, option: int | str, value: Any) -> None:
        """Set ``routing_id`` or ``group``. Raises OptionError for anything else."""
        if option not in ("routing_id", "group"):
            raise OptionError(str(option), value, "only routing_id and group of a frame are set")
        setattr(self, str(option), value)


Message = Frame


def encode_group(group: str | bytes) -> bytes:
    """Return a group as bytes. Raises TypeError for what is no text."""
    if isinstance(group, str):
        return group.encode("utf-8", "surrogateescape")
    return as_bytes(group)


def decode_group(group: bytes) -> str:
    """Return a group as text; encode_group() gives back what is no UTF-8."""
    return group.decode("utf-8", "surrogateescape")


def as_bytes(data: object) -> bytes:
    """Return a frame's bytes. Raises TypeError for what has none, with the call to use."""
    if isinstance(data, Frame):
        return data.bytes
    if isinstance(data, str):
        raise TypeError("a str has no bytes of its own: use send_string(), or encode it")
    try:
        return bytes(memoryview(data))  # type: ignore[arg-type]
    except TypeError:
        kind = type(data).__name__
        raise TypeError(f"a frame must be bytes or a buffer, not {kind}") from None


def received_frame(
    data: bytes, more: bool, properties: Mapping[bytes, bytes], track: bool
) -> Frame:
    """Return a frame that has come, with what is known of its sender."""
    frame = Frame(data, track)
    frame.more = more
    frame._properties = properties  # noqa: SLF001
    return frame


def as_frames(
    parts: Sequence[bytes], properties: Mapping[bytes, bytes], track: bool
) -> list[Frame]:
    """Return the frames of a message that has come."""
    last = len(parts) - 1
    return [
        received_frame(part, index < last, properties, track) for index, part in enumerate(parts)
    ]


def tracker_of(parts: Sequence[object], copy: bool, track: bool) -> MessageTracker | None:
    """Return what send() returns: a tracker where one was asked for, else None.

    Raises ValueError for a frame to be tracked that was made without ``track``.
    """
    frames = [part for part in parts if isinstance(part, Frame)]
    if track:
        for frame in frames:
            _require_tracker(frame)
    last = parts[-1] if parts else None
    if isinstance(last, Frame):
        return last.tracker
    return None if copy else FINISHED


def _require_tracker(frame: Frame) -> MessageTracker:
    tracker = frame.tracker
    if tracker is None:
        raise ValueError("the frame is not a tracked message: make it with track=True")
    return tracker
