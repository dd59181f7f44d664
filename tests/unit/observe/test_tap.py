"""A tap sees the same whatever the chunks, keeps no secret and no more than it needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.observe.tap import (
    COMMAND_SEEN,
    ENCRYPTED,
    GREETING_SEEN,
    MESSAGE,
    UNREADABLE,
    Sighting,
    Tap,
    shown,
)
from antiphon.wire.command import JOIN, SUBSCRIBE, encode_error, encode_ping, encode_ready
from antiphon.wire.framing import encode_command, encode_message
from antiphon.wire.greeting import encode_greeting

NULL = encode_greeting(b"NULL", False)
MESSAGES = st.lists(st.lists(st.binary(max_size=300), min_size=1, max_size=5), max_size=5)


def wire(parts: list[bytes]) -> bytes:
    chunks: list[bytes] = []
    encode_message(parts, chunks)
    return b"".join(chunks)


def seen(data: bytes, sizes: list[int] | None = None) -> list[Sighting]:
    tap = Tap()
    sightings: list[Sighting] = []
    turn = 0
    while data:
        size = sizes[turn % len(sizes)] if sizes else len(data)
        turn += 1
        sightings += tap.feed(data[:size])
        data = data[size:]
    return sightings


def facts(sighting: Sighting) -> tuple[object, ...]:
    frames = [(frame.size, frame.head) for frame in sighting.frames]
    return sighting.kind, sighting.name, sighting.details, sighting.size, sighting.count, frames


@given(MESSAGES, st.lists(st.integers(1, 100), min_size=1, max_size=8))
def test_chunks_do_not_matter(messages: list[list[bytes]], sizes: list[int]) -> None:
    ready = encode_command(encode_ready([(b"Socket-Type", b"DEALER")]))
    data = NULL + ready + b"".join(wire(parts) for parts in messages)
    whole = [facts(sighting) for sighting in seen(data)]
    assert whole == [facts(sighting) for sighting in seen(data, sizes)]
    assert whole == [facts(sighting) for sighting in seen(data, [1])]
    assert [fact[0] for fact in whole] == [GREETING_SEEN, COMMAND_SEEN] + [MESSAGE] * len(messages)
    for fact, parts in zip(whole[2:], messages, strict=True):
        assert fact[3:5] == (len(wire(parts)), len(parts))
        assert fact[5] == [(len(part), part[:128]) for part in parts]


@given(st.binary(max_size=200))
def test_any_bytes_are_seen_without_an_error(data: bytes) -> None:
    for sighting in seen(data) + seen(NULL + data):
        assert sighting.kind


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\n", "http"),
        (b"\xff" + bytes(8) + b"\x00", "old-version"),
        (NULL + b"\x80\x00", "reserved-flags"),
        (NULL + b"\x04\x01\x05", "bad-command"),
    ],
)
def test_what_is_no_zmtp_is_said_once(data: bytes, reason: str) -> None:
    tap = Tap()
    assert tap.feed(data)[-1].kind == UNREADABLE
    assert seen(data)[-1].name == reason
    assert tap.feed(wire([b"x"])) == []


@pytest.mark.parametrize(
    ("body", "name", "details"),
    [
        (encode_error("no"), "ERROR", {"reason": "no"}),
        (encode_ping(300, b"c"), "PING", {"ttl": "300 ms", "context": '"c"'}),
        (b"\x04PONGc", "PONG", {"context": '"c"'}),
        (SUBSCRIBE + b"\x00t", "SUBSCRIBE", {"topic": "0074"}),
        (JOIN + b"news", "JOIN", {"group": '"news"'}),
        (b"\x05OTHERx", "OTHER", {"data": '"x"'}),
    ],
)
def test_commands_in_words(body: bytes, name: str, details: dict[str, str]) -> None:
    sighting = seen(NULL + encode_command(body))[1]
    assert (sighting.kind, sighting.name, sighting.details) == (COMMAND_SEEN, name, details)


def test_a_password_is_not_shown() -> None:
    hello = encode_command(b"\x05HELLO\x03joe\x06secret")
    sighting = seen(encode_greeting(b"PLAIN", False) + hello)[1]
    assert sighting.details == {"username": '"joe"', "password": "(not shown)"}


def test_encrypted_traffic_has_a_kind_and_a_size_and_no_frames() -> None:
    greeting = encode_greeting(b"CURVE", True)
    handshake = encode_command(b"\x05HELLO" + bytes(194))
    sealed = wire([b"\x07MESSAGE" + bytes(50)])
    first, hello, message = seen(greeting + handshake + sealed)
    assert first.details == {"mechanism": "CURVE", "role": "server"}
    assert (hello.kind, hello.name, hello.details) == (ENCRYPTED, "HELLO", {})
    assert (message.kind, message.name, message.frames) == (ENCRYPTED, "MESSAGE", [])
    assert message.size == len(sealed)


def test_a_long_message_is_counted_and_its_beginning_kept() -> None:
    sighting = seen(NULL + wire([b"x"] * 1000))[1]
    assert sighting.count == 1000
    assert len(sighting.frames) == 64
    sighting = seen(NULL + wire([b"y" * 100_000]))[1]
    assert (sighting.frames[0].size, len(sighting.frames[0].head)) == (100_000, 128)


def test_bytes_for_people() -> None:
    assert shown(b"text") == '"text"'
    assert shown(b"\x00a") == "0061"
    assert shown(b"x" * 200).endswith("... (200 bytes)")
