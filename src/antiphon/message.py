"""Whole messages: their frames, their envelopes, and what they look like to people (H1, H2, H13).

Pure: nothing here waits or prints. ``Message.recv()`` and ``send()`` call the socket that they are
given, a blocking or an asyncio one.
"""

from collections.abc import Awaitable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, Self, SupportsIndex, TypeVar, overload

__all__ = ("Envelope", "Message", "Part", "draw", "draw_heads", "dump", "dump_whole")

#: What a frame can be made of; text is encoded in UTF-8.
Part = bytes | bytearray | memoryview | str

_DELIMITER: Final = b""
#: How much of a frame dump() shows, in bytes.
_LONGEST_TEXT: Final = 70
_LONGEST_HEX: Final = 35
#: How many frames draw() shows before the delimiter, and how many after it.
_MOST_FRAMES: Final = 16
#: In encode(): frames from this size on have four bytes for their size, after this byte.
_LONG: Final = 255
_LONGEST: Final = 2**32 - 1

_Sent_co = TypeVar("_Sent_co", covariant=True)


class _Receiver(Protocol):
    def recv_multipart(self, flags: int = 0) -> list[bytes]: ...


class _AsyncReceiver(Protocol):
    def recv_multipart(self, flags: int = 0) -> Awaitable[list[bytes]]: ...


class _Sender(Protocol[_Sent_co]):
    def send_multipart(self, msg_parts: Sequence[bytes], flags: int = 0) -> _Sent_co: ...


def _as_bytes(part: object) -> bytes:
    if isinstance(part, bytes):
        return part
    if isinstance(part, str):
        return part.encode()
    if isinstance(part, bytearray | memoryview):
        return bytes(part)
    kind = type(part).__name__
    raise TypeError(f"a frame must be bytes, a buffer or str, not {kind}")


class Message:
    """A message as the list of its frames, each of them ``bytes``.

    Frames go on and off at the front, where envelopes are: push() and pop(), wrap() and unwrap().
    Frames are read and replaced by index; text is encoded in UTF-8 wherever a frame is given. Two
    messages are equal if their frames are. Raises TypeError for what cannot be a frame.

    A worker that answers whoever has asked, through any number of hops::

        message = Message.recv(worker)
        message[-1] = "OK"
        message.send(worker)
    """

    __slots__ = ("frames",)

    #: The frames; a list that may be changed.
    frames: list[bytes]

    def __init__(self, *frames: Part) -> None:
        self.frames = [_as_bytes(frame) for frame in frames]

    # To and from sockets.

    @classmethod
    @overload
    def recv(cls, socket: _Receiver, flags: int = 0) -> Self: ...

    @classmethod
    @overload
    def recv(cls, socket: _AsyncReceiver, flags: int = 0) -> Awaitable[Self]: ...

    @classmethod
    def recv(cls, socket: _Receiver | _AsyncReceiver, flags: int = 0) -> Self | Awaitable[Self]:
        """Receive a whole message; of an asyncio socket, ``await`` it.

        Raises what the socket's recv_multipart() does.
        """
        frames = socket.recv_multipart(flags)
        return cls._of(frames) if isinstance(frames, list) else cls._of_later(frames)

    @classmethod
    def _of(cls, frames: list[bytes]) -> Self:
        message = cls()
        message.frames = frames
        return message

    @classmethod
    async def _of_later(cls, frames: Awaitable[list[bytes]]) -> Self:
        return cls._of(await frames)

    def send(self, socket: _Sender[_Sent_co], flags: int = 0) -> _Sent_co:
        """Send the message, whole or not at all; on an asyncio socket, ``await`` it.

        Returns what the socket's send_multipart() does, and raises what that raises. The message
        stays as it is.
        """
        return socket.send_multipart(self.frames, flags)

    # The front.

    def push(self, frame: Part) -> None:
        """Put a frame in front."""
        self.frames.insert(0, _as_bytes(frame))

    def pop(self) -> bytes:
        """Take the first frame off. Raises IndexError if there is none."""
        if not self.frames:
            raise IndexError("the message has no frame left")
        return self.frames.pop(0)

    def pop_text(self) -> str:
        """Take the first frame off as text. Raises IndexError, and UnicodeDecodeError."""
        text = self.text(0)
        self.pop()
        return text

    def wrap(self, address: Part) -> None:
        """Put an address and the delimiter in front."""
        self.frames[:0] = [_as_bytes(address), _DELIMITER]

    def unwrap(self) -> bytes:
        """Take the first frame off, and the delimiter if one follows; returns that first frame.

        Raises IndexError if there is no frame.
        """
        address = self.pop()
        if self.frames and self.frames[0] == _DELIMITER:
            self.pop()
        return address

    # The rest.

    def append(self, frame: Part) -> None:
        """Put a frame at the end."""
        self.frames.append(_as_bytes(frame))

    def text(self, index: SupportsIndex = -1) -> str:
        """Return a frame, the last one by default, as text.

        Raises IndexError, and UnicodeDecodeError for what is no UTF-8.
        """
        return self.frames[index].decode()

    @property
    def size(self) -> int:
        """How many bytes the frames have together; ``len()`` tells how many frames there are."""
        return sum(map(len, self.frames))

    def copy(self) -> Self:
        """Return a message with the same frames."""
        return self._of(self.frames.copy())

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.frames)

    def __getitem__(self, index: SupportsIndex) -> bytes:
        return self.frames[index]

    def __setitem__(self, index: SupportsIndex, frame: Part) -> None:
        self.frames[index] = _as_bytes(frame)

    def __eq__(self, other: object) -> bool:
        return self.frames == other.frames if isinstance(other, Message) else NotImplemented

    __hash__ = None  # type: ignore[assignment] # its frames change

    def __str__(self) -> str:
        return dump(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.frames))})"

    # As bytes.

    def encode(self) -> bytes:
        """Return the message as one string of bytes, to be kept or sent in a frame.

        It is CZMQ's form: each frame after its size, which is one byte below 255, else 255 and
        four bytes. Raises ValueError for a frame of 4 GiB or more.
        """
        chunks: list[bytes] = []
        for frame in self.frames:
            size = len(frame)
            if size > _LONGEST:
                raise ValueError(f"a frame of {size} bytes cannot be encoded: the limit is 4 GiB")
            chunks.append(_size_of(size))
            chunks.append(frame)
        return b"".join(chunks)

    @classmethod
    def decode(cls, data: bytes | bytearray | memoryview) -> Self:
        """Return the message that encode() made into ``data``. Raises ValueError if none was."""
        data = bytes(data)
        frames: list[bytes] = []
        position = 0
        while position < len(data):
            size = data[position]
            start = position + 1
            if size == _LONG:
                start += 4
                size = int.from_bytes(data[position + 1 : start], "big")
            position = start + size
            if position > len(data):
                number = len(frames)
                raise ValueError(f"the encoded message is cut off in frame {number}")
            frames.append(data[start:position])
        return cls._of(frames)


