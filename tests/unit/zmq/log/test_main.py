"""python -m antiphon.zmq.log: what a subscriber is shown."""

import logging
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess

import pytest

import antiphon.zmq as zmq
from antiphon.zmq.log.handlers import PUBHandler

PATIENCE_MS = 20_000


@pytest.fixture
def publisher() -> Iterator[zmq.Socket]:
    with zmq.Context() as context:
        socket = context.socket(zmq.XPUB, rcvtimeo=PATIENCE_MS, linger=0)
        socket.bind("tcp://127.0.0.1:*")
        yield socket


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ([], ["root.INFO | hi", "root.WARNING | careful"]),
        (["--separator", ": "], ["root.INFO: hi", "root.WARNING: careful"]),
        (["--timestamp", "--dateformat", "now"], ["now | root.INFO | hi", "now | root.WARNING"]),
        (["--color"], ["root.INFO | hi", "\x1b[33mroot.WARNING | careful\x1b[0m"]),
        (["-t", "root.W"], ["root.WARNING | careful"]),
        (["--align", "-t", "root.W", "-t", "root.I"], ["root.INFO | hi", "root.WARNING | careful"]),
    ],
)
def test_records_are_shown_until_ctrl_c(
    publisher: zmq.Socket, options: list[str], lines: list[str]
) -> None:
    handler = PUBHandler(publisher, root_topic="root")
    handler.setFormatter(None)
    logger = logging.Logger("test", 1)  # noqa: LOG001
    logger.addHandler(handler)
    command = [sys.executable, "-m", "antiphon.zmq.log", publisher.LAST_ENDPOINT.decode(), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        for _ in range(max(1, options.count("-t"))):
            publisher.recv()
        logger.info("hi")
        logger.warning("careful")
        assert program.stdout is not None
        for line in lines:
            assert program.stdout.readline().rstrip("\n").startswith(line)
        program.send_signal(signal.SIGINT)
        assert program.wait(PATIENCE_MS / 1000) == 0


def test_wrong_use(run_python: Callable[..., CompletedProcess[str]]) -> None:
    for arguments in ([], ["nowhere"]):
        done = run_python("-m", "antiphon.zmq.log", *arguments)
        assert done.returncode == 2
        assert "usage:" in done.stderr
