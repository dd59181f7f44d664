"""One ZMTP connection without its socket (RFC 23, RFC 37).

    GREETING -> HANDSHAKE -> TRAFFIC, and from each of them -> CLOSED

Bytes that come in are given to receive(); what must go out (greeting, handshake, PONG, ERROR)
waits in ``output``; whole messages wait in ``messages``. Nothing that a peer sends makes a method
raise: a protocol error moves the connection to CLOSED, and ``error`` says why for good.
"""

from typing import Final

from antiphon.errors import ProtocolError
from antiphon.wire.command import (
    CANCEL,
    JOIN,
    LEAVE,
    SUBSCRIBE,
    Command,
    decode_command,
    decode_error,
    decode_ping,
    encode_error,
    encode_ping,
    encode_pong,
)
from antiphon.wire.forwarding import WireDecoder
from antiphon.wire.framing import (
    COMMAND_READY,
    STARVED,
    FrameDecoder,
    decode_message,
    encode_command,
    encode_message,
)
from antiphon.wire.greeting import GREETING_SIZE, check_signature, decode_greeting, encode_greeting
from antiphon.wire.mechanism import MAX_HANDSHAKE_COMMAND, Mechanism, Verdict
from antiphon.wire.sealing import SEALED_COMMAND, SEALED_MORE, SealedDecoder

__all__ = ("CLOSED", "GREETING", "HANDSHAKE", "NOTICED", "PONG_BURST", "TRAFFIC", "Connection")

GREETING: Final = 0
HANDSHAKE: Final = 1
TRAFFIC: Final = 2
CLOSED: Final = 3

#: An outcome of receive(), beside those of FrameDecoder.decode(): commands or an error have come.
NOTICED: Final = 3

#: Afterwards: PING, PONG, ERROR and subscriptions are far shorter.
_MAX_TRAFFIC_COMMAND: Final = 8192
#: How many PINGs that come at once are answered; "a small number" is what RFC 37 allows (Z22).
PONG_BURST: Final = 10.0
#: How a subscription and its end begin as messages (ZMTP 3.0, and everywhere above wire/), and
#: how as commands; it is the same with a group that is joined and left.
_SUBSCRIPTIONS: Final[dict[bytes, bytes]] = {b"\x01": SUBSCRIBE, b"\x00": CANCEL}
_MEMBERSHIPS: Final[dict[bytes, bytes]] = {b"\x01": JOIN, b"\x00": LEAVE}
_NO_CHANGES: Final[dict[bytes, bytes]] = {}
#: The socket types that send such commands.
_SENT: Final[dict[bytes, dict[bytes, bytes]]] = {
    b"SUB": _SUBSCRIPTIONS,
    b"XSUB": _SUBSCRIPTIONS,
    b"DISH": _MEMBERSHIPS,
}
#: The socket types that take them: how messages begin, by the names of the commands.
_TAKEN: Final[dict[bytes, dict[bytes, bytes]]] = {
    b"PUB": {b"SUBSCRIBE": b"\x01", b"CANCEL": b"\x00"},
    b"XPUB": {b"SUBSCRIBE": b"\x01", b"CANCEL": b"\x00"},
    b"RADIO": {b"JOIN": b"\x01", b"LEAVE": b"\x00"},
}
#: Errors that the peer is told with an ERROR command, as it can do something about them (Z14).
_TOLD: Final = ("illegal-pair", "bad-metadata")
#: Of a handler's verdict it is told the status only, as libzmq does, and of 300 nothing (2.7).
_TOLD_STATUS: Final = {"zap-400": "400", "zap-500": "500"}


