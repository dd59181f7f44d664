"""PLAIN (RFC 24): both roles, whoever has connected, and all that may come in their place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import ProtocolError
from antiphon.wire.command import Command, decode_command
from antiphon.wire.connection import CLOSED, HANDSHAKE, TRAFFIC, Connection
from antiphon.wire.mechanism import Local, Verdict
from antiphon.wire.plain import PlainClient, PlainServer

UNLIMITED = 10**9
WELCOME_IN = Verdict(None, b"joe", {b"x-team": b"red"})


def server(kind: bytes = b"ROUTER", binder: bool = True) -> PlainServer:
    return PlainServer(Local(kind, b"", binder, []))


def client(
    user: bytes = b"admin", password: bytes = b"secret", binder: bool = False
) -> PlainClient:
    return PlainClient(Local(b"DEALER", b"me", binder, []), user, password)


def run(one: Connection, other: Connection, verdict: Verdict, size: int = 10**6) -> None:
    """Carry what the two say, in pieces; questions are answered with a verdict."""
    while one.output or other.output:
        for source, target in ((one, other), (other, one)):
            data = b"".join(source.output)
            source.output.clear()
            for start in range(0, len(data), size):
                target.receive(data[start : start + size], UNLIMITED)
                if target.mechanism.question is not None:
                    target.answer(verdict)
                    target.receive(b"", UNLIMITED)


@pytest.mark.parametrize("client_binds", [False, True])
@pytest.mark.parametrize("size", [1, 7, 10**6])
def test_credentials_that_are_welcome(client_binds: bool, size: int) -> None:
    one = Connection(server(binder=not client_binds), -1, 100)
    other = Connection(client(binder=client_binds), -1, 100)
    run(one, other, WELCOME_IN, size)
    assert one.state == other.state == TRAFFIC
    assert one.mechanism.properties[b"user-id"] == b"joe"
    assert one.mechanism.properties[b"x-team"] == b"red"
    assert one.peer_routing_id == b"me"
    assert other.peer_type == b"ROUTER"


def test_the_question_is_put_with_the_credentials_and_nothing_goes_on_before_the_answer() -> None:
    subject = Connection(server(), -1, 100)
    peer = Connection(client(b"user", b"p\0w"), -1, 100)
    peer.receive(b"".join(subject.output), UNLIMITED)
    subject.output.clear()
    subject.receive(b"".join(peer.output), UNLIMITED)
    question = subject.mechanism.question
    assert question is not None
    assert (question.mechanism, question.credentials) == (b"PLAIN", [b"user", b"p\0w"])
    assert subject.output == []
    subject.receive(b"\x04\x09\x08INITIATE", UNLIMITED)
    assert (subject.state, subject.output) == (HANDSHAKE, [])


@pytest.mark.parametrize(
    ("reason", "told"), [("zap-400", b"400"), ("zap-500", b"500"), ("zap-300", b"")]
)
def test_a_client_is_told_the_status_and_no_more(reason: str, told: bytes) -> None:
    subject = Connection(server(), -1, 100)
    peer = Connection(client(), -1, 100)
    peer.receive(b"".join(subject.output), UNLIMITED)
    subject.output.clear()
    subject.receive(b"".join(peer.output), UNLIMITED)
    subject.answer(Verdict(ProtocolError(reason, "a secret cause"), b"", {}))
    assert subject.state == CLOSED
    assert b"".join(subject.output) == (b"\x04\x0a\x05ERROR\x03" + told if told else b"")
    peer.receive(b"".join(subject.output), UNLIMITED)
    if told:
        assert peer.error is not None
        assert (peer.error.reason, peer.error.detail) == ("error-command", told.decode())


def test_the_bytes_are_those_of_the_rfc() -> None:
    assert client(b"ab", b"").start() == [b"\x05HELLO\x02ab\x00"]
    subject = server()
    assert subject.on_command(decode_command(b"\x05HELLO\x02ab\x00")) == []
    assert subject.answer(WELCOME_IN) == [b"\x07WELCOME"]
    assert client().on_command(Command(b"WELCOME", b"")) == [
        b"\x08INITIATE\x0bSocket-Type\x00\x00\x00\x06DEALER\x08Identity\x00\x00\x00\x02me"
    ]


@pytest.mark.parametrize(
    "data", [b"", b"\x01", b"\x01a", b"\x01a\x02b", b"\x01a\x01bc", b"\xff" + b"a" * 254]
)
def test_a_malformed_hello_is_refused_before_anybody_is_asked(data: bytes) -> None:
    subject = server()
    with pytest.raises(ProtocolError) as caught:
        subject.on_command(Command(b"HELLO", data))
    assert caught.value.reason == "malformed-hello"
    assert subject.question is None


@pytest.mark.parametrize("name", [b"WELCOME", b"READY", b"INITIATE", b"HELL", b"PING"])
def test_a_server_takes_nothing_before_hello(name: bytes) -> None:
    with pytest.raises(ProtocolError, match="unexpected-command"):
        server().on_command(Command(name, b""))


@pytest.mark.parametrize("name", [b"HELLO", b"READY", b"INITIATE"])
def test_a_client_takes_nothing_before_welcome(name: bytes) -> None:
    with pytest.raises(ProtocolError, match="unexpected-command"):
        client().on_command(Command(name, b""))


def test_a_welcome_has_no_data() -> None:
    with pytest.raises(ProtocolError, match="malformed-welcome"):
        client().on_command(Command(b"WELCOME", b"x"))


def test_a_peer_cannot_say_itself_who_it_is() -> None:
    subject = server()
    subject.on_command(Command(b"HELLO", b"\x00\x00"))
    subject.answer(Verdict(None, b"", {}))
    claim = b"\x0bSocket-Type\x00\x00\x00\x06DEALER\x07User-Id\x00\x00\x00\x04root"
    subject.on_command(Command(b"INITIATE", claim))
    assert subject.complete
    assert b"user-id" not in subject.properties


def test_two_clients_or_two_servers_do_not_agree() -> None:
    one, other = Connection(client(), -1, 9), Connection(client(binder=True), -1, 9)
    run(one, other, WELCOME_IN)
    assert TRAFFIC not in (one.state, other.state)
    one, other = Connection(server(binder=False), -1, 9), Connection(server(), -1, 9)
    run(one, other, WELCOME_IN)
    assert one.error is not None
    assert one.error.reason == "mechanism-mismatch"


@given(st.binary(max_size=300))
def test_no_bytes_make_a_server_raise_or_let_anybody_in(data: bytes) -> None:
    subject = Connection(server(), -1, 100)
    subject.receive(client_greeting() + data, UNLIMITED)
    assert subject.state in (HANDSHAKE, CLOSED)


def client_greeting() -> bytes:
    return Connection(client(), -1, 100).output[0]
