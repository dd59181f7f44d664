"""Runs example programs, bounded in time."""

import queue
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

__all__ = ("CHAPTER", "Program", "finish", "free_port", "run", "start")

CHAPTER = Path(__file__).parents[2] / "examples" / "chapter3"
_PATIENCE_S = 50


def start(name: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start a program; each of its lines can be read when it is printed."""
    command = [sys.executable, "-u", str(CHAPTER / f"{name}.py"), *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)


def finish(process: "subprocess.Popen[str]") -> list[str]:
    """Wait for a program to succeed, without complaints; returns the lines that it printed."""
    try:
        output, errors = process.communicate(timeout=_PATIENCE_S)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "")
    return output.splitlines()


def run(name: str, *arguments: object) -> list[str]:
    """Run a program to its end; returns the lines that it printed."""
    return finish(start(name, *arguments))


def free_port() -> int:
    """Return a port that nobody had a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Program:
    """A program that runs on while its lines are read."""

    def __init__(self, directory: Path, name: str, *arguments: object) -> None:
        command = [sys.executable, "-u", str(CHAPTER / f"{name}.py"), *map(str, arguments)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True, cwd=directory
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))

    def press_enter(self) -> None:
        """Press Enter."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def line(self, seconds: float = _PATIENCE_S) -> str | None:
        """Return the next line, or None if none comes in time."""
        with suppress(queue.Empty):
            return self._lines.get(timeout=seconds)
        return None

    def kill(self) -> None:
        """End it at once, as a crash does; it may have ended before."""
        self._process.kill()
        self._process.wait()
        self._reader.join(_PATIENCE_S)
        for file in (self._process.stdin, self._process.stdout):
            assert file is not None
            file.close()

    def interrupt(self) -> list[str]:
        """Press Ctrl-C; returns the lines that were left."""
        self._process.send_signal(signal.SIGINT)
        return self.rest()

    def rest(self) -> list[str]:
        """Return the lines that are left when it has ended."""
        assert self._process.wait(_PATIENCE_S) == 0
        self._reader.join(_PATIENCE_S)
        return list(self._lines.queue)
