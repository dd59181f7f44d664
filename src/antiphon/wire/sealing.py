"""Messages and commands from frames that a mechanism has sealed, such as CURVE's MESSAGE.

libzmq sends MESSAGE commands as ordinary frames, RFC 26 asks for command frames: both are taken.
A sealed frame begins with its flags (C8); that of a command is libzmq's, whose PING and SUBSCRIBE
are sealed like everything else.
"""

from typing import Final

from antiphon.errors import ProtocolError
from antiphon.wire.framing import (
    COMMAND_READY,
    FULL,
    GOING_ON,
    MAX_FRAME_SIZE,
    STARVED,
    FrameDecoder,
    encode_header,
)
from antiphon.wire.mechanism import Mechanism

__all__ = ("SEALED_COMMAND", "SEALED_MORE", "SealedDecoder")

SEALED_MORE: Final = 1
SEALED_COMMAND: Final = 2
#: How many octets sealing adds to a frame: the command's name, a nonce, a tag, flags.
_OVERHEAD: Final = 33


class SealedDecoder(FrameDecoder):
    """Opens the frames of another decoder; until traffic begins, their commands are in the clear.

    ``frames`` decodes what carries the frames and allows messages of one frame only, of any size
    so far; ``mechanism`` opens them. The bounds are those of FrameDecoder, and hold for what was
    sealed; with ``forwarding``, messages are left in the wire form that they would have unsealed.
    """

    def __init__(
        self,
        frames: FrameDecoder,
        mechanism: Mechanism,
        max_frame: int,
        max_frames: int,
        forwarding: bool,
    ) -> None:
        super().__init__(max_frame, frames.max_command, max_frames)
        self.frames = frames
        self.mechanism = mechanism
        self._forwarding = forwarding
        # What is wrong with the frames, once those that came before are opened.
        self._error: ProtocolError | None = None

    def begin_traffic(self, max_command: int) -> None:
        """Open every frame from now on; ``max_command`` bounds the sealed commands (bytes)."""
        super().begin_traffic(max_command)
        if self.max_frame < 0:
            self.frames.begin_traffic(MAX_FRAME_SIZE)
            return
        largest = max(self.max_frame, max_command) + _OVERHEAD
        self.frames.max_frame = largest
        self.frames.begin_traffic(largest)

    def clear(self) -> None:
        """Forget what has come of a message, and what has not been opened."""
        super().clear()
        self.frames.clear()
        self.frames.messages.clear()

    def body_buffer(self) -> memoryview:
        """Return room for the next bytes of the sealed frame in arrival."""
        return self.frames.body_buffer()

    def body_received(self, count: int) -> None:
        """Say that ``count`` bytes were put into body_buffer()."""
        self.frames.body_received(count)
        self.missing = self.frames.missing

    def decode(self, data: bytes, limit: int) -> int:
        """Do as FrameDecoder.decode() does, with what was sealed. Raises ProtocolError."""
        frames = self.frames
        if not self._traffic:
            outcome = frames.decode(data, limit)
            self.command = frames.command
            self.missing = frames.missing
            return outcome
        outcome = self._carry(data, limit)
        while True:
            if outcome == COMMAND_READY:
                if frames.from_carrier:
                    self.command = frames.command
                    break
                frames.messages.put([frames.command])
            elif not frames.messages:
                if self._error is not None:
                    raise self._error
                break
            opened = self._open(limit)
            if opened != GOING_ON:
                outcome = opened
                break
            if outcome == STARVED and self._error is None:
                break
            outcome = self._carry(b"", limit)
        self.missing = frames.missing
        return outcome

    def _carry(self, data: bytes, limit: int) -> int:
        """Have sealed frames decoded, at most as many as there is room for what is in them."""
        if self._error is None:
            try:
                return self.frames.decode(data, limit - len(self.messages))
            except ProtocolError as error:
                self._error = error
        return STARVED

    def _open(self, limit: int) -> int:
        """Open what has arrived, up to a command or until ``limit`` messages wait."""
        sealed = self.frames.messages
        outcome = FULL if len(self.messages) >= limit else GOING_ON
        while outcome == GOING_ON and len(sealed) > 0:
            flags, body = self.mechanism.open(sealed.take_frame())
            if flags == SEALED_COMMAND:
                self._take(body)
                outcome = COMMAND_READY
            else:
                self._add_part(flags, body)
                if len(self.messages) >= limit:
                    outcome = FULL
        return outcome

    def _take(self, body: bytes) -> None:
        size = len(body)
        if size > self.max_command:
            raise ProtocolError(
                "command-too-long", f"a command of {size} bytes; the limit is {self.max_command}"
            )
        self.command = body

    def _add_part(self, flags: int, part: bytes) -> None:
        size = len(part)
        if flags > SEALED_MORE:
            raise ProtocolError("malformed-message", f"a sealed frame's flags are {flags:#04x}")
        if 0 <= self.max_frame < size:
            raise ProtocolError(
                "message-too-long", f"a frame of {size} bytes; MAXMSGSIZE is {self.max_frame}"
            )
        if self._forwarding:
            part = encode_header(flags, size) + part
        if not flags and not self._parts:
            self.messages.back.append(part)
            return
        self._parts.append(part)
        self._count_frame()
        if not flags:
            self._end_message()
