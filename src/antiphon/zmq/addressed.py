"""Sockets that join groups, and that know peers by numbers: DISH and PEER."""

from antiphon.engine.numbered import connect_peer, disconnect_peer
from antiphon.engine.socket import SocketCore
from antiphon.zmq.endpoints import endpoint_text
from antiphon.zmq.frame import encode_group
from antiphon.zmq.observed import ObservedSocket

__all__ = ("AddressedSocket",)


class AddressedSocket(ObservedSocket):
    """The part of a socket that joins groups, and that knows peers by their numbers."""

    _core: SocketCore

    def join(self, group: str | bytes) -> None:
        """Let a DISH receive what is sent to a group.

        Raises OptionError for a group of more than 255 bytes or that has been joined already, and
        OperationNotSupported for other socket types.
        """
        self._host.act(self._core, lambda: self._core.pattern.join(encode_group(group)))

    def leave(self, group: str | bytes) -> None:
        """Let a DISH receive no more of a group.

        Raises OptionError for one that is not joined, OperationNotSupported for other socket types.
        """
        self._host.act(self._core, lambda: self._core.pattern.leave(encode_group(group)))

    def connect_peer(self, addr: str | bytes) -> int:
        """Connect a PEER, and return the routing id of the peer: it may be sent to at once.

        Raises OperationNotSupported for other socket types, OptionError under IMMEDIATE, and
        EndpointError.
        """
        endpoint = endpoint_text(addr)
        number: int = self._host.act(self._core, lambda: connect_peer(self._core, endpoint))
        return number

    def disconnect_peer(self, routing_id: int) -> None:
        """Close a PEER's connection with one peer; what waits for it is dropped.

        Raises HostUnreachable for an id that no peer has, OperationNotSupported for other socket
        types.
        """
        self._host.act(self._core, lambda: disconnect_peer(self._core, routing_id))
