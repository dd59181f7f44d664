"""Frames and messages on the wire (RFC 37 section "Framing").

    flags (1) | size (1, or 8 when LONG) | body

The decoder is fed whatever came from the network and collects whole messages. A frame whose body
has not all arrived moves into a buffer of its own that grows as bytes come in, so that feeding is
linear whatever the chunks, and an announced size alone allocates next to nothing, or what an
earlier frame of the same peer took, up to 4 MiB.
"""

from io import BytesIO
from struct import Struct
from typing import Final

from antiphon.errors import ProtocolError
from antiphon.queue import MessageQueue

__all__ = (
    "COMMAND",
    "COMMAND_READY",
    "FULL",
    "GOING_ON",
    "LONG",
    "MAX_FRAME_SIZE",
    "MORE",
    "STARVED",
    "FrameDecoder",
    "decode_message",
    "encode_command",
    "encode_header",
    "encode_message",
    "encode_prefix",
    "header_size",
)

MORE: Final = 1
LONG: Final = 2
COMMAND: Final = 4
_KNOWN_FLAGS: Final = MORE | LONG | COMMAND
_MAX_SHORT: Final = 255
#: RFC 37: bit 63 of a long size is zero.
MAX_FRAME_SIZE: Final = 2**63 - 1
#: The least room for a frame in arrival: what is announced costs its sender as much as us.
_FIRST_BUFFER: Final = 4096
#: The most room that the size of an earlier frame is good for.
_MOST_PROVEN: Final = 4 * 2**20
#: The body of no frame.
_NO_BODY: Final = BytesIO()

_NONE_QUICK: Final = -1

#: Outcomes of decode().
STARVED: Final = 0
FULL: Final = 1
COMMAND_READY: Final = 2
#: Nothing yet: for decoders only.
GOING_ON: Final = -1
#: A header that has not all arrived.
_INCOMPLETE: Final = -1

_LONG_HEADER: Final = Struct(">BQ")
_MAX_USUAL: Final = 2**16 - 1
_OCTETS: Final = tuple(bytes([octet]) for octet in range(256))
_HEADERS_LAST: Final = tuple(b"\0" + size for size in _OCTETS)
_HEADERS_MORE: Final = tuple(bytes([MORE]) + size for size in _OCTETS)
_HIGH_ZEROS: Final = bytes(6)
#: How the long header of a usual size begins, before its last octet. To look two octets up, or to
#: compare the others, takes compiled code a quarter of what it takes to pack or unpack a number.
_LONG_LAST: Final = tuple(bytes([LONG]) + _HIGH_ZEROS + high for high in _OCTETS)
_LONG_MORE: Final = tuple(bytes([LONG | MORE]) + _HIGH_ZEROS + high for high in _OCTETS)


def encode_message(parts: list[bytes], out: list[bytes]) -> int:
    """Append the wire form of one message to ``out`` and return its size in bytes (Z8, Z10)."""
    total = 0
    left = len(parts)
    for part in parts:
        left -= 1
        size = len(part)
        if size > _MAX_SHORT:
            out.append(encode_header(MORE if left else 0, size))
            total += 7
        else:
            out.append(_HEADERS_MORE[size] if left else _HEADERS_LAST[size])
        out.append(part)
        total += size + 2
    return total


def encode_prefix(parts: list[bytes]) -> bytes:
    """Return the wire form of frames that others of the same message follow."""
    chunks: list[bytes] = []
    encode_message([*parts, b""], chunks)
    return b"".join(chunks[:-2])


def encode_header(flags: int, size: int) -> bytes:
    """Return flags and size of a frame; ``flags`` are 0 or MORE."""
    if size <= _MAX_SHORT:
        return _HEADERS_MORE[size] if flags else _HEADERS_LAST[size]
    if size <= _MAX_USUAL:
        return (_LONG_MORE if flags else _LONG_LAST)[size >> 8] + _OCTETS[size & 255]
    return _LONG_HEADER.pack(flags | LONG, size)


def header_size(flags: int) -> int:
    """Return how many bytes flags and size of a frame take."""
    return 9 if flags & LONG else 2


def _long_size(data: bytes, position: int) -> int:
    if data[position + 1 : position + 7] == _HIGH_ZEROS:
        return data[position + 7] << 8 | data[position + 8]
    size: int = _LONG_HEADER.unpack_from(data, position)[1]
    if size > MAX_FRAME_SIZE:
        raise ProtocolError("bad-length", "a frame's size has its highest bit set")
    return size


def encode_command(body: bytes) -> bytes:
    """Return the wire form of a command (Z9)."""
    size = len(body)
    if size > _MAX_SHORT:
        return _LONG_HEADER.pack(COMMAND | LONG, size) + body
    return bytes([COMMAND, size]) + body


