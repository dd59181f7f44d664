"""The two packages side by side: what holds for pyzmq holds here."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
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


@pytest.fixture
def run_python() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Give a function that runs Python with arguments, in a process of its own."""

    def run_python(
        *arguments: str, directory: Path | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    return run_python