class Connection:
    """The state of one connection.

    ``mechanism`` also tells what our side says of itself; ``max_frame`` is MAXMSGSIZE (bytes, -1
    for none); ``max_frames`` bounds the frames of one message; ``forwarding`` leaves messages in
    their wire form, for those who pass them on.

    Subscriptions are messages of one frame that begins with 1 or 0 to those above; to and from
    peers of version 3.1 they are commands (Z20). So are the groups that a DISH joins and leaves,
    whatever the version (Z24).

    While the mechanism has a ``question``, nothing more is decoded: what comes is kept until
    answer(), and the owner had better not read on.
    """

    def __init__(
        self, mechanism: Mechanism, max_frame: int, max_frames: int, forwarding: bool = False
    ) -> None:
        self.mechanism = mechanism
        self.forwarding = forwarding
        self.state = GREETING
        #: Why the connection closed, or None.
        self.error: ProtocolError | None = None
        #: Protocol bytes to send before any message.
        self.output: list[bytes] = [encode_greeting(mechanism.name, mechanism.as_server)]
        #: The peer's protocol version, known from its greeting on.
        self.peer_version = (0, 0)
        #: The time-to-live of the peer's last PING in milliseconds; 0 for none.
        self.peer_ttl_ms = 0
        #: How many more PINGs are answered; the owner raises it as time passes.
        self.pongs = PONG_BURST
        #: Set by commands and errors: they change what is above.
        self.noticed = False
        #: Whether framing.encode_message() makes the wire form of messages; encode() always does.
        self.plain = True
        #: Whether messages that are passed on go out as they are.
        self.verbatim = forwarding and not mechanism.seals
        # Which messages go out as commands, and which commands come in as messages.
        self._sent = _SENT.get(mechanism.local.socket_type, _NO_CHANGES)
        self._taken = _TAKEN.get(mechanism.local.socket_type, _NO_CHANGES)
        # Whether frames are sealed: from the end of the handshake on.
        self._sealing = False
        self.decoder = self._make_decoder(max_frame, max_frames)
        self._greeting = b""
        # What has come since the mechanism put a question.
        self._held = b""

    def _make_decoder(self, max_frame: int, max_frames: int) -> FrameDecoder:
        if self.mechanism.seals:
            frames = FrameDecoder(-1, MAX_HANDSHAKE_COMMAND, 1)
            return SealedDecoder(frames, self.mechanism, max_frame, max_frames, self.forwarding)
        if self.forwarding:
            return WireDecoder(max_frame, MAX_HANDSHAKE_COMMAND, max_frames)
        return FrameDecoder(max_frame, MAX_HANDSHAKE_COMMAND, max_frames)

    @property
    def peer_routing_id(self) -> bytes:
        """The Identity that the peer announced, or an empty string."""
        return self.mechanism.properties.get(b"identity", b"")

    @property
    def peer_type(self) -> bytes:
        """The peer's Socket-Type, or an empty string before the handshake."""
        return self.mechanism.properties.get(b"socket-type", b"")

    def receive(self, data: bytes, limit: int) -> int:
        """Take bytes from the peer; decode at most until ``limit`` messages wait.

        Without bytes, decoding goes on with what was received before. Returns STARVED or FULL as
        FrameDecoder.decode() does, and in place of STARVED returns NOTICED when more than messages
        has come; never raises for what a peer sent.
        """
        if self._held:
            data = self._held + data
            self._held = b""
        try:
            if self.state != TRAFFIC:
                data = self._receive_greeting(data)
                if self.state != HANDSHAKE:
                    return NOTICED
                if self.mechanism.question is not None:
                    self._held = data
                    return NOTICED
            outcome = self.decoder.decode(data, limit)
        except ProtocolError as error:
            self.fail(error)
            return NOTICED
        return self.obey(limit) if outcome == COMMAND_READY else outcome

    def obey(self, limit: int) -> int:
        """Go on after the decoder has returned COMMAND_READY; returns what receive() does."""
        outcome = COMMAND_READY
        try:
            while outcome == COMMAND_READY:
                self._on_command(self.decoder.command)
                if self.mechanism.question is not None:
                    return NOTICED
                outcome = self.decoder.decode(b"", limit)
        except ProtocolError as error:
            self.fail(error)
            return NOTICED
        return NOTICED if outcome == STARVED else outcome

    def answer(self, verdict: Verdict) -> None:
        """Answer the mechanism's question; receive() then goes on with what came meanwhile."""
        if self.state != HANDSHAKE:
            return
        self.noticed = True
        try:
            self._send_commands(self.mechanism.answer(verdict))
        except ProtocolError as error:
            self.fail(error)
            return
        if self.mechanism.complete:
            self._begin_traffic()

    def _receive_greeting(self, data: bytes) -> bytes:
        """Take what belongs to the greeting; returns the rest."""
        if self.state != GREETING:
            return data
        missing = GREETING_SIZE - len(self._greeting)
        self._greeting += data[:missing]
        check_signature(self._greeting)
        if len(self._greeting) == GREETING_SIZE:
            self._on_greeting()
        return data[missing:]

    def encode(self, parts: list[bytes], out: list[bytes]) -> int:
        """Append the wire form of one message to ``out`` and return its size in bytes."""
        if self._sent and len(parts) == 1:
            command = self._sent.get(parts[0][:1])
            if command is not None:
                return self._add_command(command + parts[0][1:], out)
        return self._seal(parts, out) if self._sealing else self._frame_message(parts, out)

    def _seal(self, parts: list[bytes], out: list[bytes]) -> int:
        """Append a message whose frames the mechanism seals, each a message of its own."""
        if self.forwarding:
            parts = decode_message(parts)
        size = 0
        left = len(parts)
        try:
            for part in parts:
                left -= 1
                sealed = self.mechanism.seal(SEALED_MORE if left else 0, part)
                size += self._frame_message([sealed], out)
        except ProtocolError as error:
            self.fail(error)
        return size

    def _add_command(self, body: bytes, out: list[bytes]) -> int:
        command = self.encode_command(body)
        out.append(command)
        return len(command)

    def encode_command(self, body: bytes) -> bytes:
        """Return the wire form of a command, whose body is given."""
        if not self._sealing:
            return self._frame_command(body)
        chunks: list[bytes] = []
        self._frame_message([self.mechanism.seal(SEALED_COMMAND, body)], chunks)
        return b"".join(chunks)

    # What carries frames: another carrier than ZMTP's framing overrides these two.

    def _frame_message(self, parts: list[bytes], out: list[bytes]) -> int:
        return encode_message(parts, out)

    def _frame_command(self, body: bytes) -> bytes:
        return encode_command(body)

    def ping(self, ttl_ms: int) -> bool:
        """Queue a PING; returns False if the peer's version knows none (ZMTP 3.0)."""
        if self.state != TRAFFIC or self.peer_version < (3, 1):
            return False
        try:
            self.send_command(encode_ping(ttl_ms, b""))
        except ProtocolError as error:
            self.fail(error)
            return False
        return True

    def fail(self, error: ProtocolError) -> None:
        """Close the connection for a reason; an ERROR command is queued where the peer is told."""
        if self.state == CLOSED:
            return
        if self.state == HANDSHAKE and self.mechanism.tells_errors:
            self._tell(error)
        self.state = CLOSED
        self.error = error
        self.noticed = True
        # Whoever still has this connection, such as a timer, holds on to no more than that.
        self._held = b""
        self.decoder.clear()

    def _tell(self, error: ProtocolError) -> None:
        if error.reason in _TOLD:
            self.send_command(encode_error(error.detail))
        elif error.reason in _TOLD_STATUS:
            self.send_command(encode_error(_TOLD_STATUS[error.reason]))

    def _on_greeting(self) -> None:
        greeting = decode_greeting(self._greeting)
        self._greeting = b""
        if greeting.mechanism != self.mechanism.name:
            ours = self.mechanism.name.decode("ascii")
            theirs = greeting.mechanism.decode("ascii")
            raise ProtocolError(
                "mechanism-mismatch", f"the peer wants {theirs} and this socket {ours}"
            )
        if greeting.as_server and self.mechanism.as_server:
            raise ProtocolError("mechanism-mismatch", "the peer is a server too: one must not be")
        self.peer_version = (greeting.major, greeting.minor)
        self.state = HANDSHAKE
        self.noticed = True
        self._send_commands(self.mechanism.start())

    def _on_command(self, body: bytes) -> None:
        self.noticed = True
        command = decode_command(body)
        if command.name == b"ERROR":
            raise ProtocolError("error-command", decode_error(command.data))
        if self.state == HANDSHAKE:
            self._send_commands(self.mechanism.on_command(command))
            if self.mechanism.complete:
                self._begin_traffic()
        else:
            self._obey(command)

    def _begin_traffic(self) -> None:
        self.state = TRAFFIC
        self._sealing = self.mechanism.seals
        if self._sent is _SUBSCRIPTIONS and self.peer_version < (3, 1):
            self._sent = _NO_CHANGES
        self.plain = not (self._sent or self._sealing)
        self.decoder.begin_traffic(_MAX_TRAFFIC_COMMAND)

    def _obey(self, command: Command) -> None:
        """Do what a command says that came after the handshake; unknown ones are ignored."""
        name = command.name
        if name == b"PING":
            self.peer_ttl_ms, context = decode_ping(command.data)
            if self.pongs >= 1.0:
                self.pongs -= 1.0
                self.send_command(encode_pong(context))
        elif name in self._taken:
            self.decoder.messages.put([self._taken[name] + command.data])
        elif name == b"READY":
            raise ProtocolError("unexpected-command", "READY came after the handshake")

    def _send_commands(self, bodies: list[bytes]) -> None:
        for body in bodies:
            self.send_command(body)

    def send_command(self, body: bytes) -> None:
        """Let a command go out before any message."""
        self.output.append(self.encode_command(body))
