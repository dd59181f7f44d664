"""The program as a user starts it, in processes of its own that do not outlive a test."""

import contextlib
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import psutil
import pytest

import antiphon.zmq as zmq

PATIENCE = 20


class Program:
    """``antiphon`` with arguments; its lines are read while it runs, so that it never waits."""

    def __init__(self, arguments: tuple[str, ...]) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "antiphon", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self.complaints: queue.Queue[str] = queue.Queue()
        self._threads = [
            threading.Thread(target=self._read, args=("stdout", self.lines)),
            threading.Thread(target=self._read, args=("stderr", self.complaints)),
        ]
        for thread in self._threads:
            thread.start()

    def _read(self, name: str, lines: "queue.Queue[str]") -> None:
        with getattr(self.popen, name) as stream:
            for line in stream:
                lines.put(line.rstrip("\n"))

    def line(self) -> str:
        return self.lines.get(timeout=PATIENCE)

    def complaint(self) -> str:
        return self.complaints.get(timeout=PATIENCE)

    def await_end(self) -> tuple[int, list[str], list[str]]:
        """Return the exit status, and what has been printed on stdout and stderr and not read."""
        status = self.popen.wait(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
        return status, list(self.lines.queue), list(self.complaints.queue)

    def await_children(self, count: int) -> list[psutil.Process]:
        """Return the processes that it has started, once there are so many."""
        own = psutil.Process(self.popen.pid)
        while len(children := own.children(recursive=True)) < count:
            # Looking costs the processor time that they need to start.
            with contextlib.suppress(subprocess.TimeoutExpired):
                raise AssertionError(f"it has ended before: {self.popen.wait(0.02)}")
        return children

    def kill(self) -> None:
        family = [psutil.Process(self.popen.pid)] if self.popen.poll() is None else []
        family += [child for process in family for child in process.children(recursive=True)]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.await_end()


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    programs: list[Program] = []

    def start(*arguments: str) -> Program:
        programs.append(Program(arguments))
        return programs[-1]

    yield start
    for program in programs:
        program.kill()


@pytest.fixture
def run(start: Callable[..., Program]) -> Callable[..., tuple[int, list[str], list[str]]]:
    return lambda *arguments: start(*arguments).await_end()


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    context = zmq.Context()
    context.linger = 0
    context.rcvtimeo = context.sndtimeo = PATIENCE * 1000
    yield context
    context.destroy(0)
