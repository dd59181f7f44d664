"""PUSH and PULL: work handed down a pipeline (RFC 30)."""

from antiphon.patterns.pipe import Pipe
from antiphon.patterns.receiving import Receiving
from antiphon.patterns.reqrep import Dealer
from antiphon.queue import MessageQueue

__all__ = ("Pull", "Push")


class Push(Dealer):
    """PUSH: a DEALER that only sends."""

    def try_recv(self) -> list[bytes] | None:
        """Raise OperationNotSupported."""
        self.refuse_receive()

    def can_recv(self) -> bool:
        """Return False."""
        return False

    def deliver(self, pipe: Pipe, messages: MessageQueue) -> None:
        """Drop what a peer sent, counted: a PULL sends nothing."""
        self.discard(pipe, messages)


class Pull(Receiving):
    """PULL: takes a message of each PUSH in turn."""

    def outlasts(self, pipe: Pipe) -> bool:
        """Tell that what a peer has sent is given, in the bounds of a queue."""
        return self.has_room_for_departed()
