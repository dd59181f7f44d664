"""Connections in a WebSocket: frames, bounds, control frames, peers that break the rules."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.errors import ProtocolError
from antiphon.keys import make_key_pair
from antiphon.testing import World
from antiphon.wire.command import encode_ready
from antiphon.wire.connection import (
    CLOSED,
    GREETING,
    HANDSHAKE,
    NOTICED,
    PONG_BURST,
    TRAFFIC,
)
from antiphon.wire.curve import CurveClient, CurveServer
from antiphon.wire.framing import FULL, STARVED, decode_message, encode_message
from antiphon.wire.mechanism import Local, Mechanism, NullMechanism, Verdict
from antiphon.wire.websocket import WebSocketConnection

UNLIMITED = 10**9
MASK = b"\x37\xfa\x21\x3d"
REQUEST = (
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"Sec-WebSocket-Protocol: %s\r\n\r\n"
)
CLIENT_KEYS = make_key_pair()
SERVER_KEYS = make_key_pair()
READY = encode_ready([(b"Socket-Type", b"DEALER"), (b"Identity", b"you")])
Chunks = st.lists(st.integers(1, 400), min_size=1, max_size=12)


def masked(body: bytes) -> bytes:
    return bytes(octet ^ MASK[index % 4] for index, octet in enumerate(body))


def frame(first: int, body: bytes, mask: bool = True) -> bytes:
    """Return a WebSocket frame as RFC 6455 section 5.2 draws it."""
    size = len(body)
    if size < 126:
        length = bytes([size | 0x80 * mask])
    elif size < 65536:
        length = bytes([126 | 0x80 * mask]) + size.to_bytes(2, "big")
    else:
        length = bytes([127 | 0x80 * mask]) + size.to_bytes(8, "big")
    return bytes([first]) + length + (MASK + masked(body) if mask else body)


def message(flags: int, body: bytes) -> bytes:
    return frame(0x82, bytes([flags]) + body)


def connection(
    kind: bytes = b"ROUTER",
    binder: bool = True,
    name: bytes = b"",
    max_frame: int = -1,
    max_frames: int = 100,
    forwarding: bool = False,
) -> WebSocketConnection:
    mechanism = NullMechanism(Local(kind, name, binder, []))
    return WebSocketConnection(mechanism, max_frame, max_frames, forwarding, "host:1", "/path")


def said(subject: WebSocketConnection) -> bytes:
    data = b"".join(subject.output)
    subject.output.clear()
    return data


def established(**options: int) -> WebSocketConnection:
    """Return a ROUTER whose peer, a DEALER, has completed the handshake."""
    subject = connection(**options)  # type: ignore[arg-type]
    subject.receive(REQUEST % b"ZWS2.0/NULL" + message(2, READY), UNLIMITED)
    assert subject.state == TRAFFIC
    said(subject)
    return subject


def exchange(one: WebSocketConnection, other: WebSocketConnection, sizes: list[int]) -> None:
    """Carry what the two have to say to and fro, in pieces of these sizes, until both are quiet."""
    turn = 0
    while one.output or other.output:
        for source, target in ((one, other), (other, one)):
            data = said(source)
            while data:
                size = sizes[turn % len(sizes)]
                turn += 1
                target.receive(data[:size], UNLIMITED)
                data = data[size:]


@settings(deadline=None)
@given(Chunks)
def test_two_connections_introduce_themselves(sizes: list[int]) -> None:
    dealer, router = connection(b"DEALER", False, b"D"), connection()
    assert not router.output
    exchange(dealer, router, sizes)
    assert dealer.state == router.state == TRAFFIC
    assert (router.peer_type, router.peer_routing_id) == (b"DEALER", b"D")
    assert (dealer.peer_type, dealer.peer_routing_id) == (b"ROUTER", b"")
    assert dealer.peer_version == (3, 0)


@settings(deadline=None)
@given(Chunks)
def test_an_illegal_pair_is_closed_on_both_sides_with_the_reason(sizes: list[int]) -> None:
    """W4."""
    one, other = connection(b"REQ", False), connection(b"REQ")
    exchange(one, other, sizes)
    assert one.error is not None
    assert other.error is not None
    assert other.error.reason == "illegal-pair"
    assert one.error.reason == "error-command"


def test_the_handshake_on_the_wire() -> None:
    """W1, W2: commands are binary messages of flag 2; a server does not mask them."""
    subject = connection(b"REP")
    subject.receive(REQUEST % b"ZWS2.0/NULL", UNLIMITED)
    assert subject.state == HANDSHAKE
    assert said(subject).endswith(b"Sec-WebSocket-Protocol: ZWS2.0/NULL\r\n\r\n")
    subject.receive(message(2, encode_ready([(b"Socket-Type", b"REQ")])), UNLIMITED)
    ready = b"\x05READY\x0bSocket-Type\0\0\0\x03REP"
    assert said(subject) == b"\x82" + bytes([len(ready) + 1]) + b"\x02" + ready


def test_without_a_mechanism_both_begin_with_their_routing_ids() -> None:
    """W3."""
    subject = connection(name=b"us")
    subject.receive(REQUEST % b"ZWS2.0", UNLIMITED)
    assert said(subject).endswith(b"Sec-WebSocket-Protocol: ZWS2.0\r\n\r\n\x82\x03\x00us")
    assert subject.state == HANDSHAKE
    subject.receive(message(0, b"them") + message(0, b"hello"), UNLIMITED)
    assert subject.state == TRAFFIC
    assert subject.peer_routing_id == b"them"
    assert subject.peer_type == b"ZWS2.0"
    assert list(subject.decoder.messages) == [[b"hello"]]


def test_a_routing_id_may_come_byte_by_byte() -> None:
    subject = connection()
    subject.receive(REQUEST % b"ZWS2.0", UNLIMITED)
    for octet in message(0, b"them"):
        subject.receive(bytes([octet]), UNLIMITED)
    assert subject.state == TRAFFIC
    assert subject.peer_routing_id == b"them"


@pytest.mark.parametrize("data", [message(1, b"a"), message(2, b"a"), message(0, b"a" * 256)])
def test_a_bad_routing_id_is_refused(data: bytes) -> None:
    subject = connection()
    subject.receive(REQUEST % b"ZWS2.0" + data, UNLIMITED)
    assert subject.error is not None
    assert subject.error.reason == "bad-routing-id"


MESSAGES = st.lists(
    st.lists(st.binary(max_size=300), min_size=1, max_size=5), min_size=1, max_size=5
)


@settings(deadline=None)
@given(MESSAGES, Chunks, st.booleans())
def test_messages_arrive_as_they_were_sent_in_chunks_of_any_size(
    messages: list[list[bytes]], sizes: list[int], to_binder: bool
) -> None:
    source, target = connection(b"DEALER", False), connection()
    exchange(source, target, [1 << 20])
    if not to_binder:
        source, target = target, source
    for parts in messages:
        total = source.encode(parts, source.output)
        assert total >= sum(map(len, parts)) + 3 * len(parts)
    exchange(source, target, sizes)
    assert list(target.decoder.messages) == messages


@pytest.mark.parametrize("size", [0, 124, 125, 254, 255, 65534, 65535, 65536, 300_000])
def test_lengths_on_the_wire(size: int) -> None:
    """4.4: a WebSocket frame has one octet more than ZeroMQ's."""
    subject = established()
    subject.encode([b"x" * size, b""], subject.output)
    body = b"\x01" + b"x" * size
    assert said(subject) == frame(0x82, body, mask=False) + b"\x82\x01\x00"
    subject.receive(message(1, b"y" * size) + message(0, b""), UNLIMITED)
    assert list(subject.decoder.messages) == [[b"y" * size, b""]]


