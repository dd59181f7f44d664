"""Fixtures of the attacks, and the figures at the end of the run."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from .kit import Client, Server, Watch

FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Give a function that keeps a line of figures for the end of the run."""
    lines = request.config.stash.setdefault(FIGURES, [])
    return lambda line: lines.append(f"{request.node.name}: {line}")


@pytest.fixture
def attacked(note: Callable[[str], None]) -> Iterator[Callable[..., Watch]]:
    """Give a function that starts a server, and a client of it."""
    with ExitStack() as stack:

        def start(kind: str = "ROUTER", **options: int) -> Watch:
            server = stack.enter_context(Server(kind, **options))
            return Watch(server, stack.enter_context(Client(server)), note)

        yield start


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the figures; times are median/99th percentile/maximum."""
    lines = config.stash.get(FIGURES, [])
    if lines:
        terminalreporter.section("what the attacks did (median/p99/max)")
        for line in lines:
            terminalreporter.write_line(line)