def _size_of(size: int) -> bytes:
    return bytes([size]) if size < _LONG else bytes([_LONG]) + size.to_bytes(4, "big")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message in its parts: addresses, the empty delimiter, and the body (E1, RFC 28).

    Each ROUTER on the way has put one address in front, the last one first (E6). Raises ValueError
    for an empty address: it would be the delimiter.
    """

    addresses: tuple[bytes, ...] = ()
    body: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not all(self.addresses):
            raise ValueError("an address is empty, so that it would be the delimiter: name it")

    @property
    def delimiter(self) -> bytes:
        """The empty frame between addresses and body."""
        return _DELIMITER

    @classmethod
    def split(cls, frames: Iterable[bytes]) -> Self:
        """Return the parts of a message: what comes before and after its first empty frame.

        Raises ValueError if no frame is empty.
        """
        parts = tuple(frames)
        try:
            end = parts.index(_DELIMITER)
        except ValueError:
            raise ValueError(
                "the message has no delimiter: a REQ puts one in front, a DEALER has to send it"
            ) from None
        return cls(parts[:end], parts[end + 1 :])

    def join(self) -> Message:
        """Return the whole message."""
        return Message(*self.addresses, _DELIMITER, *self.body)

    def reply(self, *body: Part) -> Self:
        """Return the same envelope around another body: the way back to who has asked."""
        return type(self)(self.addresses, tuple(map(_as_bytes, body)))


def dump(frames: Iterable[bytes], prefix: str = "") -> str:
    """Return a message for a log, one line per frame, long ones cut (H13).

    A line is the prefix, the size of what is shown, and the frame: text as it is, up to 70
    characters, anything else in hexadecimal, up to 35 bytes; ``...`` says that more follows.
    """
    return "\n".join(prefix + _cut(frame) for frame in frames)


def _cut(frame: bytes) -> str:
    text = all(32 <= octet <= 127 for octet in frame)
    longest = _LONGEST_TEXT if text else _LONGEST_HEX
    ellipsis = "..." if len(frame) > longest else ""
    return _line(frame[:longest], text) + ellipsis


def dump_whole(frames: Iterable[bytes]) -> str:
    """Return a message as the chapter's small programs print it: 40 dashes, then whole frames."""
    lines = ["-" * 40]
    lines += [_line(frame, all(32 <= octet < 127 for octet in frame)) for frame in frames]
    return "\n".join(lines)


def draw(frames: Sequence[bytes]) -> str:
    """Return a message on one line, as ``addresses | delimiter | body``.

    A frame is its size and what it holds: text as it is, up to 70 characters, anything else in
    hexadecimal, up to 35 bytes; ``...`` says that more follows (H13).
    """
    shown = frames[: 4 * _MOST_FRAMES]
    return draw_heads([(len(frame), frame[: _LONGEST_TEXT + 1]) for frame in shown], len(frames))


def draw_heads(heads: Sequence[tuple[int, bytes]], count: int) -> str:
    """Return what draw() does, given the sizes of the first frames and what they begin with.

    ``count`` is how many frames there are.
    """
    end = _end_of_addresses(heads, count)
    if end < 0:
        return _draw_some(heads, count)
    body = _draw_some(heads[end + 1 :], count - end - 1)
    addresses = _draw_some(heads[:end], end)
    return f"{addresses} | [000] | {body}" if addresses else f"[000] | {body}"


def _end_of_addresses(heads: Sequence[tuple[int, bytes]], count: int) -> int:
    """Return where the delimiter is; -1 without one, as the last frame is none."""
    for index, (size, _) in enumerate(heads):
        if size == 0 and index < count - 1:
            return index
    return -1


def _draw_some(heads: Sequence[tuple[int, bytes]], count: int) -> str:
    drawn = " ".join(_draw_head(size, head) for size, head in heads[:_MOST_FRAMES])
    left = count - min(len(heads), _MOST_FRAMES)
    return f"{drawn} ... and {left} more frames" if left else drawn


def _draw_head(size: int, head: bytes) -> str:
    text = all(32 <= octet < 127 for octet in head)
    longest = _LONGEST_TEXT if text else _LONGEST_HEX
    begin = head[:longest]
    shown = begin.decode("ascii") if text else begin.hex().upper()
    return f"[{size:03d}] {shown}{'...' if size > longest else ''}".rstrip()


def _line(frame: bytes, text: bool) -> str:
    return f"[{len(frame):03d}] {frame.decode('ascii') if text else frame.hex().upper()}"
