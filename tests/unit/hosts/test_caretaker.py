"""What goes on while the program is elsewhere, and that no mistake ends it."""

import logging
from collections.abc import Iterator

import pytest

import antiphon.zmq as zmq
from tests.waiting import until

PATIENCE_MS = 10_000


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    context = zmq.Context()
    context.linger = 0
    context.rcvtimeo = context.sndtimeo = PATIENCE_MS
    yield context
    context.destroy(0)


class Mistaken(zmq.Instrument):
    """An instrument that raises, which it must not, whenever a handshake succeeds."""

    def __init__(self) -> None:
        self.raised = 0

    def happened(self, event: zmq.SocketEvent) -> None:
        if event.name == "HANDSHAKE_SUCCEEDED" and self.raised < 2:
            self.raised += 1
            raise LookupError("a mistake of the program")


def test_an_error_costs_one_connection_and_is_told(
    context: zmq.Context, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are served on, also while the program does nothing."""
    server = context.socket(zmq.ROUTER)
    server.bind("tcp://127.0.0.1:*")
    mistaken = Mistaken()
    server.add_instrument(mistaken)
    other = zmq.Context()
    client = other.socket(zmq.DEALER)
    client.reconnect_ivl = 10
    with caplog.at_level(logging.ERROR, "antiphon"):
        client.connect(server.last_endpoint)
        until(lambda: mistaken.raised == 2)
        until(lambda: [peer.connected for peer in client.peers()] == [True])
    client.send(b"hello")
    assert server.recv_multipart()[1:] == [b"hello"]
    other.destroy(0)
    assert "a mistake of the program" in caplog.text
    assert server.stats().failures == {"interrupted": 2}