def test_masking_leaves_what_is_sent_as_it_is() -> None:
    """4.4."""
    subject = connection(b"DEALER", False)
    exchange(subject, connection(), [1 << 20])
    body = b"shared"
    subject.encode([body], subject.output)
    subject.encode([body], subject.output)
    one, two = subject.output
    assert body == b"shared"
    assert one[:2] == two[:2] == b"\x82\x87"
    assert one[2:6] != two[2:6]


@settings(deadline=None)
@given(st.binary(max_size=400), Chunks, Chunks)
def test_a_frame_may_come_in_fragments(body: bytes, cuts: list[int], sizes: list[int]) -> None:
    rest = b"\x00" + body
    data = b""
    for number, cut in enumerate(cuts):
        data += frame(0x02 if number == 0 else 0x00, rest[:cut])
        data += frame(0x89, b"between")
        rest = rest[cut:]
    data += frame(0x80, rest)
    subject = established()
    turn = 0
    while data:
        size = sizes[turn % len(sizes)]
        turn += 1
        subject.receive(data[:size], UNLIMITED)
        data = data[size:]
    assert list(subject.decoder.messages) == [[body]]
    assert said(subject) == b"\x8a\x07between" * min(len(cuts), int(PONG_BURST))


def test_who_passes_messages_on_gets_and_gives_their_wire_form() -> None:
    subject = established(forwarding=True)
    subject.receive(message(1, b"") + message(0, b"x" * 300), UNLIMITED)
    (chunks,) = subject.decoder.messages
    assert decode_message(chunks) == [b"", b"x" * 300]
    reply: list[bytes] = []
    encode_message([b"", b"yes"], reply)
    subject.encode(reply, subject.output)
    assert said(subject) == b"\x82\x01\x01" + b"\x82\x04\x00yes"


