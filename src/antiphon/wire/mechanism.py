"""Security mechanisms: what the two sides say between greeting and traffic (RFC 37).

A mechanism is a small object that a Connection drives: start() gives the commands that open the
handshake, on_command() those that answer the peer's, and ``complete`` tells when messages may flow.
One that has to know whether a peer is welcome puts a ``question`` (RFC 27) and goes on when it is
given the answer(). One that encrypts ``seals`` each frame, whatever carries the frames.
"""

from typing import Final

from antiphon.errors import ProtocolError
from antiphon.native import mypyc_attr
from antiphon.wire.command import Command, decode_metadata, encode_ready
from antiphon.wire.pairs import illegal_pair_reason

__all__ = (
    "MAX_HANDSHAKE_COMMAND",
    "Local",
    "Mechanism",
    "NullMechanism",
    "Question",
    "Surroundings",
    "Verdict",
    "unexpected",
)

#: A stranger's command, in octets: metadata of 1 KiB and the largest mechanism command fit in.
MAX_HANDSHAKE_COMMAND: Final = 2048
#: RFC 37 Z16: the socket types that announce a routing id.
_IDENTIFIED: Final = (b"REQ", b"DEALER", b"ROUTER")
#: Properties that only our own side may state of a peer.
_OURS_TO_SAY: Final = (b"user-id", b"peer-address")


@mypyc_attr(allow_interpreted_subclasses=True)
class Surroundings:
    """What a mechanism needs of the world: the time, and chance that nobody can foresee."""

    def now(self) -> float:
        """Return a time in seconds that only moves forward."""
        raise NotImplementedError

    def entropy(self, count: int) -> bytes:
        """Return ``count`` random octets that are fit for secret keys."""
        raise NotImplementedError


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


class Question:
    """Is this peer welcome? The mechanism's name and the credentials that it was shown (A2)."""

    def __init__(self, mechanism: bytes, credentials: list[bytes]) -> None:
        self.mechanism = mechanism
        self.credentials = credentials


class Verdict:
    """The answer to a Question.

    ``error`` says why the peer is refused; None lets it in, and then ``user_id`` (which may be
    empty) and ``metadata`` (names in lower case) are what the handler knows of it (A3).
    """

    def __init__(
        self, error: ProtocolError | None, user_id: bytes, metadata: dict[bytes, bytes]
    ) -> None:
        self.error = error
        self.user_id = user_id
        self.metadata = metadata


class Mechanism:
    """The contract of a security mechanism, hook by hook."""

    name: bytes = b""
    #: Whether every frame after the handshake goes through seal() and open().
    seals: bool = False

    def __init__(self, local: Local, as_server: bool) -> None:
        self.local = local
        #: Whether our side is the one that is shown credentials; only PLAIN and CURVE have roles.
        self.as_server = as_server
        #: Whether our side may say in an ERROR command why it refuses the peer (C2).
        self.tells_errors = as_server
        #: Whether the peer is asked about before it is let in.
        self.asks = as_server
        #: True once the handshake is over and messages may flow both ways.
        self.complete = False
        #: What the handshake waits to have answered, or None.
        self.question: Question | None = None
        #: The peer's properties, names in lower case; what a handler says of the peer included.
        self.properties: dict[bytes, bytes] = {}
        self._testimony: dict[bytes, bytes] = {}

    def start(self) -> list[bytes]:
        """Return the command bodies that open the handshake, after both greetings.

        Raises ProtocolError when there is no use in beginning.
        """
        raise NotImplementedError

    def on_command(self, command: Command) -> list[bytes]:
        """Answer a handshake command with command bodies. Raises ProtocolError."""
        raise NotImplementedError

    def answer(self, verdict: Verdict) -> list[bytes]:
        """Go on, the question being answered. Raises the verdict's error if there is one."""
        self.question = None
        if verdict.error is not None:
            raise verdict.error
        self._testimony = verdict.metadata.copy()
        if verdict.user_id:
            self._testimony[b"user-id"] = verdict.user_id
        self.properties.update(self._testimony)
        return self.admit()

    def admit(self) -> list[bytes]:
        """Return the command bodies for a peer that is welcome."""
        raise NotImplementedError

    def seal(self, flags: int, body: bytes) -> bytes:
        """Return the encrypted form of a frame: a frame's body for the wire.

        ``flags`` are of SEALED_MORE and SEALED_COMMAND. Raises ProtocolError when no more frames
        can be sent.
        """
        raise NotImplementedError

    def open(self, sealed: bytes) -> tuple[int, bytes]:
        """Return what seal() was given, flags and body. Raises ProtocolError."""
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
        for name in _OURS_TO_SAY:
            properties.pop(name, None)
        properties.update(self._testimony)
        self.properties = properties


class NullMechanism(Mechanism):
    """The NULL mechanism: READY both ways; the connecting side speaks first (Z12).

    With ``asks`` the peer must be welcome before our side says READY.
    """

    name = b"NULL"

    def __init__(self, local: Local, asks: bool = False) -> None:
        super().__init__(local, False)
        self.tells_errors = True
        self.asks = asks

    def start(self) -> list[bytes]:
        """Return our READY if we connected; a binder waits for the peer's."""
        return [] if self.local.binder else self._ask()

    def on_command(self, command: Command) -> list[bytes]:
        """Take the peer's READY. Raises ProtocolError for anything else."""
        if command.name != b"READY":
            raise unexpected(command, "READY")
        self.accept_properties(command.data)
        if self.local.binder:
            return self._ask()
        self.complete = True
        return []

    def _ask(self) -> list[bytes]:
        if not self.asks:
            return self.admit()
        self.question = Question(self.name, [])
        return []

    def admit(self) -> list[bytes]:
        """Return our READY."""
        if self.local.binder:
            self.complete = True
        return [encode_ready(self.local.properties())]


def unexpected(command: Command, wanted: str) -> ProtocolError:
    """Return the error for a command that came in place of the one called ``wanted``."""
    return ProtocolError("unexpected-command", f"{command.name[:32]!r} came in place of {wanted}")
