"""Authenticators: who gets in, by address, password, certificate and callback."""

import asyncio
import importlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import antiphon.zmq as zmq
import antiphon.zmq.asyncio as zmq_asyncio
from antiphon.errors import EndpointError
from antiphon.zmq.auth import CURVE_ALLOW_ANY, Authenticator, create_certificates, load_certificate
from antiphon.zmq.auth.asyncio import AsyncioAuthenticator
from antiphon.zmq.auth.thread import ThreadAuthenticator

PATIENCE = 20000
SERVER = zmq.curve_keypair()
CLIENT = zmq.curve_keypair()


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    context = zmq.Context()
    context.linger = 0
    context.rcvtimeo = context.sndtimeo = PATIENCE
    yield context
    context.destroy(0)


@pytest.fixture
def auth(context: zmq.Context) -> Iterator[ThreadAuthenticator]:
    auth = ThreadAuthenticator(context)
    auth.start()
    yield auth
    auth.stop()


def null(socket: Any, server: bool) -> None:
    if server:
        socket.zap_domain = "global"


def plain(socket: Any, server: bool, user: str = "admin", password: str = "secret") -> None:
    if server:
        socket.plain_server = True
    else:
        socket.plain_username = user
        if password:
            socket.plain_password = password


def curve(socket: Any, server: bool, pair: tuple[bytes, bytes] = CLIENT) -> None:
    socket.curve_publickey, socket.curve_secretkey = SERVER if server else pair
    if server:
        socket.curve_server = True
    else:
        socket.curve_serverkey = SERVER[0]


class Link:
    """A server and a client of one context, to see whether the client gets in, and as whom."""

    def __init__(self, context: Any, configure: Any, **credentials: Any) -> None:
        self.server = context.socket(zmq.DEALER)
        self.client = context.socket(zmq.DEALER)
        configure(self.server, True)
        configure(self.client, False, **credentials)
        self.server.bind("tcp://127.0.0.1:*")
        self.client.connect(self.server.last_endpoint)

    def user(self) -> str:
        """Return the peer's User-Id once a message has come."""
        self.client.send(b"hello")
        assert self.server.recv() == b"hello"
        [listening] = self.server._core._listenings
        [link] = listening.links
        user: bytes = link.connection.mechanism.properties[b"user-id"]
        return user.decode()

    def refused(self) -> bool:
        """Tell that the client knows that it is refused."""
        with pytest.raises(zmq.AuthenticationError):
            self.client.recv()
        assert self.server.stats().failures == {"zap-400": 1}
        assert self.client.stats().failures == {"error-command": 1}
        return True


def test_null_is_let_in_unless_the_address_is_not(
    context: zmq.Context, auth: ThreadAuthenticator
) -> None:
    assert Link(context, null).user() == "anonymous"
    auth.deny("127.0.0.1")
    assert Link(context, null).refused()


def test_addresses_that_are_allowed(context: zmq.Context, auth: ThreadAuthenticator) -> None:
    auth.allow("10.0.0.1")
    assert Link(context, null).refused()
    auth.allow("127.0.0.1", "10.0.0.2")
    assert Link(context, null).user() == "anonymous"
    with pytest.raises(ValueError, match="exclude"):
        auth.deny("10.0.0.3")


def test_allow_and_deny_exclude_each_other(context: zmq.Context) -> None:
    auth = Authenticator(context)
    auth.deny("10.0.0.1")
    with pytest.raises(ValueError, match="exclude"):
        auth.allow("10.0.0.2")


def test_an_allowed_address_still_has_to_show_its_credentials(
    context: zmq.Context, auth: ThreadAuthenticator
) -> None:
    auth.allow("127.0.0.1")
    assert Link(context, plain).refused()
    assert Link(context, curve).refused()


@pytest.mark.parametrize(
    ("user", "password", "welcome"),
    [
        ("admin", "secret", True),
        ("admin", "Secret", False),
        ("admin", "", False),
        ("admin", "secret2", False),
        ("nobody", "secret", False),
        ("nobody", "", False),
    ],
)
def test_passwords(
    context: zmq.Context, auth: ThreadAuthenticator, user: str, password: str, welcome: bool
) -> None:
    auth.configure_plain(domain="*", passwords={"admin": "secret"})
    link = Link(context, plain, user=user, password=password)
    assert link.user() == user if welcome else link.refused()


