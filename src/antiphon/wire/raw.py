"""A connection without a protocol: bytes as they come, for STREAM sockets."""

from antiphon.wire.connection import TRAFFIC, Connection
from antiphon.wire.framing import FULL, STARVED, FrameDecoder
from antiphon.wire.mechanism import Mechanism

__all__ = ("RawConnection", "RawDecoder")


class RawDecoder(FrameDecoder):
    """Makes a message of one chunk of whatever comes at once."""

    def decode(self, data: bytes, limit: int) -> int:
        """Add ``data`` to ``messages``, or keep it while ``limit`` messages wait there.

        Returns STARVED or FULL.
        """
        waiting = self._data + data
        if len(self.messages) >= limit:
            self._data = waiting
            return FULL
        self._data = b""
        if waiting:
            self.messages.put([waiting])
        return STARVED


class RawConnection(Connection):
    """A connection to a peer that need not speak ZMTP: no greeting, no handshake, no frames.

    Messages are chunks of bytes in both directions.
    """

    def __init__(self, mechanism: Mechanism) -> None:
        super().__init__(mechanism, -1, 0, True)
        self.state = TRAFFIC
        self.output = []
        self.decoder = RawDecoder(-1, 0, 0)

    @property
    def peer_type(self) -> bytes:
        """A name in place of a Socket-Type: there is none."""
        return b"STREAM"

    def ping(self, ttl_ms: int) -> bool:
        """Return False: there are no commands."""
        return False
