"""Security mechanisms: what the two sides say between greeting and traffic (RFC 37).

A mechanism is a small object that a Connection drives: start() gives the commands that open the
handshake, on_command() those that answer the peer's, and ``complete`` tells when messages may flow.
"""

from typing import Final

from antiphon.errors import ProtocolError
from antiphon.wire.command import Command, decode_metadata, encode_ready
from antiphon.wire.pairs import illegal_pair_reason

__all__ = ("Local", "Mechanism", "NullMechanism")

#: RFC 37 Z16: the socket types that announce a routing id.
_IDENTIFIED: Final = (b"REQ", b"DEALER", b"ROUTER")


class Local:
    """What our side of a connection says of itself.

    ``socket_type`` is the wire name, ``routing_id`` may be empty, ``binder`` tells whether our
    side accepted the connection, ``metadata`` holds further properties such as ``X-name``.
    """

    def __init__(
        self,
        socket_type: bytes,
        routing_id: bytes,
        binder: bool,
        metadata: list[tuple[bytes, bytes]],
    ) -> None:
        self.socket_type = socket_type
        self.routing_id = routing_id
        self.binder = binder
        self.metadata = metadata

    def properties(self) -> list[tuple[bytes, bytes]]:
        """Return the properties of our READY command (Z15, Z16)."""
        properties = [(b"Socket-Type", self.socket_type)]
        if self.socket_type in _IDENTIFIED:
            properties.append((b"Identity", self.routing_id))
        return properties + self.metadata


class Mechanism:
    """The contract of a security mechanism, hook by hook."""

    name: bytes = b""

    def __init__(self, local: Local) -> None:
        self.local = local
        #: True once the handshake is over and messages may flow both ways.
        self.complete = False
        #: The peer's properties, names in lower case.
        self.properties: dict[bytes, bytes] = {}

    def start(self) -> list[bytes]:
        """Return the command bodies that open the handshake, after both greetings."""
        raise NotImplementedError

    def on_command(self, command: Command) -> list[bytes]:
        """Answer a handshake command with command bodies. Raises ProtocolError."""
        raise NotImplementedError

    def accept_properties(self, data: bytes) -> None:
        """Decode and check the peer's metadata. Raises ProtocolError (Z13, Z15, Z16)."""
        properties = decode_metadata(data)
        theirs = properties.get(b"socket-type", b"")
        why = illegal_pair_reason(self.local.socket_type, theirs)
        if why is not None:
            raise ProtocolError("illegal-pair", why)
        if len(properties.get(b"identity", b"")) > 255:
            raise ProtocolError("bad-metadata", "the Identity is longer than 255 octets")
        self.properties = properties


class NullMechanism(Mechanism):
    """The NULL mechanism: READY both ways; the connecting side speaks first (Z12)."""

    name = b"NULL"

    def start(self) -> list[bytes]:
        """Return our READY if we connected; a binder waits for the peer's."""
        return [] if self.local.binder else [encode_ready(self.local.properties())]

    def on_command(self, command: Command) -> list[bytes]:
        """Take the peer's READY. Raises ProtocolError for anything else."""
        if command.name != b"READY":
            raise ProtocolError(
                "unexpected-command", f"{command.name[:32]!r} came in place of READY"
            )
        self.accept_properties(command.data)
        self.complete = True
        return [encode_ready(self.local.properties())] if self.local.binder else []
