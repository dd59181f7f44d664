"""Contexts whose calls never wait for longer than a test may take, and that wss works in."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import antiphon.zmq as zmq

_CERTIFICATES = Path(__file__).parent / "certificates"


@pytest.fixture
def pem() -> Callable[[str], bytes]:
    """Give the certificates and keys of this folder, such as ``pem("server.crt")``."""
    return lambda name: (_CERTIFICATES / name).read_bytes()


@pytest.fixture
def make_context(pem: Callable[[str], bytes]) -> Callable[[], zmq.Context]:
    """Give a maker of contexts whose sockets trust each other over wss."""

    def make() -> zmq.Context:
        context = zmq.Context()
        context.wss_key_pem = pem("server.key")
        context.wss_cert_pem = context.wss_trust_pem = pem("server.crt")
        return context

    return make


@pytest.fixture
def context(make_context: Callable[[], zmq.Context]) -> Iterator[zmq.Context]:
    context = make_context()
    context.linger = 0
    context.rcvtimeo = context.sndtimeo = 10_000
    yield context
    context.destroy(0)
