"""The CURVE mechanism (RFC 26): every frame encrypted, both sides known by their keys.

    client HELLO -> server WELCOME -> client INITIATE -> server READY, then MESSAGE both ways

The names of keys are the RFC's: S and s are the server's long-term public and secret key, C and c
the client's; S', s', C' and c' are made for one connection. Of a client that has not yet shown, by
its INITIATE, that it holds its keys, the server keeps the key of one cookie and no more; all else
is in the cookie, which the client returns.
"""

from struct import Struct
from typing import Any, Final

from antiphon.errors import ProtocolError
from antiphon.keys import KEY_SIZE, nacl_bindings, nacl_error
from antiphon.wire.box import MESSAGE, Box, make_box
from antiphon.wire.command import Command, encode_metadata
from antiphon.wire.mechanism import (
    MAX_HANDSHAKE_COMMAND,
    Local,
    Mechanism,
    Question,
    Surroundings,
    unexpected,
)

__all__ = ("CurveClient", "CurveMechanism", "CurveServer")

_HELLO: Final = 0
_WELCOME: Final = 1
_INITIATE: Final = 2
_READY: Final = 3
_NOTHING: Final = 4
#: What is waited for in each state.
_WANTED: Final = ("HELLO", "WELCOME", "INITIATE", "READY", "MESSAGE")

#: What the data of each command take, after the command's name (C3-C7).
_HELLO_SIZE: Final = 194
#: A version, and zeros so that WELCOME, the answer to a stranger, is shorter.
_HELLO_START: Final = b"\x01\x00" + bytes(72)
_WELCOME_SIZE: Final = 160
_INITIATE_SIZE: Final = 248
_READY_SIZE: Final = 24
#: A MESSAGE without a body, its name included (C8).
_MESSAGE_SIZE: Final = 33
_LONG_NONCE: Final = 16
_COOKIE_SIZE: Final = 96
_VOUCH_SIZE: Final = 96
#: How long a server may open its own cookie, in seconds (C5).
_COOKIE_LIFE: Final = 60.0
_NONCE: Final = Struct(">Q")
#: Nonces are 8 octets, and none comes twice (C11). What mypyc keeps in a machine's word lasts for
#: 100,000 years at a million frames a second; the last one is not used.
_LAST_NONCE: Final = 2**62 - 1

_FROM_CLIENT: Final = b"CurveZMQMESSAGEC"
_FROM_SERVER: Final = b"CurveZMQMESSAGES"
_OCTETS: Final = tuple(bytes([octet]) for octet in range(256))


class CurveMechanism(Mechanism):
    """What both sides do: seal and open frames with the keys of the connection.

    Raises ImportError without PyNaCl.
    """

    name = b"CURVE"
    seals = True

    def __init__(self, local: Local, as_server: bool, surroundings: Surroundings) -> None:
        super().__init__(local, as_server)
        self._nacl: Any = nacl_bindings()
        self._failure: Any = nacl_error()
        self._surroundings = surroundings
        self._awaited = _HELLO if as_server else _WELCOME
        # The key that C' and S' have in common.
        self._key = b""
        # What seals and opens with it, once the handshake is over.
        self._frames: Box | None = None
        self._nonce = 1
        # All of the last one but its last octet, as a number and as octets.
        self._nonce_high = -1
        self._nonce_start = b""
        # The last one of the peer. Octets are compared as the numbers that they are.
        self._peer_nonce = bytes(8)
        self._box: Any = self._nacl.crypto_box_afternm
        self._unbox: Any = self._nacl.crypto_box_open_afternm

    # Traffic.

    def seal(self, flags: int, body: bytes) -> bytes:
        """Return a MESSAGE command for one frame (C8). Raises ProtocolError."""
        frames = self._frames
        assert frames is not None
        return frames.seal(flags, body, self._next_nonce())

    def open(self, sealed: bytes) -> tuple[int, bytes]:
        """Return the flags and the body of a MESSAGE command. Raises ProtocolError (C13)."""
        if not sealed.startswith(MESSAGE):
            raise ProtocolError("unexpected-command", "a frame is no MESSAGE command")
        if len(sealed) < _MESSAGE_SIZE:
            raise ProtocolError("malformed-message", "a MESSAGE command is too short")
        nonce = sealed[8:16]
        self._take_nonce(nonce)
        frames = self._frames
        assert frames is not None
        flags, body = frames.open(sealed, nonce)
        if flags < 0:
            raise _cryptographic("MESSAGE")
        return flags, body

    def _begin_frames(self) -> None:
        """Let frames be sealed: the handshake is over."""
        if self.as_server:
            self._frames = make_box(self._key, _FROM_SERVER, _FROM_CLIENT)
        else:
            self._frames = make_box(self._key, _FROM_CLIENT, _FROM_SERVER)
        self._awaited = _NOTHING
        self.complete = True

    # Nonces.

    def _next_nonce(self) -> bytes:
        nonce = self._nonce
        if nonce >= _LAST_NONCE:
            raise ProtocolError("nonces-exhausted", "all nonces of the connection have been used")
        self._nonce = nonce + 1
        # To pack a number costs more than to look up its last octet.
        if nonce >> 8 != self._nonce_high:
            # In this order: whoever is interrupted between the two packs it again.
            self._nonce_start = _NONCE.pack(nonce)[:7]
            self._nonce_high = nonce >> 8
        return self._nonce_start + _OCTETS[nonce & 255]

    def _take_nonce(self, octets: bytes) -> None:
        """Take note of the peer's nonce. Raises ProtocolError unless it grows (C11)."""
        if octets <= self._peer_nonce:
            raise ProtocolError("invalid-sequence", "a nonce has not grown: this may be a replay")
        self._peer_nonce = octets

    # The primitives.

    def _make_transient_keys(self) -> tuple[bytes, bytes]:
        secret = self._surroundings.entropy(KEY_SIZE)
        return bytes(self._nacl.crypto_scalarmult_base(secret)), secret

    def _shared_key(self, public: bytes, secret: bytes, command: str) -> bytes:
        """Return the key that two key pairs have in common.

        Raises ProtocolError for a public key of low order, with which there is no secret.
        """
        try:
            key: bytes = self._nacl.crypto_box_beforenm(public, secret)
        except self._failure as error:
            raise _cryptographic(command) from error
        return key

    def _open_box(self, box: bytes, nonce: bytes, key: bytes, command: str) -> bytes:
        try:
            plain: bytes = self._unbox(box, nonce, key)
        except self._failure as error:
            raise _cryptographic(command) from error
        return plain


