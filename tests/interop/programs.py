"""Programs that take part in a test: compiled C peers, and the broker."""

import os
import selectors
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from .peers import PATIENCE_MS

__all__ = ("Programs", "compile_c", "finish", "next_line")

_PATIENCE_S = PATIENCE_MS / 1000
_SOURCES = Path(__file__).parent / "c"
_MISSING = "{} is missing: install a C compiler, pkg-config and libzmq's headers"
_MISSING_ON_DEBIAN = " (apt-get install gcc pkg-config libzmq3-dev)"

Process = subprocess.Popen[str]


def compile_c(name: str, directory: Path) -> Path:
    """Compile ``c/name.c`` against the system's libzmq; a missing tool fails the test."""
    for tool in ("cc", "pkg-config"):
        if shutil.which(tool) is None:
            pytest.fail(_MISSING.format(tool) + _MISSING_ON_DEBIAN)
    query = ["pkg-config", "--cflags", "--libs", "libzmq"]
    found = subprocess.run(query, capture_output=True, text=True)
    if found.returncode:
        pytest.fail(_MISSING.format("libzmq") + _MISSING_ON_DEBIAN)
    program = directory / name
    strict = ["cc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror"]
    compiler = [*strict, str(_SOURCES / f"{name}.c"), "-o", str(program), *found.stdout.split()]
    compiled = subprocess.run(compiler, capture_output=True, text=True)
    if compiled.returncode:
        pytest.fail(f"{' '.join(compiler)}\n{compiled.stderr}")
    return program


class Programs:
    """Starts programs, and ends those that are left."""

    def __init__(self) -> None:
        self._started: list[Process] = []

    def start(self, *command: str | Path) -> Process:
        """Start a program with pipes for what it prints."""
        pipe = subprocess.PIPE
        words = [str(word) for word in command]
        process = Process(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        self._started.append(process)
        return process

    def end(self) -> None:
        """Kill what still runs."""
        for process in self._started:
            process.kill()
            process.communicate()


def finish(process: Process) -> str:
    """Wait for a program to succeed; returns what it printed."""
    output, errors = process.communicate(timeout=2 * _PATIENCE_S)
    assert process.returncode == 0, errors
    return output


def next_line(process: Process) -> str:
    """Return the next line that a running program prints; fails with its last words if it ends."""
    assert process.stdout is not None
    line = b""
    deadline = time.monotonic() + 2 * _PATIENCE_S
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(deadline - time.monotonic()):
                pytest.fail(f"no line came from {process.args!r}")
            octet = os.read(process.stdout.fileno(), 1)
            if not octet:
                _, errors = process.communicate()
                pytest.fail(f"{process.args!r} ended with {process.returncode}: {errors}")
            line += octet
    return line.decode().rstrip("\n")
