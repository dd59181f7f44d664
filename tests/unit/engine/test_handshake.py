"""Which protocol a connection begins with."""

import pytest

from antiphon.engine.handshake import make_connection
from antiphon.options import SocketOptions
from antiphon.testing import World
from antiphon.wire.connection import GREETING, TRAFFIC
from antiphon.wire.forwarding import WireDecoder
from antiphon.wire.raw import RawConnection

WORLD = World().machine("here")


@pytest.mark.parametrize("binder", [False, True])
def test_a_connection_opens_with_a_greeting(binder: bool) -> None:
    subject = make_connection(WORLD, b"DEALER", SocketOptions(), binder, False)
    assert subject.state == GREETING
    assert len(b"".join(subject.output)) == 64
    assert subject.mechanism.local.binder == binder


def test_a_stream_has_no_protocol() -> None:
    subject = make_connection(WORLD, b"STREAM", SocketOptions(), True, False)
    assert isinstance(subject, RawConnection)
    assert subject.state == TRAFFIC


def test_the_options_reach_the_decoder() -> None:
    options = SocketOptions()
    options.maxmsgsize = 7
    options.max_frames = 3
    subject = make_connection(WORLD, b"ROUTER", options, True, True)
    assert isinstance(subject.decoder, WireDecoder)
    assert (subject.decoder.max_frame, subject.decoder.max_frames) == (7, 3)
