"""A world of two machines, the server's and the client's."""

import pytest

from antiphon.testing import World


@pytest.fixture
def world() -> World:
    world = World(seed=7)
    world.machine("server")
    world.machine("client")
    return world
