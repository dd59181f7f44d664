"""Which protocol a connection begins with."""

import subprocess
import sys

import pytest

from antiphon.endpoint import parse_endpoint
from antiphon.engine.handshake import check_protocol, make_connection
from antiphon.errors import EPROTONOSUPPORT, OptionError
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


#: A program on a machine without wsproto.
WITHOUT = """
import sys
sys.modules["wsproto"] = None
import antiphon.zmq as zmq
with zmq.Context() as context, context.socket(zmq.REP) as socket:
    socket.bind("tcp://127.0.0.1:*")
    for use in (socket.bind, socket.connect, socket.bind):
        try:
            use("ws://127.0.0.1:5555")
        except zmq.ZMQError as error:
            print(error.errno, error)
"""


def test_websocket_without_its_library_says_what_to_install() -> None:
    program = [sys.executable, "-c", WITHOUT]
    finished = subprocess.run(program, capture_output=True, text=True, timeout=30, check=True)
    lines = finished.stdout.splitlines()
    assert len(lines) == 3
    for line in lines:
        assert line.startswith(str(EPROTONOSUPPORT))
        assert "pip install 'antiphon[ws]'" in line


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
