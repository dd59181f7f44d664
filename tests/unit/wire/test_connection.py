"""Whole connections, two of them fed with each other's bytes, or one with a stranger's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import ProtocolError
from antiphon.wire.command import encode_ping, encode_ready
from antiphon.wire.connection import CLOSED, HANDSHAKE, TRAFFIC, Connection
from antiphon.wire.framing import encode_command, encode_message
from antiphon.wire.greeting import encode_greeting
from antiphon.wire.mechanism import Local, NullMechanism, Verdict

UNLIMITED = 10**9
GREETING = encode_greeting(b"NULL", False)
READY = encode_command(encode_ready([(b"Socket-Type", b"ROUTER"), (b"Identity", b"you")]))


def connection(kind: bytes = b"DEALER", binder: bool = False, name: bytes = b"") -> Connection:
    return Connection(NullMechanism(Local(kind, name, binder, [])), -1, 1024)


def established() -> Connection:
    subject = connection()
    subject.receive(GREETING + READY, UNLIMITED)
    assert subject.state == TRAFFIC
    subject.output.clear()
    return subject


def exchange(one: Connection, other: Connection, sizes: list[int]) -> None:
    """Carry what the two have to say to and fro, in pieces of these sizes, until both are quiet."""
    turn = 0
    while one.output or other.output:
        for source, target in ((one, other), (other, one)):
            data = b"".join(source.output)
            source.output.clear()
            while data:
                size = sizes[turn % len(sizes)]
                turn += 1
                target.receive(data[:size], UNLIMITED)
                data = data[size:]


@given(st.lists(st.integers(1, 200), min_size=1, max_size=10))
def test_two_connections_introduce_themselves(sizes: list[int]) -> None:
    dealer, router = connection(b"DEALER", name=b"D"), connection(b"ROUTER", binder=True)
    exchange(dealer, router, sizes)
    assert dealer.state == router.state == TRAFFIC
    assert (router.peer_type, router.peer_routing_id) == (b"DEALER", b"D")
    assert (dealer.peer_type, dealer.peer_routing_id) == (b"ROUTER", b"")
    assert dealer.peer_version == (3, 1)


@given(st.lists(st.integers(1, 200), min_size=1, max_size=10))
def test_an_illegal_pair_is_closed_on_both_sides_with_the_reason(sizes: list[int]) -> None:
    """K7, Z14, Z15."""
    one, other = connection(b"REQ"), connection(b"REQ", binder=True)
    exchange(one, other, sizes)
    assert one.state == other.state == CLOSED
    assert one.error is not None
    assert other.error is not None
    assert other.error.reason == "illegal-pair"
    assert one.error.reason == "error-command"
    assert "both start by sending a request" in one.error.detail
    assert "both start by sending a request" in other.error.detail


def test_another_mechanism_is_refused() -> None:
    subject = connection()
    subject.receive(encode_greeting(b"CURVE", False), UNLIMITED)
    assert subject.error is not None
    assert subject.error.reason == "mechanism-mismatch"


def test_a_ping_is_answered_with_its_context() -> None:
    """Z21."""
    subject = established()
    subject.receive(encode_command(encode_ping(2500, b"context")), UNLIMITED)
    assert subject.output == [b"\x04\x0c\x04PONGcontext"]
    assert subject.peer_ttl_ms == 2500
    assert subject.noticed


def test_pings_go_only_to_those_who_know_them() -> None:
    new, old = established(), connection()
    assert new.ping(1000)
    assert new.output == [b"\x04\x07\x04PING\x00\x0a"]
    old.receive(GREETING[:11] + b"\x00" + GREETING[12:] + READY, UNLIMITED)
    assert old.state == TRAFFIC
    assert not old.ping(1000)
    assert not connection().ping(1000)


def test_unknown_commands_are_passed_over() -> None:
    subject = established()
    subject.receive(encode_command(b"\x06FUTUREdata") + b"\x00\x01x", UNLIMITED)
    assert list(subject.decoder.messages) == [[b"x"]]


@pytest.mark.parametrize(
    ("reason", "data"),
    [
        ("unexpected-command", READY),
        ("bad-command", encode_command(b"\x20x")),
        ("error-command", encode_command(b"\x05ERROR\x03why")),
        ("reserved-flags", b"\x10\x00"),
    ],
)
def test_errors_in_traffic_close_for_good(reason: str, data: bytes) -> None:
    subject = established()
    subject.receive(b"\x00\x04good" + data + b"\x00\x03bad", UNLIMITED)
    assert subject.state == CLOSED
    assert subject.error is not None
    assert subject.error.reason == reason
    assert list(subject.decoder.messages) == [[b"good"]]
    first = subject.error
    subject.receive(b"\x00\x03bad", UNLIMITED)
    assert subject.error is first
    assert list(subject.decoder.messages) == [[b"good"]]


def test_a_message_may_follow_the_handshake_at_once() -> None:
    chunks: list[bytes] = []
    encode_message([b"", b"early"], chunks)
    subject = connection()
    subject.receive(GREETING + READY + b"".join(chunks), UNLIMITED)
    assert list(subject.decoder.messages) == [[b"", b"early"]]


@given(st.binary(max_size=300), st.booleans(), st.integers(1, 50))
def test_no_bytes_make_it_raise(data: bytes, greeted: bool, size: int) -> None:
    subject = connection()
    data = (GREETING if greeted else b"") + data
    for start in range(0, len(data), size):
        subject.receive(data[start : start + size], UNLIMITED)
    assert subject.state in (0, HANDSHAKE, TRAFFIC, CLOSED)
    assert (subject.error is not None) == (subject.state == CLOSED)


def subscriber(version: int) -> Connection:
    """Return an established SUB whose peer speaks ZMTP 3.version."""
    subject = connection(b"SUB")
    ready = encode_command(encode_ready([(b"Socket-Type", b"XPUB")]))
    subject.receive(GREETING[:11] + bytes([version]) + GREETING[12:] + ready, UNLIMITED)
    assert subject.state == TRAFFIC
    return subject


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (b"\x01A", b"\x04\x0b\x09SUBSCRIBEA"),
        (b"\x00A", b"\x04\x08\x06CANCELA"),
        (b"\x01" + b"t" * 246, b"\x06" + (256).to_bytes(8, "big") + b"\x09SUBSCRIBE" + b"t" * 246),
        (b"\x02A", b"\x00\x02\x02A"),
        (b"", b"\x00\x00"),
    ],
)
def test_subscriptions_go_out_as_commands(message: bytes, wire: bytes) -> None:
    """Z20; any other message of an XSUB stays one."""
    subject = subscriber(1)
    out: list[bytes] = []
    assert not subject.plain
    assert subject.encode([message], out) == len(b"".join(out))
    assert b"".join(out) == wire


def test_a_peer_of_version_3_0_gets_subscriptions_as_messages() -> None:
    """Z20."""
    subject = subscriber(0)
    out: list[bytes] = []
    assert subject.plain
    subject.encode([b"\x01A"], out)
    assert b"".join(out) == b"\x00\x02\x01A"


@given(st.lists(st.integers(1, 20), min_size=1, max_size=10))
def test_subscriptions_come_in_as_messages_in_their_order(sizes: list[int]) -> None:
    """Z20: commands of 3.1 and messages of 3.0 are the same to those above."""
    subject = connection(b"XPUB", binder=True)
    ready = encode_command(encode_ready([(b"Socket-Type", b"SUB")]))
    data = GREETING + ready + b"\x04\x0b\x09SUBSCRIBEA\x00\x02\x01B\x04\x07\x06CANCEL"
    turn = 0
    while data:
        size = sizes[turn % len(sizes)]
        turn += 1
        subject.receive(data[:size], UNLIMITED)
        data = data[size:]
    assert list(subject.decoder.messages) == [[b"\x01A"], [b"\x01B"], [b"\x00"]]


def test_subscriptions_to_a_socket_that_does_not_publish_are_ignored() -> None:
    subject = established()
    subject.receive(b"\x04\x0b\x09SUBSCRIBEA", UNLIMITED)
    assert subject.state == TRAFFIC
    assert list(subject.decoder.messages) == []


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize(
    ("message", "wire"), [(b"\x01A", b"\x04\x06\x04JOINA"), (b"\x00A", b"\x04\x07\x05LEAVEA")]
)
def test_groups_go_out_as_commands_whatever_the_version(
    message: bytes, wire: bytes, version: int
) -> None:
    """Z24."""
    subject = connection(b"DISH")
    ready = encode_command(encode_ready([(b"Socket-Type", b"RADIO")]))
    subject.receive(GREETING[:11] + bytes([version]) + GREETING[12:] + ready, UNLIMITED)
    out: list[bytes] = []
    assert not subject.plain
    assert subject.encode([message], out) == len(wire)
    assert b"".join(out) == wire


@given(st.lists(st.integers(1, 20), min_size=1, max_size=10))
def test_groups_come_in_as_messages_and_subscriptions_are_ignored(sizes: list[int]) -> None:
    """Z24."""
    subject = connection(b"RADIO", binder=True)
    ready = encode_command(encode_ready([(b"Socket-Type", b"DISH")]))
    data = GREETING + ready + b"\x04\x06\x04JOINA\x04\x0a\x09SUBSCRIBE\x04\x06\x05LEAVE"
    turn = 0
    while data:
        size = sizes[turn % len(sizes)]
        turn += 1
        subject.receive(data[:size], UNLIMITED)
        data = data[size:]
    assert list(subject.decoder.messages) == [[b"\x01A"], [b"\x00"]]


def test_a_publisher_ignores_groups() -> None:
    subject = connection(b"XPUB", binder=True)
    ready = encode_command(encode_ready([(b"Socket-Type", b"SUB")]))
    subject.receive(GREETING + ready + b"\x04\x06\x04JOINA\x04\x0b\x09SUBSCRIBEA", UNLIMITED)
    assert list(subject.decoder.messages) == [[b"\x01A"]]


@given(st.lists(st.integers(1, 60), min_size=1, max_size=10), st.booleans())
def test_what_comes_before_the_verdict_is_kept(sizes: list[int], welcome: bool) -> None:
    """A peer that is not patient: what it sends arrives after the verdict, or never."""
    subject = Connection(NullMechanism(Local(b"ROUTER", b"", True, []), True), -1, 100)
    ready = encode_command(encode_ready([(b"Socket-Type", b"DEALER")]))
    data = GREETING + ready + b"\x01\x03one\x00\x03two"
    turn = 0
    while data:
        size = sizes[turn % len(sizes)]
        turn += 1
        subject.receive(data[:size], UNLIMITED)
        data = data[size:]
    assert subject.state == HANDSHAKE
    assert len(b"".join(subject.output)) == 64
    error = None if welcome else ProtocolError("zap-300", "not now")
    subject.answer(Verdict(error, b"", {}))
    subject.receive(b"", UNLIMITED)
    assert subject.state == (TRAFFIC if welcome else CLOSED)
    assert list(subject.decoder.messages) == ([[b"one", b"two"]] if welcome else [])
    subject.answer(Verdict(None, b"", {}))
    assert subject.state == (TRAFFIC if welcome else CLOSED)


def test_a_dialer_asks_before_it_says_anything() -> None:
    subject = Connection(NullMechanism(Local(b"DEALER", b"", False, []), True), -1, 100)
    subject.receive(GREETING, UNLIMITED)
    assert len(b"".join(subject.output)) == 64
    subject.answer(Verdict(None, b"joe", {}))
    assert b"READY" in subject.output[-1]
    subject.receive(READY, UNLIMITED)
    assert subject.state == TRAFFIC
    assert subject.mechanism.properties[b"user-id"] == b"joe"
