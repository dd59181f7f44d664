"""STREAM: connections to peers that speak no ZMTP, each known by an id."""

from antiphon.errors import HostUnreachable
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.router import ID_ONLY, ROUTED, UNKNOWN_ID, Router

__all__ = ("Stream",)


class Stream(Router):
    """STREAM: a ROUTER of bytes; ``[id, b""]`` tells of connections, and closes them."""

    def try_send(self, parts: list[bytes]) -> bool:
        """Send ``[id, data]`` to a peer; ``[id, b""]`` closes it once all is sent.

        Returns False while the peer's queue is full. Raises HostUnreachable for an unknown id.
        """
        if len(parts) < 2:
            self.drop(ID_ONLY, parts)
            return True
        if parts[1:] == [b""] and parts[0] in self.peers:
            self._close(self.peers[parts[0]])
            return True
        status = self.route(parts[0], parts[1:])
        if status == UNKNOWN_ID:
            raise HostUnreachable(parts[0], status)
        return status == ROUTED

    def _close(self, pipe: Pipe) -> None:
        self.retire(pipe)
        pipe.end.finish()

    def can_send(self) -> bool:
        """Tell whether a peer has room; True without peers, as nothing waits for one."""
        return not self.peers or any(not pipe.blocked for pipe in self.peers.values())

    def connected(self, pipe: Pipe) -> None:
        """Under STREAM_NOTIFY, tell of a new connection."""
        if self.options.stream_notify:
            self.tell(pipe, b"")

    def interrupted(self, pipe: Pipe) -> None:
        """Under STREAM_NOTIFY, tell that a connection has ended; it will be made anew."""
        if self.options.stream_notify:
            self.tell(pipe, b"")

    def last_words(self, pipe: Pipe) -> list[bytes]:
        """Return what is told of a connection's end, unless it was this side that closed it."""
        return [b""] if self.options.stream_notify and not pipe.retired else []

    def detach(self, pipe: Pipe) -> None:
        """Forget a peer; what it has sent may still be received."""
        for parts in pipe.inbound:
            self.depart([pipe.routing_id, *parts])
        pipe.inbound.clear()
        super().detach(pipe)
