"""CLIENT, SERVER, PEER, CHANNEL, SCATTER and GATHER: messages of one frame (RFC 37, Z24).

They are the siblings of DEALER, ROUTER, PAIR, PUSH and PULL. Messages of several frames are
refused where they are sent, and dropped where they are received.
"""

from typing import Final, NoReturn

from antiphon.errors import EINVAL, HostUnreachable, ZMQError
from antiphon.options import SocketOptions
from antiphon.patterns.base import Pattern
from antiphon.patterns.pair import Pair
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.pipeline import Pull, Push
from antiphon.patterns.reqrep import Dealer
from antiphon.patterns.router import ROUTED, UNKNOWN_ID, Router
from antiphon.queue import MessageQueue

__all__ = (
    "SEVERAL_FRAMES",
    "Channel",
    "Client",
    "Gather",
    "Peer",
    "Scatter",
    "Server",
    "refuse_several",
)

#: Why a message is dropped that these types do not have.
SEVERAL_FRAMES: Final = "several-frames"

_ID_SIZE: Final = 4


def refuse_several(parts: list[bytes]) -> NoReturn:
    """Raise ZMQError (EINVAL): what is sent has no frame, or several."""
    raise ZMQError(EINVAL, f"this socket type sends one frame at a time, not {len(parts)}")


def _sift(pattern: Pattern, pipe: Pipe, messages: MessageQueue) -> None:
    """Drop what has several frames, counted."""
    single = MessageQueue()
    for parts in messages:
        if len(parts) == 1:
            single.put(parts)
        else:
            pipe.received += 1
            pattern.drop(SEVERAL_FRAMES, parts)
    messages.clear()
    messages.move(single)


class Client(Dealer):
    """CLIENT: balances requests over SERVERs, and takes what they send in turn."""

    def try_send(self, parts: list[bytes]) -> bool:
        """Send a frame to the next SERVER with room. Raises ZMQError (EINVAL) for several."""
        if len(parts) > 1:
            refuse_several(parts)
        return super().try_send(parts)

    def deliver(self, pipe: Pipe, messages: MessageQueue) -> None:
        """Queue messages of one frame."""
        _sift(self, pipe, messages)
        if messages:
            super().deliver(pipe, messages)


class Scatter(Push):
    """SCATTER: gives each frame to the next GATHER with room."""

    def try_send(self, parts: list[bytes]) -> bool:
        """Send a frame. Raises ZMQError (EINVAL) for several."""
        if len(parts) > 1:
            refuse_several(parts)
        return super().try_send(parts)


class Gather(Pull):
    """GATHER: takes a frame of each SCATTER in turn."""

    def deliver(self, pipe: Pipe, messages: MessageQueue) -> None:
        """Queue messages of one frame."""
        _sift(self, pipe, messages)
        if messages:
            super().deliver(pipe, messages)


class Channel(Pair):
    """CHANNEL: exchanges frames with one other CHANNEL."""

    def try_send(self, parts: list[bytes]) -> bool:
        """Send a frame. Raises ZMQError (EINVAL) for several."""
        if len(parts) > 1:
            refuse_several(parts)
        return super().try_send(parts)

    def deliver(self, pipe: Pipe, messages: MessageQueue) -> None:
        """Queue messages of one frame."""
        _sift(self, pipe, messages)
        if messages:
            super().deliver(pipe, messages)


class Server(Router):
    """SERVER: knows each CLIENT by a number that it gives it, four octets before the frame."""

    def __init__(self, options: SocketOptions, first_generated_id: int) -> None:
        super().__init__(options, first_generated_id)
        self.awaits_ids = False

    def try_send(self, parts: list[bytes]) -> bool:
        """Send ``[number, frame]``; returns False while the peer's queue is full.

        Raises HostUnreachable for a number that no peer has, ZMQError (EINVAL) for more frames.
        """
        if len(parts) != 2:
            refuse_several(parts[1:])
        status = self.route(parts[0], parts[1:])
        if status == UNKNOWN_ID:
            raise HostUnreachable(parts[0], status)
        return status == ROUTED

    def can_send(self) -> bool:
        """Tell whether a peer has room."""
        return any(not pipe.blocked for pipe in self.peers.values())

    def attach(self, pipe: Pipe) -> str:
        """Take in a peer under a new number, whatever it calls itself."""
        pipe.routing_id = b""
        return super().attach(pipe)

    def generate_id(self) -> bytes:
        """Return a number that no peer has, never 0."""
        while True:
            self.generated = self.generated % 0xFFFFFFFF + 1
            number = self.generated.to_bytes(_ID_SIZE, "big")
            if number not in self.peers:
                return number

    def deliver(self, pipe: Pipe, messages: MessageQueue) -> None:
        """Queue messages of one frame."""
        _sift(self, pipe, messages)
        if messages:
            super().deliver(pipe, messages)


class Peer(Server):
    """PEER: a SERVER among its like; it also connects."""

    def interrupted(self, pipe: Pipe) -> None:
        """Under HICCUP_MSG, tell the application that a peer has gone."""
        if self.options.hiccup_msg:
            self.tell(pipe, self.options.hiccup_msg)
