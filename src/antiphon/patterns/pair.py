"""PAIR: two sockets that talk to each other and to nobody else (RFC 31)."""

from typing import Final

from antiphon.options import SocketOptions
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.reqrep import Dealer

__all__ = ("PAIR_TAKEN", "Pair")

#: Why attach() refuses a second peer.
PAIR_TAKEN: Final = "pair-taken"


class Pair(Dealer):
    """PAIR: a DEALER with at most one peer."""

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self.forgets_vanished = False
        self._peer: Pipe | None = None

    def attach(self, pipe: Pipe) -> str:
        """Take in a peer; a second one is refused until the first has gone."""
        if self._peer is not None:
            return PAIR_TAKEN
        self._peer = pipe
        return super().attach(pipe)

    def detach(self, pipe: Pipe) -> None:
        """Forget the peer and destroy its queues."""
        super().detach(pipe)
        self._release(pipe)

    def retire(self, pipe: Pipe) -> None:
        """Send nothing more to the peer; another may take its place."""
        super().retire(pipe)
        self._release(pipe)

    def _release(self, pipe: Pipe) -> None:
        if self._peer is pipe:
            self._peer = None
