"""Fixtures of the conversations."""

from collections.abc import Iterator

import pytest

from .peers import Sockets


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    """Give a maker of sockets of both stacks, which closes them after the test."""
    with Sockets() as made:
        yield made
