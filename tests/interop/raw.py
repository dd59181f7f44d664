"""A ZMTP peer made of a bare TCP socket and literal bytes; it shares no code with the subject."""

import socket
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

from .peers import PATIENCE_MS

__all__ = (
    "NULL_GREETING",
    "RawListener",
    "RawPeer",
    "command",
    "frame",
    "greeting",
    "message",
    "ready",
)

_PATIENCE_S = PATIENCE_MS / 1000


def greeting(mechanism: bytes = b"NULL", version: bytes = b"\x03\x01") -> bytes:
    """Return the 64 bytes that open a connection (Z1)."""
    opening = b"\xff" + bytes(8) + b"\x7f" + version
    return opening + mechanism.ljust(20, b"\0") + b"\0" + bytes(31)


NULL_GREETING = greeting()


def frame(flags: int, body: bytes) -> bytes:
    """Return a frame; its size takes one byte if it fits, else eight and the flag for it."""
    if len(body) < 256:
        return bytes([flags, len(body)]) + body
    return bytes([flags | 2]) + len(body).to_bytes(8, "big") + body


def message(parts: list[bytes]) -> bytes:
    """Return the wire form of a message: every frame but the last has the flag MORE."""
    return b"".join(frame(1, part) for part in parts[:-1]) + frame(0, parts[-1])


def command(name: bytes, data: bytes) -> bytes:
    """Return the wire form of a command."""
    return frame(4, bytes([len(name)]) + name + data)


def ready(socket_type: bytes, routing_id: bytes | None = None) -> bytes:
    """Return a READY command; a ``routing_id`` of None leaves the property out."""
    properties = {b"Socket-Type": socket_type}
    if routing_id is not None:
        properties[b"Identity"] = routing_id
    data = b"".join(
        bytes([len(name)]) + name + len(value).to_bytes(4, "big") + value
        for name, value in properties.items()
    )
    return command(b"READY", data)


class RawPeer:
    """One connection, byte by byte."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        stream.settimeout(_PATIENCE_S)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @classmethod
    def dial(cls, endpoint: str) -> Self:
        """Connect to ``tcp://host:port``."""
        host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
        return cls(socket.create_connection((host, int(port)), timeout=_PATIENCE_S))

    def send(self, data: bytes) -> None:
        """Send bytes at once."""
        self._stream.sendall(data)

    def send_each(self, data: Iterable[int]) -> None:
        """Send bytes one by one."""
        for octet in data:
            self._stream.sendall(bytes([octet]))

    def try_send(self, data: bytes) -> None:
        """Send bytes to a peer that may have closed the connection by now."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self._stream.sendall(data)

    def read(self, count: int) -> bytes:
        """Return the next ``count`` bytes; fewer if the peer closes before."""
        data = b""
        while len(data) < count:
            chunk = self._stream.recv(count - len(data))
            if not chunk:
                break
            data += chunk
        return data

    def read_frame(self) -> tuple[int, bytes]:
        """Return the flags and the body of the next frame."""
        flags, size = self.read(2)
        if flags & 2:
            size = int.from_bytes(bytes([size]) + self.read(7), "big")
        return flags, self.read(size)

    def read_to_end(self) -> bytes:
        """Return what comes until the peer closes the connection."""
        data = b""
        with suppress(ConnectionResetError):
            while chunk := self._stream.recv(65536):
                data += chunk
        return data

    def shake_hands(self, socket_type: bytes, routing_id: bytes | None = None) -> bytes:
        """Complete a NULL handshake; returns the body of the peer's READY command."""
        self.send(NULL_GREETING)
        assert len(self.read(64)) == 64
        self.send(ready(socket_type, routing_id))
        flags, body = self.read_frame()
        assert flags == 4
        return body

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class RawListener:
    """A listening TCP socket that hands out its connections as raw peers."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_PATIENCE_S)
        self.endpoint = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"

    def accept(self) -> RawPeer:
        """Return the next connection."""
        return RawPeer(self._listener.accept()[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.close()
