"""What both authenticators do: answer the questions of RFC 27 by the policies they are given."""

import hmac
import inspect
import logging
import os
from typing import Any, ClassVar, Final

from antiphon.constants import SocketType
from antiphon.keys import z85_encode
from antiphon.zmq.auth.certs import load_certificates
from antiphon.zmq.context import BaseContext, Context

__all__ = ("CURVE_ALLOW_ANY", "Authenticator")

CURVE_ALLOW_ANY = "*"
"""In place of a folder of certificates: any key will do."""

_VERSION: Final = b"1.0"
_ENDPOINT: Final = "inproc://zeromq.zap.01"
_ANY_DOMAIN: Final = "*"
#: A request: version, request id, domain, address, identity, mechanism, then credentials (A2).
_FRAMES: Final = 6


class _Refused(Exception):  # noqa: N818 - a verdict
    """Why a peer is refused."""


class Authenticator:
    """Answers for a context, from start() to stop(), whether peers may connect.

    Until there are policies, every peer with the NULL mechanism (and a ZAP_DOMAIN) is let in, and
    every one with PLAIN or CURVE refused. A policy for the domain ``*`` holds for all domains that
    have none of their own. ``encoding`` is that of user names, passwords and domains; ``log`` is a
    logger. What goes wrong inside, such as an exception of a callback, refuses the peer.

    This class leaves it to the program to call handle_zap_message() for each message of
    ``zap_socket``; ThreadAuthenticator and AsyncioAuthenticator do that themselves.
    """

    _context_class: ClassVar[Any] = Context

    def __init__(
        self, context: BaseContext[Any] | None = None, encoding: str = "utf-8", log: Any = None
    ) -> None:
        self.context: Any = self._context_class.instance() if context is None else context
        self.encoding = encoding
        self.log = logging.getLogger("antiphon.zmq.auth") if log is None else log
        #: Whether any CURVE key will do.
        self.allow_any = False
        #: Passwords by user name, by domain.
        self.passwords: dict[str, dict[str, str]] = {}
        #: Public keys in Z85, by domain.
        self.certs: dict[str, dict[bytes, bool]] = {}
        #: Objects with a method ``callback(domain, key)``, by domain.
        self.credentials_providers: dict[str, Any] = {}
        self.zap_socket: Any = None
        self._allowed: set[str] = set()
        self._denied: set[str] = set()

    # Life.

    def start(self) -> None:
        """Answer from now on. Raises EndpointError if the context has a handler already."""
        self.zap_socket = self.context.socket(SocketType.REP, linger=1)
        # Passwords come this way.
        self.zap_socket.trace(None)
        try:
            self.zap_socket.bind(_ENDPOINT)
        except BaseException:
            self.zap_socket.close()
            self.zap_socket = None
            raise

    def stop(self) -> None:
        """Answer no longer: from now on the context refuses every peer that would be asked for."""
        if self.zap_socket is not None:
            self.zap_socket.close()
            self.zap_socket = None

    # Policies.

    def allow(self, *addresses: str) -> None:
        """Refuse all addresses but these. Raises ValueError after deny()."""
        if self._denied:
            raise ValueError("allow() and deny() exclude each other: use one of them")
        self._allowed.update(addresses)

    def deny(self, *addresses: str) -> None:
        """Refuse these addresses. Raises ValueError after allow()."""
        if self._allowed:
            raise ValueError("allow() and deny() exclude each other: use one of them")
        self._denied.update(addresses)

    def configure_plain(
        self, domain: str = _ANY_DOMAIN, passwords: dict[str, str] | None = None
    ) -> None:
        """Let PLAIN clients in by these passwords, a dictionary by user name."""
        if passwords:
            self.passwords[domain] = passwords

    def configure_curve(
        self, domain: str = _ANY_DOMAIN, location: str | os.PathLike[str] = "."
    ) -> None:
        """Let CURVE clients in whose certificate is in a folder; or any, with CURVE_ALLOW_ANY.

        Call it again after the folder has changed. A folder that cannot be read is logged, and
        changes nothing.
        """
        self.allow_any = location == CURVE_ALLOW_ANY
        if self.allow_any:
            return
        try:
            self.certs[domain] = load_certificates(location)
        except (OSError, ValueError) as error:
            self.log.warning("certificates cannot be loaded from %s: %s", location, error)

    def configure_curve_callback(
        self, domain: str = _ANY_DOMAIN, credentials_provider: Any = None
    ) -> None:
        """Let CURVE clients in for whom ``credentials_provider.callback(domain, key)`` is true.

        The key is in Z85; the method may be a coroutine.
        """
        self.allow_any = False
        if credentials_provider is None:
            self.log.error("domain %s: there is no credentials provider", domain)
        else:
            self.credentials_providers[domain] = credentials_provider

    def curve_user_id(self, client_public_key: bytes) -> str:
        """Return the User-Id of a CURVE client that was let in: its key in Z85. Override at will.

        ``client_public_key`` is the key's 32 octets.
        """
        return z85_encode(client_public_key).decode("ascii")

    def configure_gssapi(self, domain: str = _ANY_DOMAIN, location: str | None = None) -> None:
        """Do nothing: there is no GSSAPI."""

    # Answers.

    async def handle_zap_message(self, msg: list[bytes]) -> None:
        """Answer one request, as ``zap_socket`` has received it."""
        status, text, user_id = b"200", b"OK", b""
        try:
            user_id = (await self._judge(msg)).encode(self.encoding, "replace")
        except _Refused as refusal:
            status, text = b"400", str(refusal).encode(self.encoding, "replace")
            self.log.debug("refused: %s", refusal)
        except Exception:
            # A callback's or an override's: nobody gets in by it, and others are still answered.
            status, text = b"500", b"Internal error"
            self.log.exception("a peer is refused, as authenticating it has failed")
        request_id = msg[1] if len(msg) > 1 else b""
        await self._reply([_VERSION, request_id, status, text, user_id, b""])

    async def _reply(self, reply: list[bytes]) -> None:
        if self.zap_socket is not None:
            self.zap_socket.send_multipart(reply)

    async def _judge(self, msg: list[bytes]) -> str:
        """Return the User-Id of a peer that may come in. Raises _Refused."""
        if len(msg) < _FRAMES:
            raise _Refused("Not enough frames")
        if msg[0] != _VERSION:
            raise _Refused("Invalid version")
        domain = msg[2].decode(self.encoding, "replace") or _ANY_DOMAIN
        self._check_address(msg[3].decode(self.encoding, "replace"))
        mechanism, credentials = msg[5], msg[6:]
        if mechanism == b"NULL":
            return "anonymous"
        if mechanism == b"PLAIN" and len(credentials) == 2:
            return self._judge_plain(domain, credentials[0], credentials[1])
        if mechanism == b"CURVE" and len(credentials) == 1:
            await self._judge_curve(domain, credentials[0])
            return self.curve_user_id(credentials[0])
        raise _Refused("Invalid mechanism or credentials")

    def _check_address(self, address: str) -> None:
        if self._allowed and address not in self._allowed:
            raise _Refused("Address not allowed")
        if address in self._denied:
            raise _Refused("Address denied")

    def _judge_plain(self, domain: str, username: bytes, password: bytes) -> str:
        passwords = _of_domain(self.passwords, domain)
        if passwords is None:
            raise _Refused("No passwords defined" if not self.passwords else "Invalid domain")
        name = username.decode(self.encoding, "replace")
        wanted = passwords.get(name)
        # Compared even where there is no such user, so that the time tells nothing.
        equal = hmac.compare_digest((wanted or "").encode(self.encoding), password)
        if wanted is None:
            raise _Refused("Invalid username")
        if not equal:
            raise _Refused("Invalid password")
        return name

    async def _judge_curve(self, domain: str, key: bytes) -> None:
        if self.allow_any:
            return
        text = z85_encode(key)
        if self.credentials_providers:
            provider = _of_domain(self.credentials_providers, domain)
            if provider is None:
                raise _Refused("Unknown domain")
            known = provider.callback(domain, text)
            if inspect.isawaitable(known):
                known = await known
        else:
            certificates = _of_domain(self.certs, domain)
            if certificates is None:
                raise _Refused("Unknown domain")
            known = certificates.get(text)
        if not known:
            raise _Refused("Unknown key")


def _of_domain(policies: dict[str, Any], domain: str) -> Any:
    return policies.get(domain, policies.get(_ANY_DOMAIN))
