"""Lines reach the logger from a thread of their own, whatever its handlers do."""

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

import antiphon.zmq as zmq
from antiphon.hosts import lines
from antiphon.hosts.lines import Lines, lowest_level

LOGGER = logging.getLogger("antiphon")
PATIENCE = 10


class Doing(logging.Handler):
    """Does something with every line."""

    def __init__(self, action: Callable[[str], None]) -> None:
        super().__init__()
        self.action = action

    def emit(self, record: logging.LogRecord) -> None:
        self.action(record.getMessage())


@pytest.fixture
def handle() -> Iterator[Callable[[Callable[[str], None]], None]]:
    """Give a function that lets a handler do something with every line."""
    handlers: list[logging.Handler] = []
    # What earlier tests had to say is none of these handlers' business.
    lines.LINES.close()

    def handle(action: Callable[[str], None]) -> None:
        handlers.append(Doing(action))
        LOGGER.addHandler(handlers[0])
        LOGGER.setLevel(logging.INFO)

    yield handle
    for handler in handlers:
        LOGGER.removeHandler(handler)
    LOGGER.setLevel(logging.NOTSET)


def test_a_handler_may_use_a_socket_of_the_context_that_logs(
    handle: Callable[[Callable[[str], None]], None],
) -> None:
    with zmq.Context() as context:
        context.linger = 0
        sender, receiver = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
        receiver.bind("inproc://lines")
        sender.connect("inproc://lines")
        receiver.rcvtimeo = PATIENCE * 1000

        def send(line: str) -> None:
            if line.startswith("!"):
                sender.send_string(line)

        handle(send)
        router = context.socket(zmq.ROUTER)
        router.send_multipart([b"nobody", b"x"])
        assert receiver.recv_string() == (
            "! ROUTER dropped a message of 2 frames, 7 bytes: unknown-id"
        )


def test_a_handler_that_raises_ends_nothing(
    handle: Callable[[Callable[[str], None]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    def fail_once(line: str) -> None:
        seen.append(line)
        if len(seen) == 1:
            raise RuntimeError("a handler's own mistake")

    handle(fail_once)
    written = Lines()
    written.write(logging.INFO, "= one")
    written.write(logging.INFO, "= 100 %d")
    written.close()
    assert seen == ["= one", "= 100 %d"]
    assert "a handler's own mistake" in capsys.readouterr().err


def test_lines_that_nobody_takes_are_counted(
    handle: Callable[[Callable[[str], None]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "_MOST_WAITING", 10)
    seen: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def wait(line: str) -> None:
        seen.append(line)
        begun.set()
        assert go_on.wait(PATIENCE)

    handle(wait)
    written = Lines()
    written.write(logging.INFO, "= 0")
    assert begun.wait(PATIENCE)
    for number in range(1, 31):
        written.write(logging.INFO, f"= {number}")
    go_on.set()
    written.close()
    assert seen[0] == "= 0"
    assert seen[1] == "! 20 lines were left out: the handlers are too slow"
    assert seen[2:] == [f"= {number}" for number in range(1, 11)]


def test_the_lowest_level_is_one_that_a_handler_reads(
    handle: Callable[[Callable[[str], None]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LOGGER, "propagate", False)
    assert lowest_level() == 100
    handle(lambda line: None)
    assert lowest_level() == logging.INFO
    logging.disable(logging.ERROR)
    try:
        assert lowest_level() == logging.ERROR + 1
    finally:
        logging.disable(logging.NOTSET)


def stderr_of(code: str) -> str:
    """Return what a program writes to its standard error."""
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, check=True
    ).stderr


def test_what_waits_is_written_before_the_program_ends() -> None:
    code = (
        "import logging, antiphon.zmq as zmq\n"
        "logging.basicConfig(level=logging.INFO, format='%(levelname)s:%(message)s')\n"
        "router = zmq.Context().socket(zmq.ROUTER)\n"
        "router.send_multipart([b'nobody', b'x'])\n"
    )
    wanted = "WARNING:! ROUTER dropped a message of 2 frames, 7 bytes: unknown-id\n"
    assert wanted in stderr_of(code)


def test_a_child_of_fork_has_lines_of_its_own() -> None:
    code = (
        "import logging, os, sys, antiphon.zmq as zmq\n"
        "logging.basicConfig(level=logging.INFO, format='%(process)d:%(message)s')\n"
        "def drop():\n"
        "    with zmq.Context() as context:\n"
        "        context.socket(zmq.ROUTER).send_multipart([b'nobody', b'x'])\n"
        "drop()\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    drop()\n"
        "    sys.exit()\n"
        "os.waitpid(child, 0)\n"
    )
    told = [line for line in stderr_of(code).splitlines() if "dropped" in line]
    assert len({line.partition(":")[0] for line in told}) == 2
