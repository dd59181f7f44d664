"""The HTTP request and its answer: bounds, what is refused and how, and chunks of any size."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.errors import ProtocolError
from antiphon.wire.upgrade import ClientUpgrade, ServerUpgrade, Upgrade, protocols_of

NULL = protocols_of(b"NULL", False)
KEY = b"x3JJHMbDL1EzLkh9GBhXDw=="
#: The key's, by RFC 6455 section 1.3.
ACCEPT = b"HSmrc0sMlYUkAGmm5OPpG2HaGWk="
HEADERS = {
    b"Host": b"server.example.com",
    b"Upgrade": b"websocket",
    b"Connection": b"Upgrade",
    b"Sec-WebSocket-Key": KEY,
    b"Sec-WebSocket-Protocol": b"ZWS2.0,ZWS2.0/NULL",
    b"Sec-WebSocket-Version": b"13",
}


def request(start: bytes = b"GET /zeromq HTTP/1.1", **changes: bytes) -> bytes:
    """Return RFC 45's example, with headers changed, or left out where the value is empty."""
    headers = HEADERS | {
        name.encode().replace(b"_", b"-"): value for name, value in changes.items()
    }
    lines = [name + b": " + value for name, value in headers.items() if value]
    return b"\r\n".join([start, *lines, b"", b""])


def refused(subject: Upgrade, data: bytes) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        subject.receive(data)
    assert not subject.protocol
    return caught.value


def feed(subject: Upgrade, data: bytes) -> None:
    for octet in data:
        subject.receive(bytes([octet]))


def test_each_mechanism_has_its_protocol() -> None:
    """W1."""
    assert protocols_of(b"NULL", False) == ["ZWS2.0/NULL", "ZWS2.0"]
    assert protocols_of(b"NULL", True) == ["ZWS2.0/NULL"]
    assert protocols_of(b"PLAIN", False) == ["ZWS2.0/PLAIN"]
    assert protocols_of(b"CURVE", True) == ["ZWS2.0/CURVE"]


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (b"ZWS2.0,ZWS2.0/NULL", "ZWS2.0"),
        (b"ZWS2.0/NULL, ZWS2.0", "ZWS2.0/NULL"),
        (b"mqtt, ZWS2.0/PLAIN , ZWS2.0/NULL", "ZWS2.0/NULL"),
    ],
)
def test_a_server_chooses_the_first_protocol_it_speaks(offered: bytes, chosen: str) -> None:
    subject = ServerUpgrade(NULL)
    assert subject.start() == b""
    assert subject.receive(request(Sec_WebSocket_Protocol=offered)) == b""
    assert subject.protocol == chosen
    head, *lines = subject.answer().split(b"\r\n")
    assert head == b"HTTP/1.1 101 Switching Protocols"
    assert b"Sec-WebSocket-Protocol: " + chosen.encode() in lines
    assert b"Sec-WebSocket-Accept: " + ACCEPT in lines


def test_protocols_in_several_headers_are_one_list() -> None:
    """RFC 6455 section 11.3.4."""
    subject = ServerUpgrade(NULL)
    more = b"soap\r\nSec-WebSocket-Protocol: ZWS2.0/NULL"
    subject.receive(request(Sec_WebSocket_Protocol=more))
    assert subject.protocol == "ZWS2.0/NULL"


@pytest.mark.parametrize(
    ("data", "reason", "status", "words"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "bad-upgrade", 400, "Upgrade"),
        (request(b"POST /zeromq HTTP/1.1"), "bad-upgrade", 400, "method must be GET"),
        (request(b"GET /zeromq HTTP/2.0"), "bad-upgrade", 400, "HTTP/1.1"),
        (request(b"GET /zeromq HTTP/1.0"), "bad-upgrade", 400, "HTTP/1.1"),
        (request(b"GET /zero mq HTTP/1.1"), "bad-upgrade", 400, "HTTP"),
        (request(Sec_WebSocket_Version=b"8"), "bad-upgrade", 426, "Version"),
        (request(Sec_WebSocket_Version=b""), "bad-upgrade", 400, "Version"),
        (request(Sec_WebSocket_Key=b""), "bad-upgrade", 400, "Key"),
        (request(Upgrade=b"h2c"), "bad-upgrade", 400, "Upgrade: websocket"),
        (request(Host=b""), "bad-upgrade", 400, "HTTP"),
        (request(Host=b"\xff" * 70), "bad-upgrade", 400, "ASCII"),
        (request(Sec_WebSocket_Protocol=b"ZWS\xe9"), "bad-upgrade", 400, "ASCII"),
        (request(Sec_WebSocket_Protocol=b"ZWS2.0, ZWS2.0"), "bad-upgrade", 400, "repeats"),
        (
            request(Sec_WebSocket_Protocol=b"ZWS2.0\r\nSec-WebSocket-Protocol: ZWS2.0"),
            "bad-upgrade",
            400,
            "repeats",
        ),
        (
            request(Sec_WebSocket_Key=KEY + b"\r\nsec-websocket-key: " + KEY),
            "bad-upgrade",
            400,
            "rep",
        ),
        (request(Upgrade=b"websocket\nX: y"), "bad-upgrade", 400, "CR LF"),
        (request(Sec_WebSocket_Protocol=b""), "mechanism-mismatch", 400, "no protocol"),
        (request(Sec_WebSocket_Protocol=b"ZWS2.0/CURVE"), "mechanism-mismatch", 400, "CURVE"),
        (request(Cookie=b"x" * 9000), "head-too-large", 431, "8192"),
        (request(Cookie=b"x\r\nX: y" * 1000), "head-too-large", 431, "100 lines"),
        (b"GET /" + b"x" * (1 << 20), "head-too-large", 431, "8192"),
    ],
)
def test_a_server_says_what_is_wrong_with_a_request(
    data: bytes, reason: str, status: int, words: str
) -> None:
    """M8."""
    subject = ServerUpgrade(NULL)
    error = refused(subject, data)
    assert error.reason == reason
    assert words in error.detail
    answer = subject.refusal(error)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nContent-Length: %d" % len(body) in head
    assert error.detail.encode("ascii", "backslashreplace") in body

    slowly = ServerUpgrade(NULL)
    with pytest.raises(ProtocolError) as caught:
        feed(slowly, data)
    assert caught.value.args == error.args


