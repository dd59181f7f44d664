"""What happens to a socket, told in libzmq's words to whoever listens (3.4)."""

from collections import deque
from typing import Final

from antiphon.engine.link import Link
from antiphon.engine.network import Network
from antiphon.errors import (
    ECONNRESET,
    EFAULT,
    EPIPE,
    ETIMEDOUT,
    ProtocolError,
)
from antiphon.instrument import Instrument, SocketEvent
from antiphon.patterns.base import DropObserver, Watcher

__all__ = (
    "ACCEPTED",
    "ACCEPT_FAILED",
    "BIND_FAILED",
    "CLOSED",
    "CLOSE_FAILED",
    "CONNECTED",
    "CONNECT_DELAYED",
    "CONNECT_RETRIED",
    "DISCONNECTED",
    "GAVE_UP",
    "HANDSHAKE_FAILED_AUTH",
    "HANDSHAKE_FAILED_NO_DETAIL",
    "HANDSHAKE_FAILED_PROTOCOL",
    "HANDSHAKE_SUCCEEDED",
    "LISTENING",
    "MESSAGE_DROPPED",
    "MONITOR_STOPPED",
    "ORDERLY",
    "EventQueue",
    "Events",
    "handshake_failure",
)

CONNECTED: Final = 0x0001
CONNECT_DELAYED: Final = 0x0002
CONNECT_RETRIED: Final = 0x0004
LISTENING: Final = 0x0008
BIND_FAILED: Final = 0x0010
ACCEPTED: Final = 0x0020
ACCEPT_FAILED: Final = 0x0040
CLOSED: Final = 0x0080
CLOSE_FAILED: Final = 0x0100
DISCONNECTED: Final = 0x0200
MONITOR_STOPPED: Final = 0x0400
HANDSHAKE_FAILED_NO_DETAIL: Final = 0x0800
HANDSHAKE_SUCCEEDED: Final = 0x1000
HANDSHAKE_FAILED_PROTOCOL: Final = 0x2000
HANDSHAKE_FAILED_AUTH: Final = 0x4000
MESSAGE_DROPPED: Final = 1 << 32
GAVE_UP: Final = 1 << 33

#: Ends of connections that are no errors.
ORDERLY: Final = ("closed", "peer-closed")

#: libzmq's codes for the reasons of a ProtocolError; any other one is unspecified.
_UNSPECIFIED: Final = 0x10000000
_PROTOCOL_CODES: Final[dict[str, int]] = {
    "unexpected-command": 0x10000001,
    "early-message": 0x10000001,
    "invalid-sequence": 0x10000002,
    "key-exchange": 0x10000003,
    "bad-command": 0x10000011,
    "command-too-long": 0x10000011,
    "malformed-message": 0x10000012,
    "malformed-hello": 0x10000013,
    "malformed-initiate": 0x10000014,
    "malformed-error": 0x10000015,
    "malformed-ready": 0x10000016,
    "malformed-welcome": 0x10000017,
    "bad-metadata": 0x10000018,
    "illegal-pair": 0x10000018,
    "cryptographic": 0x11000001,
    "cookie-expired": 0x11000001,
    "mechanism-mismatch": 0x11000002,
    "zap-malformed-reply": 0x20000001,
    "zap-bad-request-id": 0x20000002,
    "zap-bad-version": 0x20000003,
    "zap-invalid-status": 0x20000004,
    "zap-invalid-metadata": 0x20000005,
    "not-http": 0x30000000,
    "bad-upgrade": 0x30000000,
    "head-too-large": 0x30000000,
    "upgrade-refused": 0x30000000,
    "bad-websocket-frame": 0x30000000,
    "text-message": 0x30000000,
    "bad-routing-id": 0x30000000,
}

#: Failures that libzmq tells by a number of the system.
_SYSTEM_ERRORS: Final[dict[str, int]] = {
    "peer-closed": EPIPE,
    "connection-lost": ECONNRESET,
    "handshake-timeout": ETIMEDOUT,
    "zap-no-handler": EFAULT,
    "zap-handler-gone": EPIPE,
}

#: The statuses by which a ZAP handler refuses a client, as the server's own reasons and as the
#: client is told in an ERROR command (RFC 27).
_STATUSES: Final[dict[str, int]] = {"zap-300": 300, "zap-400": 400, "zap-500": 500}
_TOLD_STATUSES: Final[dict[str, int]] = {"300": 300, "400": 400, "500": 500}


