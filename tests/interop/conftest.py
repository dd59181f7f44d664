"""Fixtures of the conversations."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from zmq.auth import CURVE_ALLOW_ANY
from zmq.auth.thread import ThreadAuthenticator as PeerAuthenticator

from antiphon.zmq.auth.thread import ThreadAuthenticator as SubjectAuthenticator

from .conversation import MECHANISMS, PLAIN_CREDENTIALS, TRANSPORTS
from .peers import Sockets
from .programs import Programs, compile_c


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    """Give a maker of sockets of both stacks, which closes them after the test."""
    with Sockets() as made:
        yield made


@pytest.fixture(scope="session")
def shared_contexts() -> Iterator[Sockets]:
    """Give a maker of sockets whose contexts serve the whole run, and know whom to let in."""
    name, password = (part.decode() for part in PLAIN_CREDENTIALS)
    with Sockets() as made, ExitStack() as handlers:
        for context, make in zip(
            made.contexts(), (SubjectAuthenticator, PeerAuthenticator), strict=True
        ):
            handler = make(context)
            handler.start()
            handlers.callback(handler.stop)
            handler.configure_plain(domain="*", passwords={name: password})
            handler.configure_curve(domain="*", location=CURVE_ALLOW_ANY)
        yield made


@pytest.fixture
def shared_sockets(shared_contexts: Sockets) -> Iterator[Sockets]:
    """Give a maker of sockets in shared contexts, which closes them after the test."""
    yield shared_contexts
    shared_contexts.close()


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the matrix has been through."""
    outcomes = {
        outcome: [
            report.nodeid
            for report in terminalreporter.getreports(outcome)
            if "test_matrix.py" in report.nodeid and report.when == "call"
        ]
        for outcome in ("passed", "failed")
    }
    cases = outcomes["passed"] + outcomes["failed"]
    if not cases:
        return
    terminalreporter.section("interoperability with libzmq")
    passed = len(outcomes["passed"])
    terminalreporter.write_line(f"{passed} of {len(cases)} settings passed, of them")
    for values in (TRANSPORTS, MECHANISMS):
        counts = (f"{value} {sum(f'-{value}-' in case for case in cases)}" for value in values)
        terminalreporter.write_line(f"  {', '.join(counts)}")
