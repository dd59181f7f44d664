"""Eyes on a socket: what a program may override to see drops, peers and refused connections."""

from antiphon.native import mypyc_attr

__all__ = ("Instrument",)


@mypyc_attr(allow_interpreted_subclasses=True)
class Instrument:
    """Hooks that a socket calls; override those of interest. They must not raise nor block."""

    def message_dropped(self, reason: str, parts: list[bytes]) -> None:
        """Be told of a message that could not be delivered, with the reason it is counted under.

        ``parts`` are the frames as the socket had them; a ROUTER's include the routing id.
        """

    def peer_connected(self, endpoint: str, routing_id: bytes) -> None:
        """Be told that a handshake with a peer has been completed."""

    def peer_disconnected(self, endpoint: str, routing_id: bytes, reason: str) -> None:
        """Be told that a peer that had completed its handshake has gone, and why."""

    def connection_failed(self, endpoint: str, reason: str, detail: str) -> None:
        """Be told of a connection that ended before or during its handshake, or by an error."""