def decode_message(chunks: list[bytes]) -> list[bytes]:
    """Return the frames of one whole message in its wire form, which may be in pieces."""
    data = b"".join(chunks)
    decoder = FrameDecoder(-1, 0, len(data))
    decoder.begin_traffic(0)
    decoder.decode(data, 1)
    return decoder.messages.take()


class FrameDecoder:
    """Turns bytes into messages and commands, with every length checked before it is used.

    ``max_frame`` bounds the body of a message frame (bytes, -1 for no bound), ``max_command``
    that of a command, ``max_frames`` the frames of one message.
    """

    def __init__(self, max_frame: int, max_command: int, max_frames: int) -> None:
        self.max_frame = max_frame
        self.max_command = max_command
        self.max_frames = max_frames
        # Message frames are refused until the handshake is over; after it, a short one, whose
        # flags are at most MORE, needs no further check unless the bound is shorter still.
        self._traffic = False
        self._quick = _NONE_QUICK
        #: Whole messages, oldest first; the owner takes them away.
        self.messages = MessageQueue()
        #: The body of the command that made decode() return COMMAND_READY.
        self.command = b""
        #: Whether that command is the carrier's own, such as a WebSocket ping: never sealed.
        self.from_carrier = False
        # What decode() has left of its data, from _position on.
        self._data = b""
        self._position = 0
        # What has come of the message in arrival.
        self._parts: list[bytes] = []
        # The frame in arrival: its flags, its announced size, and what has come of it.
        self._flags = 0
        self._size = -1
        self._body = _NO_BODY
        self._room = 0
        self._filled = 0
        # The largest body that the peer has sent to its end, as far as it counts.
        self._proven = _FIRST_BUFFER
        #: How many bytes that frame still needs; 0 if there is none.
        self.missing = 0

    def begin_traffic(self, max_command: int) -> None:
        """Accept messages from now on, and commands of at most ``max_command`` bytes."""
        self._traffic = True
        if self.max_frame < 0 or self.max_frame >= _MAX_SHORT:
            self._quick = MORE
        self.max_command = max_command

    def clear(self) -> None:
        """Forget what has come of a message that will never be whole; whole ones stay."""
        self._data = b""
        self._position = 0
        self._parts = []
        self._size = -1
        self._body = _NO_BODY
        self._room = self._filled = 0
        self.missing = 0

    # The frame in arrival.

    def body_buffer(self) -> memoryview:
        """Return room for the next bytes of the frame in arrival, to receive straight into it.

        Release the view before body_received() is called.
        """
        if self._filled == self._room:
            self._grow()
        return self._body.getbuffer()[self._filled :]

    def body_received(self, count: int) -> None:
        """Say that ``count`` bytes were put into body_buffer()."""
        self._filled += count
        self.missing -= count

    def _grow(self) -> None:
        # As much again as has come, or as came for an earlier frame: nobody gets much more for
        # what he only announces. The last step is not a small one, as BytesIO takes an eighth
        # more than it needs then: the system maps and clears such memory anew for each frame.
        room = self._room + max(self._room, self._proven)
        self._room = self._size if room >= self._size - self._size // 8 else room
        self._body.seek(self._room - 1)
        self._body.write(b"\0")

    def _fill(self, data: bytes) -> int:
        taken = min(self.missing, len(data))
        self._body.seek(self._filled)
        self._body.write(data[:taken] if taken < len(data) else data)
        self._filled += taken
        self._room = max(self._room, self._filled)
        self.missing -= taken
        return taken

    def _begin(self, data: bytes, flags: int, start: int, size: int) -> int:
        if len(self._parts) >= self.max_frames and not flags & COMMAND:
            self._refuse_count()
        return self._await_body(data, flags, start, size)

    def _await_body(self, data: bytes, flags: int, start: int, size: int) -> int:
        self._flags = flags
        self._size = size
        self._filled = 0
        self.missing = size
        # Its bytes become the frame's without being copied.
        self._body = BytesIO()
        self._room = 0
        self._fill(data[start:])
        self._data = b""
        self._position = 0
        return STARVED

    def _finish(self) -> int:
        if self.missing:
            return STARVED
        body = self._body.getvalue()
        self._proven = min(max(self._proven, self._size), _MOST_PROVEN)
        flags = self._flags
        self._size = -1
        self._filled = 0
        self._body = _NO_BODY
        if flags & COMMAND:
            self.command = body
            return COMMAND_READY
        self._parts.append(body)
        if flags & MORE:
            self._count_frame()
        else:
            self._end_message()
        return GOING_ON

    def _end_message(self) -> None:
        self._count_frame()
        self.messages.put(self._parts)
        self._parts = []

    def _count_frame(self) -> None:
        if len(self._parts) > self.max_frames:
            self._refuse_count()

    def _refuse_count(self) -> None:
        raise ProtocolError("too-many-frames", f"a message of more than {self.max_frames} frames")

    def left(self) -> int:
        """Return how many bytes decode() has left, in their wire form."""
        return len(self._data) - self._position

    def holds(self, count: int) -> bool:
        """Tell whether decode() has left ``count`` whole messages of short frames, or more.

        Only what comes before the first longer frame or command counts.
        """
        data = self._data
        position = self._position
        quick = self._quick
        end = len(data)
        last = end - 1
        # None is shorter than a header.
        if end - position < 2 * count:
            return False
        while count > 0 and position < last:
            flags = data[position]
            if flags > quick:
                return False
            position += 2 + data[position + 1]
            if flags == 0:
                count -= 1
        return count <= 0 and position <= end

    # Headers.

    def _header(self, data: bytes, position: int) -> int:
        """Check a header that is not quick; returns where its body starts, or _INCOMPLETE.

        The body's size is then in ``_size``, for the caller to take.
        """
        self._count_frame()
        flags = data[position]
        if flags > _KNOWN_FLAGS:
            raise ProtocolError("reserved-flags", f"a frame's flags are {flags:#04x}")
        start = position + header_size(flags)
        if start > len(data):
            return _INCOMPLETE
        size = _long_size(data, position) if flags & LONG else data[position + 1]
        self._check(flags, size)
        self._size = size
        return start

    def _check(self, flags: int, size: int) -> None:
        if flags & COMMAND:
            if flags & MORE:
                raise ProtocolError("reserved-flags", "a command has the MORE flag")
            if size > self.max_command:
                raise ProtocolError(
                    "command-too-long",
                    f"a command of {size} bytes; the limit is {self.max_command}",
                )
        elif not self._traffic:
            raise ProtocolError("early-message", "a message came before the handshake was over")
        elif 0 <= self.max_frame < size:
            raise ProtocolError(
                "message-too-long", f"a frame of {size} bytes; MAXMSGSIZE is {self.max_frame}"
            )

    # Decoding.

    def decode(self, data: bytes, limit: int) -> int:
        """Add ``data`` and decode until ``limit`` messages wait in ``messages`` or bytes run out.

        Returns STARVED (more bytes are needed), FULL (the limit is reached) or COMMAND_READY (the
        body of a command is in ``command``; call again, with no data, for what follows). Raises
        ProtocolError.
        """
        if self._size >= 0 or self._data:
            outcome = self._resume(data)
            if outcome != GOING_ON:
                return outcome
            data = self._data
        room = limit - len(self.messages)
        if room <= 0:
            self._data = data
            return FULL
        position = self._position
        end = len(data)
        last = end - 1
        parts = self._parts
        back = self.messages.back
        quick = self._quick
        while position < last:
            flags = data[position]
            if flags <= quick:
                start = position + 2
                stop = start + data[position + 1]
                if stop > end:
                    return self._begin(data, flags, start, stop - start)
            else:
                start = self._header(data, position)
                if start < 0:
                    break
                stop = start + self._size
                if stop > end:
                    return self._begin(data, flags, start, stop - start)
                self._size = -1
                if flags & COMMAND:
                    return self._take_command(data, position, stop)
            position = stop
            if flags == 0 and not parts:
                back.append(data[start:stop])
            else:
                parts.append(data[start:stop])
                if flags & MORE:
                    continue
                self._end_message()
                parts = self._parts
            room -= 1
            if room == 0:
                self._keep(data, position)
                return FULL
        return self._starve(data, position)

    def _resume(self, data: bytes) -> int:
        """Go on with what was left: fill the frame in arrival, or join old bytes and new ones."""
        if self._size < 0:
            if data:
                self._data = self._data[self._position :] + data
                self._position = 0
            return GOING_ON
        if data:
            self._position = self._fill(data)
            self._data = data
        return self._finish()

    def _take_command(self, data: bytes, position: int, stop: int) -> int:
        self.command = data[position + header_size(data[position]) : stop]
        self._keep(data, stop)
        return COMMAND_READY

    def _keep(self, data: bytes, position: int) -> None:
        if position < len(data):
            self._data = data
            self._position = position
        else:
            self._data = b""
            self._position = 0

    def _starve(self, data: bytes, position: int) -> int:
        # An idle connection holds on to nothing but the frames of a message in arrival.
        if len(self._parts) > self.max_frames:
            self._refuse_count()
        self._data = data[position:]
        self._position = 0
        return STARVED