def handshake_failure(error: ProtocolError) -> tuple[int, int]:
    """Return the event that says why a handshake failed, and its value."""
    reason = error.reason
    status = _STATUSES.get(reason, 0)
    if reason == "error-command":
        status = _TOLD_STATUSES.get(error.detail, 0)
    if status:
        return HANDSHAKE_FAILED_AUTH, status
    if reason in _SYSTEM_ERRORS:
        return HANDSHAKE_FAILED_NO_DETAIL, _SYSTEM_ERRORS[reason]
    return HANDSHAKE_FAILED_PROTOCOL, _PROTOCOL_CODES.get(reason, _UNSPECIFIED)


class Events(DropObserver):
    """Tells the instruments of one socket what happens; builds nothing that none of them wants."""

    def __init__(self, network: Network) -> None:
        self.network = network
        #: Never changed but replaced: one may leave, or another come, while they are told.
        self.instruments: list[Instrument] = []

    def tell(
        self,
        number: int,
        bound: bool,
        local: str,
        remote: str,
        value: int = 0,
        reason: str = "",
        detail: str = "",
        routing_id: bytes = b"",
        message: list[bytes] | None = None,
    ) -> None:
        """Tell of an event; the arguments are SocketEvent's."""
        event: SocketEvent | None = None
        for instrument in self.instruments:
            if not instrument.wants(number):
                continue
            if event is None:
                now = self.network.now()
                frames = message if message is not None else []
                event = SocketEvent(
                    number, now, bound, local, remote, value, reason, detail, routing_id, frames
                )
            instrument.happened(event)

    def begin(self, instrument: Instrument) -> None:
        """Tell an instrument of what happens from now on."""
        self.instruments = [*self.instruments, instrument]

    def end(self, instrument: Instrument) -> None:
        """Tell an instrument that this was all, and forget it."""
        if instrument in self.instruments:
            self.instruments = [other for other in self.instruments if other is not instrument]
            now = self.network.now()
            instrument.happened(
                SocketEvent(MONITOR_STOPPED, now, False, "", "", 0, "", "", b"", [])
            )

    def tell_bound(
        self, number: int, endpoint: str, value: int, reason: str = "", detail: str = ""
    ) -> None:
        """Tell of a bound endpoint itself."""
        self.tell(number, True, endpoint, "", value, reason, detail)

    def tell_dialed(
        self, number: int, endpoint: str, value: int, reason: str = "", detail: str = ""
    ) -> None:
        """Tell of a connected endpoint itself."""
        self.tell(number, False, "", endpoint, value, reason, detail)

    def tell_link(
        self, number: int, link: Link, value: int, reason: str = "", detail: str = ""
    ) -> None:
        """Tell of one connection."""
        pipe = link.pipe
        bound = link.connection.mechanism.local.binder
        local = link.stream.local_address
        self.tell(number, bound, local, pipe.endpoint, value, reason, detail, pipe.routing_id)

    def tell_link_ended(self, link: Link, error: ProtocolError) -> None:
        """Tell of the end of a connection, and first of its handshake's failure."""
        if not link.established and error.reason != "closed":
            number, value = handshake_failure(error)
            self.tell_link(number, link, value, error.reason, error.detail)
        self.tell_link(DISCONNECTED, link, link.stream.descriptor, error.reason, error.detail)

    def message_dropped(self, reason: str, count: int, parts: list[bytes]) -> None:
        """Tell of a message that ends here."""
        self.tell(MESSAGE_DROPPED, False, "", "", count, reason, "", b"", parts)


class EventQueue(Instrument):
    """Keeps the events of a socket until they are taken, at most ``limit`` of them.

    Those that come while it is full are lost, and counted in ``missed``; a slow reader holds
    nothing up.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.queued: deque[SocketEvent] = deque()
        self.missed = 0
        #: True once nothing more will come.
        self.ended = False
        #: Who waits for the next event, or for the end.
        self.watchers: list[Watcher] = []

    def happened(self, event: SocketEvent) -> None:
        """Keep an event."""
        if event.number == MONITOR_STOPPED:
            self.ended = True
        elif len(self.queued) >= self.limit:
            self.missed += 1
            return
        else:
            self.queued.append(event.without_message() if event.message else event)
        for watcher in self.watchers:
            watcher.socket_changed()

    def ready(self) -> bool:
        """Tell whether take() has an answer."""
        return self.ended or len(self.queued) > 0

    def take(self) -> SocketEvent | None:
        """Return the oldest event, or None where there is none."""
        return self.queued.popleft() if self.queued else None
