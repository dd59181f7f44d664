"""A context whose calls never wait for longer than a test may take."""

from collections.abc import Iterator

import pytest

import antiphon.zmq as zmq


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    context = zmq.Context()
    context.linger = 0
    context.rcvtimeo = context.sndtimeo = 10_000
    yield context
    context.destroy(0)
