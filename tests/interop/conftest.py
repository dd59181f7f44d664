"""Fixtures of the conversations."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .peers import Sockets
from .programs import Programs, compile_c


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    """Give a maker of sockets of both stacks, which closes them after the test."""
    with Sockets() as made:
        yield made


@pytest.fixture
def programs() -> Iterator[Programs]:
    """Give a starter of programs, which ends them after the test."""
    started = Programs()
    yield started
    started.end()


@pytest.fixture(scope="session")
def c_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the compiled C client."""
    return compile_c("client", tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="session")
def c_worker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the compiled C worker."""
    return compile_c("worker", tmp_path_factory.mktemp("worker"))