@pytest.mark.parametrize("first", [b"\xff\x00\x00\x00", b"\x16\x03\x01\x02", b"\r\n", b"get /"])
def test_who_does_not_speak_http_gets_no_answer(first: bytes) -> None:
    for subject in (ServerUpgrade(NULL), ClientUpgrade(NULL, "host", "/")):
        error = refused(subject, first[:1])
        assert error.reason == "not-http"
        assert subject.refusal(error) == b""


def test_other_ends_are_no_answer_to_a_request() -> None:
    subject = ServerUpgrade(NULL)
    assert subject.refusal(ProtocolError("handshake-timeout", "too slow")) == b""


def shake_hands(server: Upgrade, client: Upgrade, sizes: list[int], rest: bytes) -> bytes:
    """Let both speak in pieces of these sizes; returns what the client has left of ``rest``."""
    left = b""
    for source, target, more in ((client, server, b""), (server, client, rest)):
        data = (source.start() or source.answer()) + more
        turn = 0
        while data:
            size = sizes[turn % len(sizes)]
            turn += 1
            if target.protocol:
                left += data[:size]
            else:
                left += target.receive(data[:size])
            data = data[size:]
    return left


@settings(deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=10))
def test_chunks_do_not_matter_and_what_follows_is_kept(sizes: list[int]) -> None:
    server, client = ServerUpgrade(NULL), ClientUpgrade(NULL, "example.org:80", "/a?b")
    assert shake_hands(server, client, sizes, b"\x82\x01\x00") == b"\x82\x01\x00"
    assert server.protocol == client.protocol == "ZWS2.0/NULL"


def answer_to(client: ClientUpgrade) -> bytes:
    server = ServerUpgrade(NULL)
    server.receive(client.start())
    return server.answer()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"101 Switching Protocols", b"404 Not Found", "upgrade-refused"),
        (b"101 Switching Protocols", b"100 Continue", "upgrade-refused"),
        (b"Sec-WebSocket-Accept: ", b"Sec-WebSocket-Accept: x", "bad-upgrade"),
        (b"Upgrade: websocket", b"Upgrade: h2c", "bad-upgrade"),
        (b"Sec-WebSocket-Protocol: ZWS2.0/NULL\r\n", b"", "bad-upgrade"),
        (b"Protocol: ZWS2.0/NULL", b"Protocol: ZWS2.0/CURVE", "bad-upgrade"),
        (b"Protocol: ZWS2.0/NULL", b"Protocol: ZWS2.0\xe9", "bad-upgrade"),
        (
            b"Sec-WebSocket-Protocol: ZWS2.0/NULL",
            b"Sec-WebSocket-Protocol: ZWS2.0/NULL\r\nSec-WebSocket-Protocol: ZWS2.0",
            "bad-upgrade",
        ),
        (
            b"Connection: ",
            b"Sec-WebSocket-Extensions: permessage-deflate\r\nConnection: ",
            "bad-upgrade",
        ),
        (b"HTTP/1.1 ", b"HTTP/1.0 ", "not-http"),
        (b"HTTP/1.1 ", b"\xff\x00\x00\x00", "not-http"),
    ],
)
def test_a_client_believes_no_bad_answer(old: bytes, new: bytes, reason: str) -> None:
    client = ClientUpgrade(NULL, "host", "/")
    answer = answer_to(client)
    assert old in answer
    assert refused(client, answer.replace(old, new)).reason == reason


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", b"GET / HTTP/1.1\r\n", request()[:-2]]))
def test_no_request_raises_anything_else(noise: bytes, before: bytes) -> None:
    subject = ServerUpgrade(NULL)
    try:
        subject.receive(before + noise + b"\r\n\r\n")
    except ProtocolError as error:
        subject.refusal(error)
    else:
        if subject.protocol:
            subject.answer()


@settings(deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_no_answer_raises_anything_else(noise: bytes, after: bool) -> None:
    subject = ClientUpgrade(NULL, "host", "/")
    before = answer_to(subject)[:-2] if after else b"HTTP/1.1 "
    with contextlib.suppress(ProtocolError):
        subject.receive(before + noise + b"\r\n\r\n")