def test_subscriptions_are_messages() -> None:
    """W5."""
    subject = connection(b"SUB", False)
    exchange(subject, connection(b"PUB"), [1 << 20])
    assert subject.state == TRAFFIC
    subject.encode([b"\x01A"], subject.output)
    (wire,) = subject.output
    mask = wire[2:6]
    assert bytes(o ^ mask[i % 4] for i, o in enumerate(wire[6:])) == b"\x00\x01A"


# Mechanisms.


def secured(binder: bool, forwarding: bool = False) -> WebSocketConnection:
    """Return a connection with CURVE: a ROUTER that is the server, or a DEALER."""
    world = World(seed=binder).machine("here")
    local = Local(b"ROUTER" if binder else b"DEALER", b"", binder, [])
    public, secret = CLIENT_KEYS
    theirs, server = SERVER_KEYS
    mechanism: Mechanism = (
        CurveServer(local, world, server)
        if binder
        else CurveClient(local, world, public, secret, theirs)
    )
    return WebSocketConnection(mechanism, 1000, 10, forwarding, "host:1", "/path")


def admit(one: WebSocketConnection, other: WebSocketConnection, sizes: list[int]) -> None:
    """Let both shake hands, the server's question being answered with yes."""
    for _ in range(10):
        exchange(one, other, sizes)
        for subject in (one, other):
            if subject.mechanism.question is not None:
                subject.answer(Verdict(None, b"", {}))
                subject.receive(b"", UNLIMITED)
    assert one.state == other.state == TRAFFIC


@settings(deadline=None)
@given(MESSAGES, Chunks, st.booleans())
def test_sealed_messages_arrive_with_what_follows_them(
    messages: list[list[bytes]], sizes: list[int], to_binder: bool
) -> None:
    """A ping and a close are not sealed; what comes before them is there before them."""
    source, target = secured(binder=False), secured(binder=True)
    admit(source, target, sizes)
    if not to_binder:
        source, target = target, source
    for number, parts in enumerate(messages):
        source.encode(parts, source.output)
        if number % 2:
            assert source.ping(0)
    source.send_command(b"\x04PING\0\x0asealed")
    wire = b"".join(source.output)
    # What is no longer than a nonce, which goes in the clear, may look like one.
    assert not any(part in wire for parts in messages for part in parts if len(part) > 8)
    exchange(source, target, sizes)
    assert list(target.decoder.messages) == messages
    assert target.peer_ttl_ms == 1000
    messages = [*messages, [b"last"]]
    source.encode([b"last"], source.output)
    source.fail(ProtocolError("closed", "the socket has closed this connection"))
    target.receive(said(source), UNLIMITED)
    assert list(target.decoder.messages) == messages
    assert target.error is not None
    assert target.error.reason == "peer-closed"


def test_who_passes_sealed_messages_on_gets_and_gives_their_wire_form() -> None:
    source, target = secured(binder=False), secured(binder=True, forwarding=True)
    admit(source, target, [1 << 20])
    source.encode([b"", b"x" * 300], source.output)
    exchange(source, target, [1 << 20])
    (chunks,) = target.decoder.messages
    assert decode_message(chunks) == [b"", b"x" * 300]
    target.encode(chunks, target.output)
    exchange(source, target, [1 << 20])
    assert list(source.decoder.messages) == [[b"", b"x" * 300]]


def test_a_sealed_message_is_bounded_like_any_other() -> None:
    source, target = secured(binder=False), secured(binder=True)
    admit(source, target, [1 << 20])
    source.encode([bytes(1001)], source.output)
    target.receive(said(source), UNLIMITED)
    assert target.error is not None
    assert target.error.reason == "message-too-long"


