"""Pipes for tests: attached here, filled and emptied by hand, with an end that remembers."""

from antiphon.options import SocketOptions
from antiphon.patterns.base import Pattern
from antiphon.patterns.pipe import Pipe, PipeEnd
from antiphon.queue import MessageQueue

__all__ = (
    "RememberingEnd",
    "attach",
    "comes",
    "connect",
    "everything",
    "goes",
    "hears",
    "join",
    "options",
    "says",
)


class RememberingEnd(PipeEnd):
    """A connection that remembers why the pattern closed it, and detaches as connections do."""

    def __init__(self, pattern: Pattern, pipe: Pipe) -> None:
        self.pattern = pattern
        self.pipe = pipe
        self.closed = ""

    def close_peer(self, reason: str) -> None:
        """Close."""
        self.closed = reason
        self.pattern.detach(self.pipe)


def options(socket_type: int = -1, hwm: int = 1000, **others: object) -> SocketOptions:
    """Return options with both high-water marks, and others under their names."""
    chosen = SocketOptions(socket_type)
    chosen.sndhwm = chosen.rcvhwm = hwm
    for name, value in others.items():
        assert hasattr(chosen, name)
        setattr(chosen, name, value)
    return chosen


def join(pattern: Pattern, connected: bool = True) -> Pipe:
    """Attach a peer; its connection is complete unless told otherwise."""
    pipe = Pipe(pattern.options)
    pipe.end = RememberingEnd(pattern, pipe)
    assert not pattern.attach(pipe)
    if connected:
        connect(pattern, pipe)
    return pipe


def attach(pattern: Pattern, routing_id: bytes = b"") -> Pipe:
    """Attach a peer of that id, before its connection is complete, or without one."""
    pipe = Pipe(pattern.options)
    pipe.routing_id = routing_id
    assert not pattern.attach(pipe)
    return pipe


def connect(pattern: Pattern, pipe: Pipe) -> None:
    """Complete the connection of a peer."""
    pipe.peer_type = b"PEER"
    pattern.connected(pipe)


def comes(pattern: Pattern, pipe: Pipe, *messages: list[bytes]) -> None:
    """Let messages come from a peer."""
    pattern.deliver(pipe, MessageQueue(messages))


def goes(pipe: Pipe) -> list[list[bytes]]:
    """Take what waits for a peer, as the connection does."""
    messages = list(pipe.outbound)
    pipe.outbound_taken(len(messages))
    return messages


def says(pattern: Pattern, pipe: Pipe, *frames: bytes) -> None:
    """Let one message come from a peer."""
    pattern.deliver(pipe, MessageQueue([list(frames)]))


def hears(pipe: Pipe) -> list[bytes]:
    """Take the oldest message that waits for a peer, as the connection does."""
    frames = pipe.outbound[0]
    pipe.outbound_taken(1)
    return frames


def everything(pattern: Pattern) -> list[list[bytes]]:
    """Receive until nothing is left."""
    messages = []
    while (parts := pattern.try_recv()) is not None:
        messages.append(parts)
    return messages
