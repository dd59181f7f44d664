"""A program in a process of its own, and what it prints."""

import importlib.util
import os
import queue
import subprocess
import threading
from pathlib import Path

import pytest

__all__ = ("Program", "require")

PATIENCE = 60


class Program:
    """A program and the lines that it prints, read while it runs so that it never waits."""

    def __init__(self, *command: str, directory: Path, environment: dict[str, str]) -> None:
        self._popen = subprocess.Popen(
            command,
            cwd=directory,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._arrived: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self._popen.stdout is not None
        with self._popen.stdout as stream:
            for line in stream:
                self._arrived.put(line.rstrip("\n"))
        self._arrived.put(None)

    def line_with(self, text: str) -> str:
        """Return the next line that has a text in it."""
        while (line := self._arrived.get(timeout=PATIENCE)) is not None:
            self.lines.append(line)
            if text in line:
                return line
        raise AssertionError(f"no line has {text!r}: {self.text()}")

    def succeed(self) -> str:
        """Wait for the program to end with status 0; returns all that it printed."""
        status = self._popen.wait(PATIENCE)
        self._thread.join(PATIENCE)
        while (line := self._arrived.get(timeout=PATIENCE)) is not None:
            self.lines.append(line)
        assert status == 0, self.text()
        return self.text()

    def text(self) -> str:
        """Return what was printed, as far as it was looked at."""
        return "\n".join(self.lines)

    def end(self) -> None:
        """Kill it if it still runs."""
        if self._popen.poll() is None:
            self._popen.kill()
        self._popen.wait(PATIENCE)
        self._thread.join(PATIENCE)


def require(*modules: str) -> None:
    """Fail a file of tests where the programs are not installed.

    They are not imported: locust has gevent patch the standard library.
    """
    for module in modules:
        if importlib.util.find_spec(module) is None:
            pytest.fail(f"{module} is missing: make test installs it", pytrace=False)
