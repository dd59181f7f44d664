"""ZMTP commands: READY, ERROR, PING, PONG, SUBSCRIBE, CANCEL, JOIN, LEAVE (RFC 37, "Framing" on).

A command's body, as framing delivers it, is ``[1-octet length] name data``.
"""

from typing import Final

from antiphon.errors import ProtocolError

__all__ = (
    "CANCEL",
    "JOIN",
    "LEAVE",
    "SUBSCRIBE",
    "Command",
    "decode_command",
    "decode_error",
    "decode_metadata",
    "decode_ping",
    "encode_error",
    "encode_metadata",
    "encode_ping",
    "encode_pong",
    "encode_ready",
)

#: How the bodies of commands begin that a topic (Z20) or a group (Z24) follows.
SUBSCRIBE: Final = b"\x09SUBSCRIBE"
CANCEL: Final = b"\x06CANCEL"
JOIN: Final = b"\x04JOIN"
LEAVE: Final = b"\x05LEAVE"
#: RFC 37: a PING's context is at most 16 octets.
MAX_PING_CONTEXT: Final = 16
#: RFC 37: the time-to-live of a PING is two octets, in tenths of a second.
MAX_PING_TTL: Final = 0xFFFF
#: How a PLAIN server of libzmq 4.3 spells an ERROR command: C reads "\\x5E" as one octet.
_MISSPELT_ERROR: Final = b"\x5eRROR"
_MAX_PROPERTY_VALUE: Final = 2**31 - 1


class Command:
    """A decoded command: its name and its data."""

    def __init__(self, name: bytes, data: bytes) -> None:
        self.name = name
        self.data = data


def decode_command(body: bytes) -> Command:
    """Split a command's body into name and data. Raises ProtocolError ``bad-command`` (Z9)."""
    if not body:
        raise ProtocolError("bad-command", "the command is empty")
    size = body[0]
    if size == 0 or size > len(body) - 1:
        if body[:5] == _MISSPELT_ERROR:
            return Command(b"ERROR", body[5:])
        raise ProtocolError("bad-command", "the command's name is longer than the command")
    name = body[1 : 1 + size]
    if not name.isalpha():
        raise ProtocolError("bad-command", f"the command's name is {name[:32]!r}")
    return Command(name, body[1 + size :])


def encode_metadata(properties: list[tuple[bytes, bytes]]) -> bytes:
    """Encode properties as ``[1-octet length] name [4-octet length] value`` (Z13)."""
    parts: list[bytes] = []
    for name, value in properties:
        parts += [bytes([len(name)]), name, len(value).to_bytes(4, "big"), value]
    return b"".join(parts)


def decode_metadata(data: bytes) -> dict[bytes, bytes]:
    """Decode properties; names are folded to lower case, as they are case-insensitive (Z13).

    Raises ProtocolError ``bad-metadata`` when a length runs past the end or a name repeats.
    """
    properties: dict[bytes, bytes] = {}
    position = 0
    end = len(data)
    while position < end:
        name_size = data[position]
        value_start = position + 1 + name_size + 4
        if name_size == 0 or value_start > end:
            raise ProtocolError("bad-metadata", "a property's name runs past the end")
        name = data[position + 1 : position + 1 + name_size].lower()
        size = int.from_bytes(data[value_start - 4 : value_start], "big")
        if size > _MAX_PROPERTY_VALUE or size > end - value_start:
            raise ProtocolError("bad-metadata", "a property's value runs past the end")
        if name in properties:
            raise ProtocolError("bad-metadata", f"the property {name[:32]!r} repeats")
        properties[name] = data[value_start : value_start + size]
        position = value_start + size
    return properties


def encode_ready(properties: list[tuple[bytes, bytes]]) -> bytes:
    """Return the body of a READY command."""
    return b"\x05READY" + encode_metadata(properties)


def encode_error(reason: str) -> bytes:
    """Return the body of an ERROR command; the reason is cut to 255 printable characters."""
    text = bytes(c if 32 <= c < 127 else 63 for c in reason.encode("ascii", "replace"))[:255]
    return b"\x05ERROR" + bytes([len(text)]) + text


def decode_error(data: bytes) -> str:
    """Return the reason of an ERROR command. Raises ProtocolError ``malformed-error``."""
    if not data or data[0] != len(data) - 1:
        raise ProtocolError("malformed-error", "the ERROR command's reason has a wrong length")
    return data[1:].decode("ascii", "backslashreplace")


def encode_ping(ttl_ms: int, context: bytes) -> bytes:
    """Return the body of a PING; the time-to-live goes out in tenths of a second (Z21)."""
    tenths = min(ttl_ms // 100, MAX_PING_TTL)
    return b"\x04PING" + tenths.to_bytes(2, "big") + context


def decode_ping(data: bytes) -> tuple[int, bytes]:
    """Return a PING's time-to-live in milliseconds and its context.

    A longer context than RFC 37 allows is cut to 16 octets, as libzmq does (part 4.2). Raises
    ProtocolError ``bad-command`` when the time-to-live is missing.
    """
    if len(data) < 2:
        raise ProtocolError("bad-command", "the PING command has no time-to-live")
    return int.from_bytes(data[:2], "big") * 100, data[2 : 2 + MAX_PING_CONTEXT]


def encode_pong(context: bytes) -> bytes:
    """Return the body of a PONG that echoes a PING's context (Z21)."""
    return b"\x04PONG" + context
