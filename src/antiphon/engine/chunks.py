"""Bytes on their way out: joined where that is cheaper than passing them one by one."""

from typing import Final

from antiphon.engine.network import LARGE_FRAME
from antiphon.patterns.pipe import Pipe
from antiphon.wire.connection import Connection
from antiphon.wire.framing import encode_message

__all__ = ("encode", "forward")

#: What is written at once: about what a socket's buffer takes.
_CHUNK: Final = 65536
#: How many messages are passed on at once.
_MAX_FORWARDED: Final = 64


def forward(pipe: Pipe) -> list[bytes]:
    """Take messages for the peer that are in their wire form; returns them joined."""
    chunks: list[bytes] = []
    count = min(len(pipe.outbound), _MAX_FORWARDED)
    for message in pipe.outbound[:count]:
        chunks += message
    pipe.outbound_taken(count)
    return _join(chunks)


def encode(pipe: Pipe, connection: Connection) -> list[bytes]:
    """Take messages for the peer, up to about a chunk; returns their wire form.

    A message that cannot be encoded closes the connection: look at its state.
    """
    chunks: list[bytes] = []
    count = size = 0
    plain = connection.plain
    for message in pipe.outbound:
        if plain:
            size += encode_message(message, chunks)
        else:
            size += connection.encode(message, chunks)
        count += 1
        if size >= _CHUNK:
            break
    pipe.outbound_taken(count)
    if size < LARGE_FRAME:
        return [b"".join(chunks)] if chunks else chunks
    return _join_small(chunks)


def _join(chunks: list[bytes]) -> list[bytes]:
    """Join chunks into one, unless that means to copy large ones."""
    if len(chunks) < 2:
        return chunks
    if max(map(len, chunks)) < LARGE_FRAME:
        return [b"".join(chunks)]
    return _join_small(chunks)


def _join_small(chunks: list[bytes]) -> list[bytes]:
    """Join neighbouring chunks, but leave large ones as they are: those are never copied."""
    joined: list[bytes] = []
    small: list[bytes] = []
    for chunk in chunks:
        if len(chunk) < LARGE_FRAME:
            small.append(chunk)
            continue
        if small:
            joined.append(b"".join(small))
            small = []
        joined.append(chunk)
    if small:
        joined.append(b"".join(small))
    return joined
