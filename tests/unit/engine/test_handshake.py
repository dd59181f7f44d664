"""Which protocol a connection begins with."""

import sys

import pytest

from antiphon.endpoint import parse_endpoint
from antiphon.engine.handshake import check_protocol, make_connection
from antiphon.errors import EPROTONOSUPPORT, EndpointError, OptionError
from antiphon.options import SocketOptions
from antiphon.testing import World
from antiphon.wire.connection import GREETING, TRAFFIC
from antiphon.wire.forwarding import WireDecoder
from antiphon.wire.raw import RawConnection
from antiphon.wire.websocket import WebSocketConnection

TCP = parse_endpoint("tcp://127.0.0.1:5555", bind=False)
WS = parse_endpoint("ws://example.org/path?query", bind=False)
WSS = parse_endpoint("wss://127.0.0.1:5555", bind=False)

WORLD = World().machine("here")


@pytest.mark.parametrize("binder", [False, True])
def test_a_connection_opens_with_a_greeting(binder: bool) -> None:
    subject = make_connection(WORLD, b"DEALER", TCP, SocketOptions(), binder, False)
    assert subject.state == GREETING
    assert len(b"".join(subject.output)) == 64
    assert subject.mechanism.local.binder == binder


def test_a_stream_has_no_protocol() -> None:
    subject = make_connection(WORLD, b"STREAM", TCP, SocketOptions(), True, False)
    assert isinstance(subject, RawConnection)
    assert subject.state == TRAFFIC


def test_the_options_reach_the_decoder() -> None:
    options = SocketOptions()
    options.maxmsgsize = 7
    options.max_frames = 3
    subject = make_connection(WORLD, b"ROUTER", TCP, options, True, True)
    assert isinstance(subject.decoder, WireDecoder)
    assert (subject.decoder.max_frame, subject.decoder.max_frames) == (7, 3)


def test_a_websocket_asks_for_what_the_user_gave() -> None:
    """W1."""
    subject = make_connection(WORLD, b"REQ", WS, SocketOptions(), False, False)
    assert isinstance(subject, WebSocketConnection)
    (request,) = subject.output
    assert request.startswith(b"GET /path?query HTTP/1.1\r\nHost: example.org\r\n")


def test_websocket_without_its_library_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "antiphon.wire.websocket", None)
    check_protocol(TCP, SocketOptions(), False)
    with pytest.raises(EndpointError, match=r"pip install 'antiphon\[ws\]'") as caught:
        check_protocol(WS, SocketOptions(), False)
    assert caught.value.errno == EPROTONOSUPPORT


def test_wss_names_the_option_that_is_missing() -> None:
    options = SocketOptions()
    with pytest.raises(OptionError, match="WSS_CERT_PEM"):
        check_protocol(WSS, options, True)
    options.wss_cert_pem = b"certificate"
    with pytest.raises(OptionError, match="WSS_KEY_PEM"):
        check_protocol(WSS, options, True)
    with pytest.raises(OptionError, match="WSS_TRUST_PEM"):
        check_protocol(WSS, options, False)
    options.wss_trust_system = True
    check_protocol(WSS, options, False)
