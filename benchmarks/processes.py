"""Processes that a scenario starts, measures and ends."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psutil

from benchmarks.scenario import Unavailable

__all__ = (
    "INTERPRETED",
    "PROGRAMS",
    "compile_c",
    "cpu_seconds",
    "free_port",
    "output",
    "python",
    "running",
    "wait_for_port",
)

PROGRAMS = Path(__file__).parent / "programs"
_SOURCE = Path(__file__).parents[1] / "src"
#: The environment in which Python takes Antiphon from the source tree, which is not compiled.
INTERPRETED: Mapping[str, str] = {"PYTHONPATH": str(_SOURCE)}
_PATIENCE = 120.0


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def python(package: str, *arguments: str) -> list[str]:
    """Return the command that runs a Python program; raises Unavailable without ``package``."""
    if find_spec(package.partition(".")[0]) is None:
        message = f"{package} is not installed"
        raise Unavailable(message)
    return [sys.executable, *arguments]


@cache
def compile_c(name: str, library: str = "") -> str:
    """Compile ``programs/name.c`` and return the program's path; raises Unavailable."""
    flags: list[str] = []
    if shutil.which("cc") is None:
        message = "there is no C compiler"
        raise Unavailable(message)
    if library:
        query = ["pkg-config", "--cflags", "--libs", library]
        found = None
        if shutil.which("pkg-config"):
            found = subprocess.run(query, capture_output=True, text=True, check=False)
        if found is None or found.returncode:
            message = f"{library} is not installed (on Debian: apt-get install {library}3-dev)"
            raise Unavailable(message)
        flags = found.stdout.split()
    program = Path(tempfile.mkdtemp(prefix="antiphon-bench-")) / name
    source = PROGRAMS / f"{name}.c"
    subprocess.run(["cc", "-O2", "-Wall", str(source), "-o", str(program), *flags], check=True)
    return str(program)


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run ``command`` in the background, with its standard output as a pipe, for the block."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def output(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Run ``command`` to its end and return the JSON object that it prints."""
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
        timeout=_PATIENCE,
        check=True,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def wait_for_port(port: int, process: subprocess.Popen[str]) -> None:
    """Wait until ``process`` listens on ``port``; raises RuntimeError when it ends first."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            message = f"{process.args!r} ended with status {process.returncode}"
            raise RuntimeError(message)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    message = f"{process.args!r} does not listen on port {port}"
    raise RuntimeError(message)


def cpu_seconds(process: subprocess.Popen[str]) -> float:
    """Return the user and system time of ``process``, with all its threads."""
    times = psutil.Process(process.pid).cpu_times()
    return float(times.user + times.system)