def test_who_is_asked_about_has_to_shake_hands() -> None:
    """A handler's verdict cannot be gone round by doing without a mechanism."""
    mechanism = NullMechanism(Local(b"ROUTER", b"", True, []), asks=True)
    subject = WebSocketConnection(mechanism, -1, 10, False, "", "")
    subject.receive(REQUEST % b"ZWS2.0", UNLIMITED)
    assert subject.error is not None
    assert subject.error.reason == "mechanism-mismatch"


# Back-pressure.


def test_a_full_queue_stops_decoding_and_nothing_is_lost() -> None:
    subject = established()
    data = b"".join(message(0, b"%d" % number) for number in range(6)) + frame(0x89, b"!")
    assert subject.receive(data, 2) == FULL
    assert list(subject.decoder.messages) == [[b"0"], [b"1"]]
    assert subject.receive(b"", 2) == FULL
    subject.decoder.messages.clear()
    assert subject.receive(message(0, b"6"), 3) == FULL
    assert list(subject.decoder.messages) == [[b"2"], [b"3"], [b"4"]]
    assert not subject.output
    subject.decoder.messages.clear()
    assert subject.receive(b"", 3) == NOTICED
    assert list(subject.decoder.messages) == [[b"5"], [b"6"]]
    assert said(subject) == b"\x8a\x01!"
    assert subject.receive(b"", 3) == STARVED


# Heartbeats and closing.


def test_a_ping_is_a_control_frame_and_is_answered_with_what_it_says() -> None:
    subject = established()
    assert subject.ping(1000)
    assert said(subject) == b"\x89\x00"
    assert subject.receive(frame(0x8A, b""), UNLIMITED) == STARVED
    subject.receive(frame(0x89, b"x" * 125), UNLIMITED)
    assert subject.noticed
    assert said(subject) == b"\x8a\x7d" + b"x" * 125
    assert not connection().ping(1000)


@pytest.mark.parametrize("body", [b"", b"\x03\xe8", b"\x03\xe9going away"])
def test_a_close_frame_is_echoed(body: bytes) -> None:
    subject = established()
    subject.receive(message(0, b"last") + frame(0x88, body) + message(0, b"late"), UNLIMITED)
    assert list(subject.decoder.messages) == [[b"last"]]
    assert subject.state == CLOSED
    assert subject.error is not None
    assert subject.error.reason == "peer-closed"
    assert said(subject) == b"\x88" + bytes([len(body)]) + body


def test_an_end_of_our_own_is_told() -> None:
    subject = established()
    subject.fail(ProtocolError("closed", "the socket has closed this connection"))
    farewell = said(subject)
    assert farewell[0] == 0x88
    assert farewell[2:4] == b"\x03\xe8"
    subject.fail(ProtocolError("closed", "again"))
    assert not subject.output
    silent = connection()
    silent.fail(ProtocolError("closed", "nothing was said yet"))
    assert not silent.output


@pytest.mark.parametrize("reason", ["zap-300", "zap-400", "zap-no-handler"])
def test_why_a_handler_refuses_is_not_told(reason: str) -> None:
    """2.7: the status at most, and that by an ERROR command."""
    mechanism = NullMechanism(Local(b"ROUTER", b"", True, []), asks=True)
    subject = WebSocketConnection(mechanism, -1, 100, False, "host:1", "/path")
    subject.receive(REQUEST % b"ZWS2.0/NULL" + message(2, READY), UNLIMITED)
    said(subject)
    subject.answer(Verdict(ProtocolError(reason, "a secret cause"), b"", {}))
    told = frame(0x82, b"\x02\x05ERROR\x03400", mask=False) if reason == "zap-400" else b""
    assert said(subject) == told + b"\x88\x02\x03\xea"


# Peers that break the rules.