def test_a_domain_has_its_own_passwords(context: zmq.Context, auth: ThreadAuthenticator) -> None:
    auth.configure_plain("here", {"admin": "secret"})
    auth.configure_plain("*", {"guest": "guest"})

    def here(socket: Any, server: bool, **credentials: str) -> None:
        plain(socket, server, **credentials)
        if server:
            socket.zap_domain = "here"

    assert Link(context, here).user() == "admin"
    assert Link(context, here, user="guest", password="guest").refused()
    assert Link(context, plain, user="guest", password="guest").user() == "guest"
    assert Link(context, plain).refused()


def test_certificates(context: zmq.Context, auth: ThreadAuthenticator, tmp_path: Path) -> None:
    _, secret = create_certificates(tmp_path, "client")
    public_key, secret_key = load_certificate(secret)
    assert secret_key is not None
    auth.configure_curve(location=tmp_path)
    known = Link(context, curve, pair=(public_key, secret_key))
    assert known.user() == public_key.decode()
    assert Link(context, curve).refused()
    (tmp_path / "client.key").unlink()
    auth.configure_curve(location=tmp_path)
    assert Link(context, curve, pair=(public_key, secret_key)).refused()


def test_any_certificate(context: zmq.Context, auth: ThreadAuthenticator) -> None:
    assert Link(context, curve).refused()
    auth.configure_curve(location=CURVE_ALLOW_ANY)
    assert Link(context, curve).user() == CLIENT[0].decode()