class CurveClient(CurveMechanism):
    """The side that knows whom it talks to: the server's key is ``server_key``."""

    def __init__(
        self,
        local: Local,
        surroundings: Surroundings,
        public_key: bytes,
        secret_key: bytes,
        server_key: bytes,
    ) -> None:
        super().__init__(local, False, surroundings)
        self._public_key = public_key
        self._secret_key = secret_key
        self._server_key = server_key
        self._transient_public = b""
        self._transient_secret = b""
        # The key that C' and S have in common.
        self._hello_key = b""

    def start(self) -> list[bytes]:
        """Return HELLO, whoever has connected (C3)."""
        self._transient_public, self._transient_secret = self._make_transient_keys()
        self._hello_key = self._shared_key(self._server_key, self._transient_secret, "HELLO")
        nonce = self._next_nonce()
        box: bytes = self._box(bytes(64), b"CurveZMQHELLO---" + nonce, self._hello_key)
        return [b"\x05HELLO" + _HELLO_START + self._transient_public + nonce + box]

    def on_command(self, command: Command) -> list[bytes]:
        """Take WELCOME and READY. Raises ProtocolError for anything else."""
        if self._awaited == _WELCOME and command.name == b"WELCOME":
            return self._on_welcome(command.data)
        if self._awaited == _READY and command.name == b"READY":
            return self._on_ready(command.data)
        raise unexpected(command, _WANTED[self._awaited])

    def _on_welcome(self, data: bytes) -> list[bytes]:
        """Return INITIATE (C4, C6)."""
        if len(data) != _WELCOME_SIZE:
            raise ProtocolError("malformed-welcome", f"a WELCOME command with {len(data)} octets")
        nonce = b"WELCOME-" + data[:_LONG_NONCE]
        plain = self._open_box(data[_LONG_NONCE:], nonce, self._hello_key, "WELCOME")
        server_transient, cookie = plain[:KEY_SIZE], plain[KEY_SIZE:]
        self._key = self._shared_key(server_transient, self._transient_secret, "WELCOME")
        vouch = self._vouch(server_transient)
        short = self._next_nonce()
        content = self._public_key + vouch + encode_metadata(self.local.properties())
        box: bytes = self._box(content, b"CurveZMQINITIATE" + short, self._key)
        self._transient_secret = b""
        self._awaited = _READY
        return [b"\x08INITIATE" + cookie + short + box]

    def _vouch(self, server_transient: bytes) -> bytes:
        """Return the proof that whoever holds C' also holds C, made for this server only."""
        key = self._shared_key(server_transient, self._secret_key, "WELCOME")
        nonce = self._surroundings.entropy(_LONG_NONCE)
        box: bytes = self._box(self._transient_public + self._server_key, b"VOUCH---" + nonce, key)
        return nonce + box

    def _on_ready(self, data: bytes) -> list[bytes]:
        """Take the server's metadata (C7)."""
        if len(data) < _READY_SIZE:
            raise ProtocolError("malformed-ready", f"a READY command with {len(data)} octets")
        self._take_nonce(data[:8])
        nonce = b"CurveZMQREADY---" + data[:8]
        self.accept_properties(self._open_box(data[8:], nonce, self._key, "READY"))
        self._begin_frames()
        return []