@pytest.mark.parametrize(
    ("data", "reason", "code"),
    [
        (frame(0x81, b"text"), "text-message", 1003),
        (frame(0x82, b"\x00x", mask=False), "bad-websocket-frame", 1002),
        (frame(0x09, b""), "bad-websocket-frame", 1002),
        (frame(0x08, b""), "bad-websocket-frame", 1002),
        (frame(0x89, b"x" * 126), "bad-websocket-frame", 1002),
        (frame(0x80, b"continues nothing"), "bad-websocket-frame", 1002),
        (frame(0x02, b"\x00") + frame(0x82, b"\x00"), "bad-websocket-frame", 1002),
        (frame(0xC2, b"\x00"), "bad-websocket-frame", 1002),
        (frame(0x83, b"\x00"), "bad-websocket-frame", 1002),
        (frame(0x88, b"\x03"), "bad-websocket-frame", 1002),
        (frame(0x88, b"\x03\xed"), "bad-websocket-frame", 1002),
        (b"\x82\xfe\x00\x05" + MASK + b"short", "bad-websocket-frame", 1002),
        (b"\x82\xff" + b"\xff" * 8 + MASK, "bad-websocket-frame", 1002),
        (frame(0x82, b""), "bad-length", 1002),
        (frame(0x02, b"") + frame(0x80, b""), "bad-length", 1002),
        (message(3, b""), "reserved-flags", 1002),
        (message(0x80, b""), "reserved-flags", 1002),
        (message(0, b"x" * 11), "message-too-long", 1009),
        (
            b"\x82\xff" + (1 << 40).to_bytes(8, "big") + MASK + masked(bytes(20)),
            "message-too-long",
            1009,
        ),
        (frame(0x02, b"\x00" + b"x" * 6) + frame(0x00, b"x" * 6), "message-too-long", 1009),
        (message(2, b"\x04PING" + bytes(9000)), "command-too-long", 1009),
        (message(1, b"") * 3 + message(0, b""), "too-many-frames", 1009),
        (message(2, b""), "bad-command", 1002),
        (message(2, READY), "unexpected-command", 1002),
        (message(2, b"\x05ERROR\x02no"), "error-command", 1002),
    ],
)
def test_who_breaks_the_rules_is_closed_and_told(data: bytes, reason: str, code: int) -> None:
    """M8."""
    subject = established(max_frame=10, max_frames=3)
    subject.receive(data, UNLIMITED)
    assert subject.state == CLOSED
    assert subject.error is not None
    assert subject.error.reason == reason
    farewell = said(subject)
    assert farewell[0] == 0x88
    assert int.from_bytes(farewell[2:4], "big") == code
    assert reason.encode() in farewell

    slowly = established(max_frame=10, max_frames=3)
    for octet in data:
        slowly.receive(bytes([octet]), UNLIMITED)
    assert slowly.error is not None
    assert slowly.error.reason == reason


@pytest.mark.parametrize("data", [message(0, b"hello"), message(1, b""), message(0, b"")])
def test_a_message_before_the_handshake_is_refused(data: bytes) -> None:
    subject = connection()
    subject.receive(REQUEST % b"ZWS2.0/NULL" + data, UNLIMITED)
    assert subject.error is not None
    assert subject.error.reason == "early-message"


def test_a_bad_request_gets_an_answer() -> None:
    subject = connection()
    subject.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", UNLIMITED)
    assert subject.state == CLOSED
    assert said(subject).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    other = connection()
    other.receive(b"\xff\0\0\0\0\0\0\0\x01\x7f", UNLIMITED)
    assert other.error is not None
    assert other.error.reason == "not-http"
    assert not other.output


@settings(deadline=None)
@given(st.binary(max_size=600), Chunks)
def test_noise_ends_the_same_way_in_chunks_of_any_size(noise: bytes, sizes: list[int]) -> None:
    whole, cut = established(max_frame=100), established(max_frame=100)
    whole.receive(noise, UNLIMITED)
    data = noise
    turn = 0
    while data:
        size = sizes[turn % len(sizes)]
        turn += 1
        cut.receive(data[:size], UNLIMITED)
        data = data[size:]
    assert list(whole.decoder.messages) == list(cut.decoder.messages)
    assert whole.state == cut.state
    if whole.error is not None and cut.error is not None:
        reasons = {whole.error.reason, cut.error.reason}
        # Of text that is no UTF-8, either may be found first.
        assert len(reasons) == 1 or reasons == {"text-message", "bad-websocket-frame"}


def test_what_is_announced_takes_no_memory() -> None:
    subject = established()
    subject.receive(b"\x82\xff" + (1 << 62).to_bytes(8, "big") + MASK + masked(b"\x00x"), UNLIMITED)
    assert subject.state == TRAFFIC
    assert subject.error is None


def test_a_closed_connection_takes_nothing_more() -> None:
    subject = connection()
    subject.receive(b"\xff", UNLIMITED)
    assert subject.receive(REQUEST % b"ZWS2.0", UNLIMITED) == NOTICED
    assert subject.state == CLOSED
    assert subject.state != GREETING
