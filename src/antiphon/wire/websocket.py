"""ZMTP's frames in WebSocket messages: ZWS 2.0 (RFC 45).

One frame is one binary WebSocket message: an octet that says what it is (0 the last frame of a
message, 1 one that others follow, 2 a command), then the body. WebSocket's own ping and close take
the place of the PING command and of a connection that just ends.
"""

from io import BytesIO
from typing import Final

from wsproto import ConnectionType
from wsproto.connection import Connection as WebSocket
from wsproto.connection import ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage
from wsproto.frame_protocol import CloseReason

from antiphon.errors import ProtocolError
from antiphon.wire.connection import CLOSED, GREETING, HANDSHAKE, TRAFFIC, Connection
from antiphon.wire.framing import (
    COMMAND,
    COMMAND_READY,
    FULL,
    MORE,
    STARVED,
    FrameDecoder,
    decode_message,
    encode_message,
)
from antiphon.wire.mechanism import MAX_HANDSHAKE_COMMAND, Mechanism
from antiphon.wire.sealing import SealedDecoder
from antiphon.wire.upgrade import (
    NO_MECHANISM,
    ClientUpgrade,
    ServerUpgrade,
    Upgrade,
    protocols_of,
)

__all__ = ("WebSocketConnection", "WebSocketDecoder")

#: The octet in front of a frame's body, and the flags of framing that it stands for.
_LAST_OCTET: Final = b"\x00"
_MORE_OCTET: Final = b"\x01"
_COMMAND_OCTET: Final = b"\x02"
_FLAGS: Final = (0, MORE, COMMAND)

_MAX_ROUTING_ID: Final = 255

#: What has made decode() return COMMAND_READY.
_A_COMMAND: Final = 0
_A_ROUTING_ID: Final = 1
_A_PING: Final = 2
_A_CLOSE: Final = 3

#: Ends that the peer need not or cannot be told of.
_SILENT: Final = ("peer-closed", "connection-lost", "heartbeat-timeout")
#: How the reasons begin of which no more is told than that the connection ends (2.7).
_HANDLERS: Final = "zap-"
#: How the others are told (RFC 6455 section 7.4.1).
_CODES: Final = {
    "closed": CloseReason.NORMAL_CLOSURE,
    "message-too-long": CloseReason.MESSAGE_TOO_BIG,
    "command-too-long": CloseReason.MESSAGE_TOO_BIG,
    "too-many-frames": CloseReason.MESSAGE_TOO_BIG,
    "text-message": CloseReason.UNSUPPORTED_DATA,
}