class CurveServer(CurveMechanism):
    """The side that has the client's key judged; its own keys are ``public_key`` and its secret."""

    def __init__(self, local: Local, surroundings: Surroundings, secret_key: bytes) -> None:
        super().__init__(local, True, surroundings)
        self._secret_key = secret_key
        self._cookie_key = b""
        self._cookie_expiry = 0.0

    def start(self) -> list[bytes]:
        """Return nothing: the client speaks first, whoever has connected."""
        return []

    def on_command(self, command: Command) -> list[bytes]:
        """Take HELLO and INITIATE. Raises ProtocolError for anything else."""
        if self._awaited == _HELLO and command.name == b"HELLO":
            return self._on_hello(command.data)
        if self._awaited == _INITIATE and command.name == b"INITIATE":
            return self._on_initiate(command.data)
        raise unexpected(command, _WANTED[self._awaited])

    def _on_hello(self, data: bytes) -> list[bytes]:
        """Return WELCOME (C3, C4)."""
        if len(data) != _HELLO_SIZE or data[:74] != _HELLO_START:
            raise ProtocolError("malformed-hello", "the HELLO command has a wrong size or version")
        client_transient = data[74:106]
        nonce = data[106:114]
        self._take_nonce(nonce)
        key = self._shared_key(client_transient, self._secret_key, "HELLO")
        signature = self._open_box(data[114:], b"CurveZMQHELLO---" + nonce, key, "HELLO")
        if signature != bytes(64):
            raise ProtocolError("cryptographic", "the HELLO command's box is not empty")
        public, secret = self._make_transient_keys()
        cookie = self._make_cookie(client_transient + secret)
        long_nonce = self._surroundings.entropy(_LONG_NONCE)
        box: bytes = self._box(public + cookie, b"WELCOME-" + long_nonce, key)
        self._awaited = _INITIATE
        return [b"\x07WELCOME" + long_nonce + box]

    def _make_cookie(self, content: bytes) -> bytes:
        self._cookie_key = self._surroundings.entropy(KEY_SIZE)
        self._cookie_expiry = self._surroundings.now() + _COOKIE_LIFE
        nonce = self._surroundings.entropy(_LONG_NONCE)
        box: bytes = self._nacl.crypto_secretbox(content, b"COOKIE--" + nonce, self._cookie_key)
        return nonce + box

    def _open_cookie(self, cookie: bytes) -> tuple[bytes, bytes]:
        """Return C' and s' from a cookie, whose key is then forgotten (C5)."""
        key = self._cookie_key
        self._cookie_key = b""
        if self._surroundings.now() > self._cookie_expiry:
            raise ProtocolError("cookie-expired", "the INITIATE command came too late")
        nonce = b"COOKIE--" + cookie[:_LONG_NONCE]
        try:
            plain: bytes = self._nacl.crypto_secretbox_open(cookie[_LONG_NONCE:], nonce, key)
        except self._failure as error:
            raise _cryptographic("INITIATE") from error
        return plain[:KEY_SIZE], plain[KEY_SIZE:]

    def _on_initiate(self, data: bytes) -> list[bytes]:
        """Have the client's key judged (C6)."""
        if not _INITIATE_SIZE <= len(data) < MAX_HANDSHAKE_COMMAND:
            raise ProtocolError(
                "malformed-initiate", f"an INITIATE command with {len(data)} octets"
            )
        client_transient, secret = self._open_cookie(data[:_COOKIE_SIZE])
        nonce = data[_COOKIE_SIZE : _COOKIE_SIZE + 8]
        self._take_nonce(nonce)
        self._key = self._shared_key(client_transient, secret, "INITIATE")
        box = data[_COOKIE_SIZE + 8 :]
        plain = self._open_box(box, b"CurveZMQINITIATE" + nonce, self._key, "INITIATE")
        client_key = plain[:KEY_SIZE]
        vouch = plain[KEY_SIZE : KEY_SIZE + _VOUCH_SIZE]
        self._check_vouch(vouch, client_key, client_transient, secret)
        self.accept_properties(plain[KEY_SIZE + _VOUCH_SIZE :])
        self._awaited = _NOTHING
        self.question = Question(self.name, [client_key])
        return []

    def _check_vouch(
        self, vouch: bytes, client_key: bytes, client_transient: bytes, secret: bytes
    ) -> None:
        """Raise ProtocolError unless C vouches for C', and for C' towards us (C6)."""
        key = self._shared_key(client_key, secret, "INITIATE")
        nonce = b"VOUCH---" + vouch[:_LONG_NONCE]
        plain = self._open_box(vouch[_LONG_NONCE:], nonce, key, "INITIATE")
        public_key = bytes(self._nacl.crypto_scalarmult_base(self._secret_key))
        import hmac  # which brings OpenSSL, for servers only

        if not hmac.compare_digest(plain, client_transient + public_key):
            raise ProtocolError("key-exchange", "the client's vouch is for other keys")

    def admit(self) -> list[bytes]:
        """Return READY (C7)."""
        nonce = self._next_nonce()
        properties = encode_metadata(self.local.properties())
        box: bytes = self._box(properties, b"CurveZMQREADY---" + nonce, self._key)
        self._begin_frames()
        return [b"\x05READY" + nonce + box]


def _cryptographic(command: str) -> ProtocolError:
    return ProtocolError("cryptographic", f"the {command} command cannot be opened with our keys")
