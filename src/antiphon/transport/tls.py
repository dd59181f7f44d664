"""TLS around a stream, for wss: certificates from the WSS_ options, and encrypted streams.

OpenSSL works in memory here: it never touches a socket, so that it never waits. A TlsStream stands
between the link, to which it is the stream, and the real stream, to which it is the receiver.
"""

import contextlib
import ssl
import tempfile
from typing import Final

from antiphon.endpoint import Endpoint
from antiphon.engine.network import Network, Receiver, Stream, Timer
from antiphon.errors import EINVAL, EndpointError
from antiphon.options import SocketOptions

__all__ = ("Security", "TlsStream", "client_security", "server_security")

#: How much is decrypted at once.
_READ: Final = 65536
#: What OpenSSL may want to answer by itself while the peer does not read.
_MAX_ANSWERS: Final = 65536


class Security:
    """What one end knows of certificates, and what a client expects the server to be called."""

    def __init__(self, context: ssl.SSLContext, server_name: str | None) -> None:
        self.context = context
        self.server_name = server_name

    def join(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> ssl.SSLObject:
        """Return a new connection between two buffers of encrypted bytes."""
        return self.context.wrap_bio(
            incoming,
            outgoing,
            server_side=self.server_name is None,
            server_hostname=self.server_name,
        )

    def wrap(self, stream: Stream, network: Network) -> "TlsStream":
        """Return a stream that encrypts what goes over another one."""
        return TlsStream(stream, network, self)


def server_security(endpoint: Endpoint, options: SocketOptions) -> Security:
    """Return what binding to wss needs. Raises EndpointError if key and certificate are no pair."""
    context = _context(ssl.PROTOCOL_TLS_SERVER)
    try:
        # OpenSSL takes files only, and ssl hands nothing else through: this one is readable by
        # its owner alone and gone at once.
        with tempfile.NamedTemporaryFile(prefix="antiphon-") as file:
            file.write(options.wss_cert_pem + b"\n" + options.wss_key_pem)
            file.flush()
            # A key with a passphrase is refused; ssl would ask for it on the terminal.
            context.load_cert_chain(file.name, password="")
    except (OSError, ValueError) as error:
        why = f"WSS_CERT_PEM and WSS_KEY_PEM must be a certificate and its key: {_why(error)}"
        raise EndpointError(EINVAL, endpoint.text, why) from None
    return Security(context, None)


def client_security(endpoint: Endpoint, options: SocketOptions) -> Security:
    """Return what connecting to wss needs. Raises EndpointError if nothing can be trusted.

    The server's certificate must be for WSS_HOSTNAME or, where that is not set, for the host of
    the endpoint.
    """
    context = _context(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if options.wss_trust_system:
            context.load_default_certs()
        if options.wss_trust_pem:
            context.load_verify_locations(cadata=options.wss_trust_pem.decode("ascii"))
    except (OSError, ValueError) as error:
        why = f"WSS_TRUST_PEM must be certificates in PEM: {_why(error)}"
        raise EndpointError(EINVAL, endpoint.text, why) from None
    name = options.wss_hostname.decode("utf-8", "replace") or endpoint.host.partition("%")[0]
    security = Security(context, name)
    try:
        security.join(ssl.MemoryBIO(), ssl.MemoryBIO())
    except ValueError as error:
        why = f"WSS_HOSTNAME must be the name of a host: {error}"
        raise EndpointError(EINVAL, endpoint.text, why) from None
    return security


def _context(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    # A str by its type, and None for some errors all the same.
    reason: object = getattr(error, "reason", None)
    return str(reason).lower().replace("_", " ") if reason else str(error)


class _Below(Receiver):
    """What the real stream calls."""

    def __init__(self, tls: "TlsStream") -> None:
        super().__init__()
        self.tls = tls

    def received(self, data: bytes) -> None:
        self.tls.received(data)

    def flush(self) -> None:
        self.tls.flush()

    def closed(self, reason: str, detail: str) -> None:
        self.tls.closed(reason, detail)


class _EndTimer(Timer):
    def __init__(self, tls: "TlsStream") -> None:
        super().__init__()
        self.tls = tls

    def fire(self) -> None:
        self.tls.end()


class TlsStream(Stream):
    """A stream whose bytes are encrypted on their way over another stream."""

    def __init__(self, stream: Stream, network: Network, security: Security) -> None:
        super().__init__(stream.peer_address, stream.local_address, stream.descriptor)
        self.stream = stream
        self.network = network
        self.receiver = Receiver()
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = security.join(self._incoming, self._outgoing)
        self._open = True
        # Whether OpenSSL takes bytes to encrypt: after the handshake, until something goes wrong.
        self._ready = False
        # What was to be written before the handshake was over.
        self._early: list[bytes] = []
        # Whether the stream below has still to write what it was given.
        self._blocked = False
        self._reading = True
        # Whether the peer has said that nothing follows; the receiver is told when it reads.
        self._ended = False
        self._end_timer = _EndTimer(self)

    # From the link.

    def start(self, receiver: Receiver) -> None:
        """Begin the handshake, and to read."""
        self.receiver = receiver
        self.stream.start(_Below(self))
        self._shake_hands()
        self._push()

    def write(self, chunks: list[bytes]) -> bool:
        """Take over bytes to write; False if some wait until flush() is called again."""
        if not self._ready:
            self._early += chunks
            return False
        for chunk in chunks:
            if chunk:
                self._tls.write(chunk)
        return self._push()

    def unsent(self) -> int:
        """Return how many bytes wait, some of them encrypted."""
        return sum(map(len, self._early)) + self._outgoing.pending + self.stream.unsent()

    def pause_reading(self) -> None:
        """Stop reading, so that the peer is held back."""
        self._reading = False
        self.stream.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._reading = True
        self.stream.resume_reading()
        if self._ended:
            self.network.set_timer(self._end_timer, 0.0)

    def close(self) -> None:
        """Close at once; nothing is called afterwards."""
        if self._open:
            self._open = False
            self.network.cancel_timer(self._end_timer)
            if self._ready:
                # This queues the notice that nothing follows; the peer's own is not waited for.
                with contextlib.suppress(ssl.SSLError):
                    self._tls.unwrap()
            self._push()
            self.stream.close()

    # From the stream below.

    def received(self, data: bytes) -> None:
        """Go on with the handshake, or decrypt what came and pass it on."""
        if not self._open:
            return
        self._incoming.write(data)
        failure = "" if self._ready else self._shake_hands()
        plain: list[bytes] = []
        if self._ready:
            failure = self._read(plain)
        self._write_early()
        if plain:
            self.receiver.received(b"".join(plain))
        if failure:
            self.receiver.closed("tls-failed", failure)
        elif self._ended:
            self.end()

    def flush(self) -> None:
        """The stream below takes more."""
        self._blocked = False
        if (self._push() or self.broken) and self._ready:
            self.receiver.flush()

    def closed(self, reason: str, detail: str) -> None:
        """The stream below has ended."""
        if not self._ready:
            reason, detail = "tls-failed", f"the TLS handshake was not completed: {detail}"
        self.receiver.closed(reason, detail)

    def end(self) -> None:
        """Tell the receiver that nothing follows, if it reads."""
        if self._open and self._reading:
            self.receiver.closed("peer-closed", "the peer has closed the connection")

    # Inside.

    def _shake_hands(self) -> str:
        """Go on with the handshake; returns why it has failed, if it has."""
        try:
            self._tls.do_handshake()
            self._ready = True
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLError, ValueError) as error:
            return f"the TLS handshake has failed: {_why(error)}"
        return ""

    def _read(self, plain: list[bytes]) -> str:
        """Decrypt what has come; returns why that has failed, if it has."""
        try:
            while not self._ended:
                chunk = self._tls.read(_READ)
                if chunk:
                    plain.append(chunk)
                else:
                    self._ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self._ready = False
            return f"what came cannot be decrypted: {_why(error)}"
        if self._blocked and self._outgoing.pending > _MAX_ANSWERS:
            return "the peer asks for answers that it does not read"
        return ""

    def _write_early(self) -> None:
        """Write what OpenSSL has to say and, once it can be encrypted, what waits for that."""
        early = self._early
        if not early or not self._ready:
            self._push()
            return
        self._early = []
        if self.write(early):
            self.receiver.flush()

    def _push(self) -> bool:
        """Give the stream below what OpenSSL has for it; returns whether it can take more."""
        if not self._blocked and self._outgoing.pending:
            self._blocked = not self.stream.write([self._outgoing.read()])
            self.broken = self.stream.broken
        return not self._blocked