def test_a_folder_that_is_not_there_is_logged_and_lets_nobody_in(
    context: zmq.Context,
    auth: ThreadAuthenticator,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    auth.configure_curve(location=tmp_path / "nowhere")
    assert "nowhere" in caplog.text
    assert Link(context, curve).refused()


class Provider:
    def __init__(self, known: bytes) -> None:
        self.known = known

    def callback(self, domain: str, key: bytes) -> bool:
        assert domain == "*"
        return key == self.known


class AsyncProvider(Provider):
    async def callback(self, domain: str, key: bytes) -> bool:  # type: ignore[override]
        await asyncio.sleep(0)
        return super().callback(domain, key)


@pytest.mark.parametrize("kind", [Provider, AsyncProvider])
def test_callbacks(context: zmq.Context, auth: ThreadAuthenticator, kind: type[Provider]) -> None:
    auth.configure_curve_callback("*", kind(CLIENT[0]))
    assert Link(context, curve).user() == CLIENT[0].decode()
    assert Link(context, curve, pair=zmq.curve_keypair()).refused()


def test_what_a_callback_raises_refuses_the_peer_and_no_other(
    context: zmq.Context, auth: ThreadAuthenticator, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def callback(self, domain: str, key: bytes) -> bool:
            raise RuntimeError("the database is gone")

    auth.configure_curve_callback("*", Broken())
    link = Link(context, curve)
    with pytest.raises(zmq.AuthenticationError):
        link.client.recv()
    assert link.server.stats().failures == {"zap-500": 1}
    assert "the database is gone" in caplog.text
    assert Link(context, null).user() == "anonymous"


def test_a_user_id_of_ones_own(context: zmq.Context) -> None:
    class Named(ThreadAuthenticator):
        def curve_user_id(self, client_public_key: bytes) -> str:
            return f"key-{len(client_public_key)}"

    auth = Named(context)
    auth.start()
    auth.configure_curve(location=CURVE_ALLOW_ANY)
    assert Link(context, curve).user() == "key-32"
    auth.stop()


def test_a_user_id_that_is_none_refuses_the_peer_and_no_other(context: zmq.Context) -> None:
    class Nameless(ThreadAuthenticator):
        def curve_user_id(self, client_public_key: bytes) -> str:
            return None  # type: ignore[return-value]

    auth = Nameless(context)
    auth.start()
    auth.configure_curve(location=CURVE_ALLOW_ANY)
    link = Link(context, curve)
    with pytest.raises(zmq.AuthenticationError):
        link.client.recv()
    assert link.server.stats().failures == {"zap-500": 1}
    assert Link(context, null).user() == "anonymous"
    auth.stop()


def test_secrets_are_not_logged(
    context: zmq.Context, auth: ThreadAuthenticator, caplog: pytest.LogCaptureFixture
) -> None:
    """C8."""
    caplog.set_level(logging.DEBUG)
    auth.configure_plain("*", {"admin": "canary-one"})
    assert Link(context, plain, password="canary-two").refused()
    assert Link(context, plain, password="canary-one").user() == "admin"
    assert "canary" not in caplog.text


def test_a_context_has_one_handler(context: zmq.Context, auth: ThreadAuthenticator) -> None:
    other = ThreadAuthenticator(context)
    with pytest.raises(EndpointError):
        other.start()
    other.stop()
    assert auth.is_alive()


def test_the_end_of_an_authenticator_opens_no_doors(context: zmq.Context) -> None:
    auth = ThreadAuthenticator(context)
    auth.start()
    auth.configure_curve(location=CURVE_ALLOW_ANY)
    assert auth.is_alive()
    auth.stop()
    assert not auth.is_alive()
    auth.stop()
    link = Link(context, curve)
    link.client.rcvtimeo = 300
    with pytest.raises(zmq.Again):
        link.client.recv()
    assert "zap-no-handler" in link.server.stats().failures


def test_the_end_of_the_context_ends_the_thread() -> None:
    context = zmq.Context()
    auth = ThreadAuthenticator(context)
    auth.start()
    thread = auth.thread
    assert thread is not None
    context.term()
    thread.join(20)
    assert not auth.is_alive()
    auth.stop()


def test_each_kind_of_context_has_its_authenticator(context: zmq.Context) -> None:
    other = zmq_asyncio.Context()
    with pytest.raises(TypeError, match="AsyncioAuthenticator"):
        ThreadAuthenticator(other)
    with pytest.raises(TypeError, match="ThreadAuthenticator"):
        AsyncioAuthenticator(context)
    other.term()


@pytest.mark.parametrize(
    "request_frames",
    [
        [],
        [b"1.0", b"1"],
        [b"2.0", b"1", b"", b"127.0.0.1", b"", b"NULL"],
        [b"1.0", b"1", b"", b"127.0.0.1", b"", b"GSSAPI", b"me"],
        [b"1.0", b"1", b"", b"127.0.0.1", b"", b"PLAIN", b"me"],
        [b"1.0", b"1", b"", b"127.0.0.1", b"", b"CURVE"],
        [b"1.0", b"1", b"", b"127.0.0.1", b"", b"CURVE", b"short"],
        [b"1.0", b"1", b"\xff", b"\xff", b"", b"PLAIN", b"\xff", b"\xff"],
    ],
)
def test_whatever_is_asked_is_answered_and_nobody_is_let_in_by_it(
    request_frames: list[bytes],
) -> None:
    class Recording(Authenticator):
        reply: list[bytes]

        async def _reply(self, reply: list[bytes]) -> None:
            self.reply = reply

    subject = Recording()
    subject.configure_plain("*", {"admin": "secret"})
    asyncio.run(subject.handle_zap_message(request_frames))
    assert subject.reply[0] == b"1.0"
    assert subject.reply[2] in (b"400", b"500")
    assert subject.reply[4] == b""


def test_asyncio() -> None:
    async def main() -> None:
        context = zmq_asyncio.Context()
        context.linger = 0
        context.rcvtimeo = PATIENCE
        auth = AsyncioAuthenticator(context)
        auth.start()
        auth.configure_curve_callback("*", AsyncProvider(CLIENT[0]))
        link = Link(context, curve)
        await link.client.send(b"hello")
        assert await link.server.recv() == b"hello"
        other = Link(context, curve, pair=zmq.curve_keypair())
        with pytest.raises(zmq.AuthenticationError):
            await other.client.recv()
        auth.stop()
        context.destroy(0)

    asyncio.run(main())


def test_the_name_for_tornado_is_deprecated() -> None:
    sys.modules.pop("antiphon.zmq.auth.ioloop", None)
    with pytest.warns(DeprecationWarning, match="AsyncioAuthenticator"):
        ioloop = importlib.import_module("antiphon.zmq.auth.ioloop")
    auth = ioloop.IOLoopAuthenticator(zmq_asyncio.Context(), io_loop=object())
    assert isinstance(auth, AsyncioAuthenticator)
    auth.context.destroy(0)
