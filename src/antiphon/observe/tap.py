"""Reads one direction of a ZMTP 3 connection over somebody's shoulder (RFC 37).

A tap decides nothing and refuses nothing: what it cannot read it says once, and is silent from
there on. It keeps the first bytes of each frame and the sizes of all, whatever goes by.
"""

from typing import Final

from antiphon.errors import ProtocolError
from antiphon.wire.command import decode_command, decode_error, decode_metadata, decode_ping
from antiphon.wire.framing import COMMAND, LONG, MORE, header_size
from antiphon.wire.greeting import GREETING_SIZE, check_signature, decode_greeting

__all__ = (
    "COMMAND_SEEN",
    "ENCRYPTED",
    "GREETING_SEEN",
    "MESSAGE",
    "UNREADABLE",
    "Frame",
    "Sighting",
    "Tap",
    "shown",
)

GREETING_SEEN: Final = "greeting"
COMMAND_SEEN: Final = "command"
MESSAGE: Final = "message"
#: A message or command that only the two peers can read.
ENCRYPTED: Final = "encrypted"
#: Bytes that are no ZMTP 3; nothing follows.
UNREADABLE: Final = "unreadable"

#: How much is kept of a message's frame and of a command, and how many frames of a message.
_KEPT: Final = 128
_KEPT_COMMAND: Final = 8192
_KEPT_FRAMES: Final = 64
_FLAGS: Final = MORE | LONG | COMMAND
_SEALED: Final = b"\x07MESSAGE"
#: Commands of PLAIN and CURVE whose data is a secret, or means nothing to anybody else.
_OPAQUE: Final = (b"WELCOME", b"INITIATE")


class Frame:
    """A frame that went by: its size in bytes and how it begins."""

    def __init__(self, size: int, head: bytes) -> None:
        self.size = size
        self.head = head


class Sighting:
    """Something that went by: ``kind`` is one of the words above.

    A message has ``frames`` (the first of them, ``count`` of them in all), a command has a ``name``
    and ``details`` in words. ``size`` is what it took on the wire, in bytes.
    """

    def __init__(self, kind: str, size: int) -> None:
        self.kind = kind
        self.size = size
        self.name = ""
        self.details: dict[str, str] = {}
        self.frames: list[Frame] = []
        self.count = 0


class Tap:
    """One direction of a connection; give it the bytes in their order."""

    def __init__(self) -> None:
        self._pending = b""
        self._greeted = False
        self._blind = False
        self._mechanism = b""
        # The frame in arrival: its flags, its size, what has been kept, what is still to come.
        self._flags = 0
        self._size = 0
        self._head = b""
        self._missing = 0
        self._message = Sighting(MESSAGE, 0)

    def feed(self, data: bytes) -> list[Sighting]:
        """Return what has become complete with these bytes."""
        if self._blind:
            return []
        seen: list[Sighting] = []
        try:
            self._read(data, seen)
        except ProtocolError as error:
            self._blind = True
            sighting = Sighting(UNREADABLE, 0)
            sighting.name = error.reason
            sighting.details = {"why": error.detail}
            seen.append(sighting)
        return seen

    def _read(self, data: bytes, seen: list[Sighting]) -> None:
        data = self._pending + data
        self._pending = b""
        position = 0
        if not self._greeted:
            position = self._read_greeting(data, seen)
        while self._greeted:
            if self._missing:
                taken = min(self._missing, len(data) - position)
                self._keep(data[position : position + taken])
                position += taken
            elif not self._head_begins(data, position):
                break
            else:
                position += header_size(data[position])
            if self._missing:
                if position == len(data):
                    break
                continue
            self._frame_ends(seen)
        self._pending = data[position:]

    def _read_greeting(self, data: bytes, seen: list[Sighting]) -> int:
        check_signature(data[:GREETING_SIZE])
        if len(data) < GREETING_SIZE:
            return 0
        greeting = decode_greeting(data[:GREETING_SIZE])
        self._greeted = True
        self._mechanism = greeting.mechanism
        sighting = Sighting(GREETING_SEEN, GREETING_SIZE)
        sighting.name = f"ZMTP {greeting.major}.{greeting.minor}"
        sighting.details = {"mechanism": greeting.mechanism.decode("ascii")}
        if greeting.as_server:
            sighting.details["role"] = "server"
        seen.append(sighting)
        return GREETING_SIZE

    def _head_begins(self, data: bytes, position: int) -> bool:
        """Read the header of the next frame, if all of it is there."""
        if position >= len(data):
            return False
        flags = data[position]
        if flags > _FLAGS:
            raise ProtocolError("reserved-flags", f"a frame's flags are {flags:#04x}")
        stop = position + header_size(flags)
        if stop > len(data):
            return False
        self._flags = flags
        self._size = self._missing = int.from_bytes(data[position + 1 : stop], "big")
        self._head = b""
        return True

    def _keep(self, data: bytes) -> None:
        limit = _KEPT_COMMAND if self._flags & COMMAND else _KEPT
        self._head += data[: max(limit - len(self._head), 0)]
        self._missing -= len(data)

    def _frame_ends(self, seen: list[Sighting]) -> None:
        size = header_size(self._flags) + self._size
        frame = Frame(self._size, self._head)
        self._head = b""
        if self._flags & COMMAND:
            seen.append(self._command(frame, size))
            return
        message = self._message
        message.size += size
        message.count += 1
        if len(message.frames) < _KEPT_FRAMES:
            message.frames.append(frame)
        if self._flags & MORE:
            return
        self._message = Sighting(MESSAGE, 0)
        if self._mechanism == b"CURVE" and frame.head.startswith(_SEALED):
            message.kind = ENCRYPTED
            message.name = "MESSAGE"
            message.frames = []
        seen.append(message)

    def _command(self, frame: Frame, size: int) -> Sighting:
        sighting = Sighting(COMMAND_SEEN, size)
        if frame.size > len(frame.head):
            sighting.name = "a command too long to be one"
            return sighting
        command = decode_command(frame.head)
        sighting.name = command.name.decode("ascii")
        if self._mechanism == b"CURVE" and command.name != b"ERROR":
            sighting.kind = ENCRYPTED
        else:
            sighting.details = _details(command.name, command.data)
        return sighting


def _details(name: bytes, data: bytes) -> dict[str, str]:
    """Return in words what a command says that anybody may read."""
    if name == b"READY":
        return {key.decode("latin-1"): shown(value) for key, value in decode_metadata(data).items()}
    if name == b"ERROR":
        return {"reason": decode_error(data)}
    if name == b"PING":
        ttl_ms, context = decode_ping(data)
        return {"ttl": f"{ttl_ms} ms", "context": shown(context)}
    if name == b"PONG":
        return {"context": shown(data)}
    if name in (b"SUBSCRIBE", b"CANCEL"):
        return {"topic": shown(data)}
    if name in (b"JOIN", b"LEAVE"):
        return {"group": shown(data)}
    if name == b"HELLO" and data:
        return {"username": shown(data[1 : 1 + data[0]]), "password": "(not shown)"}
    if name in _OPAQUE:
        return {}
    return {"data": shown(data)} if data else {}


def shown(data: bytes) -> str:
    """Return bytes for people: text in quotes where it is text, hexadecimal digits elsewhere."""
    cut = data[:_KEPT]
    more = f"... ({len(data)} bytes)" if len(data) > _KEPT else ""
    if all(32 <= octet < 127 for octet in cut):
        return f'"{cut.decode("ascii")}"{more}'
    return cut.hex().upper() + more
