"""Processes that a scenario starts, measures and ends."""

import json
import os
import shutil
import socket
import subprocess
import sys
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
    "ROOT",
    "between",
    "compile_c",
    "cpu_seconds",
    "first_line",
    "free_port",
    "output",
    "program",
    "python",
    "running",
    "wait_for_port",
)

ROOT = Path(__file__).parents[1]
_PROGRAMS = Path(__file__).parent / "programs"
#: Where compiled programs are kept from run to run.
_COMPILED = ROOT / "build" / "benchmarks"
#: The environment in which Python takes Antiphon from the source tree, which is not compiled.
INTERPRETED: Mapping[str, str] = {"PYTHONPATH": str(ROOT / "src")}
_PATIENCE = 120.0
_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


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


def program(package: str, name: str, *arguments: str) -> list[str]:
    """Return the command that runs one of ``programs/``; raises Unavailable without ``package``."""
    return python(package, "-m", f"benchmarks.programs.{name}", *arguments)


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
    made = _COMPILED / name
    source = _PROGRAMS / f"{name}.c"
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        made.parent.mkdir(parents=True, exist_ok=True)
        fresh = made.with_suffix(f".{os.getpid()}")
        subprocess.run(["cc", "-O2", "-Wall", str(source), "-o", str(fresh), *flags], check=True)
        fresh.replace(made)
    return str(made)


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    """Return the environment of a program: where bytecode is not kept, importing takes twice."""
    inherited = {key: value for key, value in os.environ.items() if key != _NO_BYTECODE}
    return {**inherited, **(more or {})}


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run ``command`` in the background, with its standard output as a pipe, for the block."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=_environment(environment)
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
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    servers: Sequence[subprocess.Popen[str]] = (),
) -> dict[str, float]:
    """Run ``command`` to its end and return the JSON object that it prints.

    It is told of ``servers``, whose CPU counts as its own.
    """
    told = {"BENCHMARK_SERVERS": " ".join(str(each.pid) for each in servers)}
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=_environment({**(environment or {}), **told}),
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


def first_line(process: subprocess.Popen[str]) -> str:
    """Return the line with which a program says that it is ready, such as its endpoint."""
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        message = f"{process.args!r} ended with status {process.wait(_PATIENCE)}"
        raise RuntimeError(message)
    return line


def between(
    command: Sequence[str],
    requests: int,
    size: int,
    more: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> dict[str, float]:
    """Run a program as server and as client; returns the figures, with the CPU of both."""
    with running([*command, "server", str(size)], environment) as server:
        client = [*command, "client", first_line(server), str(requests), str(size), *more]
        return output(client, environment, (server,))