class WebSocketDecoder(FrameDecoder):
    """Turns what a WebSocket brings into messages and commands, within FrameDecoder's bounds.

    ``sealed`` says that frames are to be opened before what follows them is looked at, be it only a
    close frame; ``wire_form`` leaves messages in the form that ZMTP's framing gives them, for those
    who pass them on.
    """

    def __init__(
        self, websocket: WebSocket, max_frame: int, max_frames: int, sealed: bool, wire_form: bool
    ) -> None:
        super().__init__(max_frame, MAX_HANDSHAKE_COMMAND, max_frames)
        self.websocket = websocket
        self._sealed = sealed
        self._wire_form = wire_form
        #: Whether the next frame is the peer's routing id (W3).
        self.awaits_routing_id = False
        #: What has made decode() return COMMAND_READY.
        self.kind = _A_COMMAND
        #: The peer's close frame, once it has come.
        self.farewell = CloseConnection(CloseReason.NO_STATUS_RCVD)
        # Whether a frame is in arrival, which has _flags, and _body as far as it has come.
        self._begun = False

    def decode(self, data: bytes, limit: int) -> int:
        """Do as FrameDecoder.decode() does; pings and closes are commands of another ``kind``."""
        if data:
            self.websocket.receive_data(data)
        self.kind = _A_COMMAND
        self.from_carrier = False
        limit = min(limit, 1) if self._sealed else limit
        if len(self.messages) >= limit:
            return FULL
        for event in self.websocket.events():
            if self._take(event):
                return COMMAND_READY
            if len(self.messages) >= limit:
                return FULL
        return STARVED

    def _take(self, event: Event) -> bool:
        """Take what has come; returns whether it is for the connection to obey."""
        if isinstance(event, BytesMessage):
            return self._take_piece(bytes(event.data), event.message_finished)
        if isinstance(event, TextMessage):
            raise ProtocolError("text-message", "a text message came: ZWS has binary ones only")
        if isinstance(event, Ping):
            self.kind = _A_PING
            self.from_carrier = True
            self.command = bytes(event.payload)
            return True
        if isinstance(event, CloseConnection):
            if self.websocket.state is ConnectionState.OPEN:
                raise ProtocolError("bad-websocket-frame", event.reason or "a frame is malformed")
            self.kind = _A_CLOSE
            self.from_carrier = True
            self.farewell = event
            return True
        return False

    def _take_piece(self, data: bytes, last: bool) -> bool:
        """Take a piece of a frame, which WebSocket and the network cut where they like."""
        if not self._begun:
            if not data:
                if last:
                    raise ProtocolError("bad-length", "a WebSocket message is empty")
                return False
            self._begin_frame(data[0])
            data = data[1:]
        # Before it is kept: what is announced takes no memory, and what has come is bounded.
        self._check(self._flags, self._body.tell() + len(data))
        self._body.write(data)
        return last and self._end_frame()

    def _begin_frame(self, octet: int) -> None:
        if octet >= len(_FLAGS):
            raise ProtocolError("reserved-flags", f"a frame's flags are {octet:#04x}")
        flags = _FLAGS[octet]
        if self.awaits_routing_id:
            if flags:
                raise ProtocolError("bad-routing-id", "the routing id is not a single frame")
            flags = COMMAND
        elif not flags & COMMAND and len(self._parts) >= self.max_frames:
            self._refuse_count()
        self._flags = flags
        self._body = BytesIO()
        self._begun = True

    def _end_frame(self) -> bool:
        body = self._body.getvalue()
        self._body = BytesIO()
        self._begun = False
        if self._flags & COMMAND:
            self.kind = _A_ROUTING_ID if self.awaits_routing_id else _A_COMMAND
            self.command = body
            return True
        self._parts.append(body)
        if not self._flags & MORE:
            self._end_message()
        return False

    def _end_message(self) -> None:
        if self._wire_form:
            chunks: list[bytes] = []
            encode_message(self._parts, chunks)
            self._parts = [b"".join(chunks)]
        super()._end_message()


