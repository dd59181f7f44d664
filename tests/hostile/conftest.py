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


Target = tuple[Server, Client]


def start(stack: ExitStack, kind: str, options: dict[str, int]) -> Target:
    """Start a server and a client of it."""
    server = stack.enter_context(Server(kind, **options))
    return server, stack.enter_context(Client(server))


@pytest.fixture(scope="package")
def targets() -> Iterator[Callable[[str], Target]]:
    """Give a function that returns the one server of a kind with its defaults, and its client."""
    with ExitStack() as stack:
        started: dict[str, Target] = {}

        def target(kind: str) -> Target:
            if kind not in started:
                started[kind] = start(stack, kind, {})
            return started[kind]

        yield target


@pytest.fixture
def attacked(
    targets: Callable[[str], Target], note: Callable[[str], None]
) -> Iterator[Callable[..., Watch]]:
    """Give a function that returns a server to attack; with options it is one of its own."""
    with ExitStack() as stack:

        def watch(kind: str = "ROUTER", **options: int) -> Watch:
            target = start(stack, kind, options) if options else targets(kind)
            return Watch(*target, note)

        yield watch


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the figures; times are median/99th percentile/maximum."""
    lines = config.stash.get(FIGURES, [])
    if lines:
        terminalreporter.section("what the attacks did (median/p99/max)")
        for line in lines:
            terminalreporter.write_line(line)
