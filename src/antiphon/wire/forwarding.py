"""Messages that are passed on as they are on the wire (RFC 37 section "Framing").

A broker looks at an envelope and leaves the rest alone. What it passes on is checked like anything
that comes from a peer, but not taken apart.
"""

from antiphon.wire.framing import (
    COMMAND,
    FULL,
    GOING_ON,
    LONG,
    MORE,
    STARVED,
    FrameDecoder,
    header_size,
)

__all__ = ("WireDecoder",)


class WireDecoder(FrameDecoder):
    """Checks all that FrameDecoder checks, but leaves messages as they are on the wire.

    A message is a list of chunks that together are its frames with their headers: one chunk where
    it came at once, more where it came in pieces. Whoever passes messages on spares taking them
    apart and putting them together again.
    """

    def __init__(self, max_frame: int, max_command: int, max_frames: int) -> None:
        super().__init__(max_frame, max_command, max_frames)
        # Each frame has a header of two bytes: nothing shorter has more frames than allowed.
        self._harmless = 2 * max_frames
        # The frames that are in _parts.
        self._frames = 0

    def decode(self, data: bytes, limit: int) -> int:
        """Do as FrameDecoder.decode() does, with messages in their wire form."""
        if self._parts or self._data or self._size >= 0 or self._quick != MORE:
            return self._decode_closely(data, 0, limit)
        # Whole messages of short frames are nearly all there are.
        back = self.messages.back
        room = limit - len(back) - len(self.messages.front)
        harmless = self._harmless
        begin = stop = 0
        end = len(data)
        try:
            while room > 0:
                flags = data[stop]
                while flags == MORE:
                    stop += 2 + data[stop + 1]
                    flags = data[stop]
                stop += 2 + data[stop + 1]
                if flags or stop > end or stop - begin > harmless:
                    break
                back.append(data[begin:stop])
                begin = stop
                room -= 1
                if stop == end:
                    return STARVED if room > 0 else FULL
        except IndexError:
            # The rest of a message has not come yet.
            pass
        return self._decode_closely(data, begin, limit)

    def _decode_closely(self, data: bytes, begin: int, limit: int) -> int:
        """Decode anything, from ``begin`` on."""
        if self._size >= 0 or self._data:
            outcome = self._resume(data)
            if outcome != GOING_ON:
                return outcome
            data = self._data
            begin = self._position
        messages = self.messages
        if len(messages) >= limit:
            self._keep(data, begin)
            return FULL
        position = stop = begin
        end = len(data)
        last = end - 1
        quick = self._quick
        # What is longer, or has begun earlier, is looked at more closely when it ends.
        simple = -1 if self._parts else self._harmless
        while stop < last:
            position = stop
            flags = data[position]
            if flags <= quick:
                stop += 2 + data[position + 1]
            else:
                self._add_chunk(data, begin, position)
                begin = position
                simple = -1
                stop = self._step(data, position)
                if flags & COMMAND and position < stop <= end:
                    return self._take_command(data, position, stop)
                if stop == position:
                    break
                flags &= MORE
            if flags:
                continue
            if stop > end:
                break
            if stop - begin <= simple:
                messages.back.append(data[begin:stop])
            else:
                self._add_chunk(data, begin, stop)
                self._end_message()
                simple = self._harmless
            begin = stop
            if len(messages) >= limit:
                self._keep(data, stop)
                return FULL
        if begin < end:
            return self._keep_rest(data, begin, position, stop)
        self._data = b""
        self._position = 0
        return STARVED

    def _step(self, data: bytes, position: int) -> int:
        """Return where a frame ends that is not quick, or ``position`` if that is not known yet."""
        start = self._header(data, position)
        if start < 0:
            return position
        size = self._size
        self._size = -1
        return start + size

    def _keep_rest(self, data: bytes, begin: int, position: int, stop: int) -> int:
        """Keep the message that began at ``begin``; its last frame is at ``position``."""
        if stop <= len(data):
            self._add_chunk(data, begin, stop)
            self._keep(data, stop)
            return STARVED
        flags = data[position]
        start = position + header_size(flags)
        size = stop - start
        self._add_chunk(data, begin, position if flags & COMMAND else start)
        return self._await_body(data, flags, start, size)

    def _add_chunk(self, data: bytes, begin: int, stop: int) -> None:
        """Keep part of a message; it ends with a frame, or with the header of one."""
        if begin < stop:
            self._parts.append(data[begin:stop])
            self._frames += _count(data, begin, stop)
            self._count_frame()

    def _count_frame(self) -> None:
        if self._frames > self.max_frames:
            self._refuse_count()

    def _end_message(self) -> None:
        super()._end_message()
        self._frames = 0


def _count(data: bytes, begin: int, stop: int) -> int:
    """Return how many frames have their headers in a part of the data."""
    frames = 0
    while begin < stop:
        frames += 1
        if data[begin] & LONG:
            begin += 9 + int.from_bytes(data[begin + 1 : begin + 9], "big")
        else:
            begin += 2 + data[begin + 1]
    return frames
