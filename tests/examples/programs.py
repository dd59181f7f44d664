"""Runs example programs, bounded in time."""

import socket
import subprocess
import sys
from pathlib import Path

__all__ = ("CHAPTER", "finish", "free_port", "run", "start")

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
