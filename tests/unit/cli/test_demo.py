"""``antiphon demo`` as a user starts it, and stops it."""

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import psutil
import pytest

Start = Callable[..., Any]
Run = Callable[..., tuple[int, list[str], list[str]]]

SMALL = ("demo", "--clients", "2", "--workers", "3", "--requests", "20")
ENDLESS = ("demo", "--clients", "2", "--workers", "3", "--requests", "1000000")
#: A broker, workers and clients.
ALL = 1 + 3 + 2


def runs(process: psutil.Process) -> bool:
    try:
        # Where nobody collects orphans they stay as zombies.
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def await_end_of_all(family: list[psutil.Process]) -> None:
    for process in family:
        while runs(process):
            pass


def test_the_demo_loses_no_request_though_a_worker_is_killed(run: Run) -> None:
    status, lines, complaints = run(*SMALL, "--json")
    assert (status, complaints) == (0, [])
    report = json.loads("".join(lines))
    assert report["requests"] == report["replies"] == 41
    assert report["lost"] == 0
    assert report["killed"] == "worker-2"
    assert sum(report["served"].values()) == 40
    assert report["latency_ms"]["p50"] > 0
    hops = {hop["hop"]: hop["frames"] for hop in report["hops"]}
    assert hops["frontend in"] == ["CLIENT", "", "Hello"]
    assert hops["backend out"] == ["WORKER", "", "CLIENT", "", "Hello"]
    assert hops["worker gets"] == ["CLIENT", "", "Hello"]
    assert hops["frontend out"] == ["CLIENT", "", "OK WORKER"]


def test_the_demo_is_plain_when_piped(run: Run) -> None:
    status, lines, complaints = run(*SMALL)
    assert (status, complaints) == (0, [])
    assert not any("\x1b" in line for line in lines)
    assert any(line.startswith("killed worker-2 (SIGKILL) after ") for line in lines)
    assert lines[-1].endswith(": no request was lost.")


def test_the_demo_shows_its_progress_in_a_terminal() -> None:
    outer, inner = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "90", "LINES": "30"}
    demo = subprocess.Popen(
        [sys.executable, "-m", "antiphon", *SMALL],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        env=environment,
    )
    os.close(inner)
    shown = b""
    try:
        while chunk := os.read(outer, 65536):
            shown += chunk
    except OSError:
        pass  # how the end of a terminal looks
    os.close(outer)
    assert demo.wait(20) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert "starting" in text
    assert "/40" in text
    assert "killed worker-2" in text
    assert text.rstrip().endswith("no request was lost.")


@pytest.mark.parametrize(("number", "count"), [(signal.SIGINT, 1), (signal.SIGTERM, ALL)])
def test_a_signal_ends_the_demo_and_all_its_processes(
    start: Start, number: signal.Signals, count: int
) -> None:
    program = start(*ENDLESS)
    family = program.await_children(count)
    # Ctrl-C in a terminal reaches only the demo: the others are in sessions of their own.
    assert all(os.getsid(child.pid) == child.pid for child in family)
    program.popen.send_signal(number)
    status, _, complaints = program.await_end()
    assert status == 128 + number
    assert complaints == [f"antiphon demo: stopped by {number.name}; nothing is left running"]
    await_end_of_all(family)


def test_the_processes_of_a_demo_that_was_killed_end_silently(start: Start) -> None:
    program = start(*ENDLESS)
    family = program.await_children(ALL)
    program.popen.kill()
    await_end_of_all(family)
    # They have had the same stderr.
    assert program.await_end()[2] == []


def member(family: list[psutil.Process], name: str) -> psutil.Process | None:
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            if name in process.cmdline():
                return process
    return None


@pytest.mark.parametrize(
    ("name", "number"), [("worker-3", signal.SIGTERM), ("broker", signal.SIGKILL)]
)
def test_the_demo_says_who_has_died(start: Start, name: str, number: signal.Signals) -> None:
    program = start(*ENDLESS)
    family = program.await_children(ALL)
    while (victim := member(family, name)) is None:
        family = program.await_children(ALL)
    victim.send_signal(number)
    status, _, complaints = program.await_end()
    assert status == 1
    assert complaints == [f"antiphon demo: {name} has ended unexpectedly: killed by {number.name}"]
    await_end_of_all(family)
