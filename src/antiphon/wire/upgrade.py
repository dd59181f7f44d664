"""How a WebSocket connection begins: an HTTP request and its answer (RFC 6455 section 4, RFC 45).

An Upgrade is one side's part in it. It is fed what the peer sends until the head of the peer's
message is complete, and then knows the protocol that both sides speak.
"""

from typing import Final

from wsproto import ConnectionType
from wsproto.events import AcceptConnection, RejectConnection, Request
from wsproto.handshake import H11Handshake
from wsproto.utilities import RemoteProtocolError

from antiphon.errors import ProtocolError

__all__ = ("NO_MECHANISM", "ClientUpgrade", "ServerUpgrade", "Upgrade", "protocols_of")

#: The protocol that begins with routing ids in place of a mechanism's commands (W3).
NO_MECHANISM: Final = "ZWS2.0"

_MAX_HEAD: Final = 8192
_MAX_LINES: Final = 100
_END: Final = b"\r\n\r\n"
#: What may stand only once. A request may repeat Sec-WebSocket-Protocol, an answer may not.
_ONCE_IN_REQUESTS: Final = (b"upgrade", b"sec-websocket-key", b"sec-websocket-version")
_ONCE_IN_ANSWERS: Final = (b"upgrade", b"sec-websocket-accept", b"sec-websocket-protocol")
#: What the client is told; the other ends of a connection are no answer to a request.
_TOLD: Final = ("bad-upgrade", "head-too-large", "mechanism-mismatch")
_BAD_REQUEST: Final = 400
_PHRASES: Final = {
    400: "Bad Request",
    426: "Upgrade Required",
    431: "Request Header Fields Too Large",
}


def protocols_of(mechanism: bytes, asks: bool) -> list[str]:
    """Return the protocols that a mechanism may be spoken in, the preferred one first (W1).

    Only NULL may do without a handshake, and only where nobody ``asks`` who the peer is.
    """
    name = f"{NO_MECHANISM}/{mechanism.decode('ascii')}"
    return [name, NO_MECHANISM] if mechanism == b"NULL" and not asks else [name]


class Upgrade:
    """One side of the upgrade; ``protocols`` are those that it may choose or offer."""

    def __init__(self, protocols: list[str], role: ConnectionType) -> None:
        self.protocols = protocols
        #: What both sides speak; empty until the upgrade is over.
        self.protocol = ""
        self._handshake = H11Handshake(role)
        self._data = b""

    def start(self) -> bytes:
        """Return what this side says first."""
        raise NotImplementedError

    def receive(self, data: bytes) -> bytes:
        """Take bytes from the peer; returns those that follow the upgrade.

        ``protocol`` tells whether it is over. Raises ProtocolError.
        """
        self._data += data
        self._check_start(self._data)
        end = self._data.find(_END, 0, _MAX_HEAD)
        lines = self._data.count(b"\n", 0, end if end >= 0 else _MAX_HEAD)
        if lines > _MAX_LINES:
            raise ProtocolError("head-too-large", f"an HTTP head of more than {_MAX_LINES} lines")
        if end < 0:
            if len(self._data) >= _MAX_HEAD:
                raise ProtocolError(
                    "head-too-large", f"an HTTP head of more than {_MAX_HEAD} octets"
                )
            return b""
        stop = end + len(_END)
        head, rest = self._data[:stop], self._data[stop:]
        self._data = b""
        self._read(head)
        return rest

    def answer(self) -> bytes:
        """Return what this side says in the end, once ``protocol`` is known."""
        return b""

    def refusal(self, error: ProtocolError) -> bytes:
        """Return what the peer is told where the upgrade fails."""
        return b""

    def _check_start(self, data: bytes) -> None:
        """Refuse as early as possible a peer that does not speak HTTP. Raises ProtocolError."""
        raise NotImplementedError

    def _read(self, head: bytes) -> None:
        """Read a complete head, and set ``protocol``. Raises ProtocolError."""
        raise NotImplementedError

    def _events(self, head: bytes, once: tuple[bytes, ...]) -> list[object]:
        lines = head.split(b"\r\n")
        if any(b"\n" in line for line in lines):
            raise ProtocolError("bad-upgrade", "a line of the head does not end in CR LF")
        names = [line.partition(b":")[0].lower() for line in lines[1:]]
        for name in once:
            if names.count(name) > 1:
                raise ProtocolError("bad-upgrade", f"the header {name.decode('ascii')} repeats")
        try:
            self._handshake.receive_data(head)
            return list(self._handshake.events())
        except RemoteProtocolError as error:
            self._refused(error)
            raise ProtocolError("bad-upgrade", str(error)) from None
        except UnicodeError:
            raise ProtocolError("bad-upgrade", "a header's value is not ASCII") from None

    def _refused(self, error: RemoteProtocolError) -> None:
        """Take note of what wsproto says of a bad head."""


