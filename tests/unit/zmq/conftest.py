"""The two packages side by side: what holds for pyzmq holds here."""

from collections.abc import Iterator
from typing import Any

import pytest
import zmq as theirs

import antiphon.zmq as ours


@pytest.fixture(params=[theirs, ours], ids=["pyzmq", "antiphon"])
def either(request: pytest.FixtureRequest) -> Any:
    """Give pyzmq, then Antiphon."""
    return request.param


@pytest.fixture
def either_context(either: Any) -> Iterator[Any]:
    """Give a context of it."""
    context = either.Context()
    context.linger = 0
    context.rcvtimeo = context.sndtimeo = 10_000
    yield context
    context.destroy(0)


@pytest.fixture
def either_pair(either: Any, either_context: Any) -> tuple[Any, Any]:
    """Give two connected DEALERs of it."""
    first, second = either_context.socket(either.DEALER), either_context.socket(either.DEALER)
    first.bind("tcp://127.0.0.1:*")
    second.connect(first.last_endpoint)
    return first, second