class WebSocketConnection(Connection):
    """A connection in a WebSocket; ``host`` and ``path`` are what a connecting side asks for.

    The protocol is ZMTP 3.0's: subscriptions are messages (W5). With the mechanism NULL a peer may
    choose to have no handshake: each side's first frame is then its routing id (W3), and its socket
    type remains unknown.
    """

    def __init__(
        self,
        mechanism: Mechanism,
        max_frame: int,
        max_frames: int,
        forwarding: bool,
        host: str,
        path: str,
    ) -> None:
        role = ConnectionType.SERVER if mechanism.local.binder else ConnectionType.CLIENT
        self._websocket = WebSocket(role)
        super().__init__(mechanism, max_frame, max_frames, forwarding)
        self.peer_version = (3, 0)
        self.plain = self.verbatim = False
        protocols = protocols_of(mechanism.name, mechanism.asks)
        # The upgrade while it lasts, and the protocol that it has brought about.
        self._upgrade: Upgrade | None
        if mechanism.local.binder:
            self._upgrade = ServerUpgrade(protocols)
        else:
            self._upgrade = ClientUpgrade(protocols, host, path)
        self._protocol = ""
        request = self._upgrade.start()
        self.output = [request] if request else []

    def _make_decoder(self, max_frame: int, max_frames: int) -> FrameDecoder:
        mechanism = self.mechanism
        if not mechanism.seals:
            self._carrier = WebSocketDecoder(
                self._websocket, max_frame, max_frames, False, self.forwarding
            )
            return self._carrier
        self._carrier = WebSocketDecoder(self._websocket, -1, 1, True, False)
        return SealedDecoder(self._carrier, mechanism, max_frame, max_frames, self.forwarding)

    @property
    def peer_type(self) -> bytes:
        """The peer's Socket-Type; the protocol's name where a peer need not say it."""
        if self._protocol == NO_MECHANISM:
            return NO_MECHANISM.encode("ascii")
        return self.mechanism.properties.get(b"socket-type", b"")

    def _frame_message(self, parts: list[bytes], out: list[bytes]) -> int:
        if self.forwarding and not self.mechanism.seals:
            parts = decode_message(parts)
        total = 0
        last = len(parts) - 1
        for number, part in enumerate(parts):
            frame = self._encode_frame(_MORE_OCTET if number < last else _LAST_OCTET, part)
            out.append(frame)
            total += len(frame)
        return total

    def _frame_command(self, body: bytes) -> bytes:
        return self._encode_frame(_COMMAND_OCTET, body)

    def _encode_frame(self, octet: bytes, body: bytes) -> bytes:
        return bytes(self._websocket.send(BytesMessage(data=octet + body)))

    def ping(self, ttl_ms: int) -> bool:
        """Queue a WebSocket ping, which asks for an answer but tells no time-to-live."""
        if self.state != TRAFFIC:
            return False
        self.output.append(bytes(self._websocket.send(Ping())))
        return True

    def fail(self, error: ProtocolError) -> None:
        """Close the connection for a reason; the peer is told in the way that it understands."""
        if self.state == CLOSED:
            return
        super().fail(error)
        upgrade = self._upgrade
        farewell = self._close_frame(error) if upgrade is None else upgrade.refusal(error)
        if farewell:
            self.output.append(farewell)

    def _close_frame(self, error: ProtocolError) -> bytes:
        if self._websocket.state is not ConnectionState.OPEN or error.reason in _SILENT:
            return b""
        code = _CODES.get(error.reason, CloseReason.PROTOCOL_ERROR)
        text = "" if error.reason.startswith(_HANDLERS) else str(error)
        return bytes(self._websocket.send(CloseConnection(code, text)))

    def _receive_greeting(self, data: bytes) -> bytes:
        upgrade = self._upgrade
        if upgrade is None or self.state != GREETING:
            return data
        rest = upgrade.receive(data)
        if upgrade.protocol:
            self._on_upgrade(upgrade)
        return rest

    def _on_upgrade(self, upgrade: Upgrade) -> None:
        self._upgrade = None
        self._protocol = upgrade.protocol
        answer = upgrade.answer()
        if answer:
            self.output.append(answer)
        self.state = HANDSHAKE
        self.noticed = True
        if self._protocol == NO_MECHANISM:
            self._carrier.awaits_routing_id = True
            self.output.append(self._encode_frame(_LAST_OCTET, self.mechanism.local.routing_id))
        else:
            self._send_commands(self.mechanism.start())

    def _on_command(self, body: bytes) -> None:
        kind = self._carrier.kind
        self.noticed = True
        if kind == _A_COMMAND:
            super()._on_command(body)
        elif kind == _A_ROUTING_ID:
            self._on_routing_id(body)
        elif kind == _A_PING:
            self._on_ping(body)
        else:
            self._on_close(self._carrier.farewell)

    def _on_routing_id(self, routing_id: bytes) -> None:
        if len(routing_id) > _MAX_ROUTING_ID:
            raise ProtocolError("bad-routing-id", "the routing id is longer than 255 octets")
        self._carrier.awaits_routing_id = False
        self.mechanism.properties = {b"identity": routing_id}
        self.mechanism.complete = True
        self._begin_traffic()

    def _on_ping(self, payload: bytes) -> None:
        # RFC 6455 section 5.5.3: not each of many has to be answered.
        if self.pongs >= 1.0:
            self.pongs -= 1.0
            self.output.append(bytes(self._websocket.send(Ping(payload).response())))

    def _on_close(self, farewell: CloseConnection) -> None:
        self.output.append(bytes(self._websocket.send(farewell.response())))
        raise ProtocolError("peer-closed", "the peer has closed the connection")

    def _begin_traffic(self) -> None:
        super()._begin_traffic()
        self.plain = False