class ServerUpgrade(Upgrade):
    """The accepting side: chooses the first protocol of the peer that it may choose."""

    def __init__(self, protocols: list[str]) -> None:
        super().__init__(protocols, ConnectionType.SERVER)
        self._status = _BAD_REQUEST

    def start(self) -> bytes:
        """Return nothing: the client speaks first."""
        return b""

    def answer(self) -> bytes:
        """Return the answer that accepts the request."""
        return bytes(self._handshake.send(AcceptConnection(subprotocol=self.protocol)))

    def refusal(self, error: ProtocolError) -> bytes:
        """Return an answer that says what is wrong with the request, if anything is."""
        if error.reason not in _TOLD:
            return b""
        status = 431 if error.reason == "head-too-large" else self._status
        text = f"This is a ZeroMQ endpoint (WebSocket, ZWS 2.0). {error.detail}\n"
        body = text.encode("ascii", "backslashreplace")
        head = (
            f"HTTP/1.1 {status} {_PHRASES.get(status, 'Refused')}\r\n"
            "Connection: close\r\n"
            "Content-Type: text/plain\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode("ascii") + body

    def _check_start(self, data: bytes) -> None:
        if data and not 65 <= data[0] <= 90:
            raise ProtocolError("not-http", f"the peer's first bytes are {data[:16]!r}")

    def _read(self, head: bytes) -> None:
        if not head.partition(b"\r\n")[0].endswith(b" HTTP/1.1"):
            raise ProtocolError("bad-upgrade", "the request is not one of HTTP/1.1")
        for event in self._events(head, _ONCE_IN_REQUESTS):
            if isinstance(event, Request):
                self._choose(event.subprotocols)
                return
        raise ProtocolError("bad-upgrade", "the request is not complete")

    def _choose(self, offered: list[str]) -> None:
        if len(set(offered)) < len(offered):
            raise ProtocolError("bad-upgrade", "a protocol of Sec-WebSocket-Protocol repeats")
        for protocol in offered:
            if protocol in self.protocols:
                self.protocol = protocol
                return
        theirs = ", ".join(offered) or "no protocol"
        raise ProtocolError(
            "mechanism-mismatch",
            f"the peer offers {theirs[:200]} and this socket speaks {', '.join(self.protocols)}",
        )

    def _refused(self, error: RemoteProtocolError) -> None:
        hint = error.event_hint
        if isinstance(hint, RejectConnection):
            self._status = hint.status_code


class ClientUpgrade(Upgrade):
    """The connecting side: asks for ``path`` of ``host``, both as the user gave them (W1)."""

    def __init__(self, protocols: list[str], host: str, path: str) -> None:
        super().__init__(protocols, ConnectionType.CLIENT)
        self.host = host
        self.path = path

    def start(self) -> bytes:
        """Return the request."""
        request = Request(host=self.host, target=self.path, subprotocols=self.protocols)
        return bytes(self._handshake.send(request))

    def _check_start(self, data: bytes) -> None:
        expected = b"HTTP/1.1 "
        if data[: len(expected)] != expected[: len(data)]:
            raise ProtocolError("not-http", f"the peer's first bytes are {data[:16]!r}")

    def _read(self, head: bytes) -> None:
        for event in self._events(head, _ONCE_IN_ANSWERS):
            if isinstance(event, RejectConnection):
                raise ProtocolError(
                    "upgrade-refused", f"the server has answered {event.status_code}"
                )
            if isinstance(event, AcceptConnection) and event.subprotocol is not None:
                self.protocol = event.subprotocol
                return
        raise ProtocolError("bad-upgrade", "the server has chosen no protocol")
