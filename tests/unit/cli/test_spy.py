"""The spy between peers of libzmq, and over a capture of tcpdump."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import zmq as libzmq

from .conftest import Program

CAPTURE = Path(__file__).parents[1] / "observe" / "captures" / "tcpdump-lo.pcap"

Start = Callable[..., Program]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "antiphon", "spy", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


def test_a_conversation_between_two_peers(start: Start) -> None:
    context = libzmq.Context()
    with context, context.socket(libzmq.REP) as rep, context.socket(libzmq.REQ) as req:
        for socket in (rep, req):
            socket.linger = 0
            socket.rcvtimeo = 10_000
        port = rep.bind_to_random_port("tcp://127.0.0.1")
        program = start(
            "spy", "--json", "--listen", "tcp://127.0.0.1:*", "--connect", f"tcp://127.0.0.1:{port}"
        )
        req.connect(program.complaint().partition("connect to ")[2])
        req.send(b"Hello")
        assert rep.recv() == b"Hello"
        rep.send(b"World")
        assert req.recv() == b"World"
        records: list[dict[str, object]] = []
        while len(records) < 7:
            records.append(json.loads(program.line()))
    kinds = [str(record["kind"]) for record in records]
    assert kinds[0] == "opened"
    assert sorted(kinds[1:5]) == ["command", "command", "greeting", "greeting"]
    request, reply = records[5:]
    assert (request["direction"], request["body"]) == ("out", [b"Hello".hex()])
    assert (reply["direction"], reply["body"]) == ("in", [b"World".hex()])
    assert reply["delimiter"]
    assert isinstance(reply["gap"], float)
    program.popen.terminate()
    assert program.await_end()[0] == 0


def test_a_capture_is_drawn_line_by_line() -> None:
    done = run("--read", str(CAPTURE))
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert "> 127.0.0.1:7001" in lines[0]
    assert any(line.endswith("#1 > [000] | [005] Hello") for line in lines)
    assert any("#1 < [000] | [005] World  (" in line for line in lines)
    assert any("#2 > encrypted INITIATE" in line for line in lines)
    assert "\x1b" not in done.stdout


def test_connections_to_another_port_are_left_out() -> None:
    done = run("--read", str(CAPTURE), "--port", "7002")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no connection to port 7002" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--listen and --connect, or --read"),
        (["--listen", "tcp://*:1"], "--listen and --connect, or --read"),
        (["--read", __file__], "tcpdump -w"),
        (["--read", "/nowhere"], "/nowhere cannot be read"),
        (["--read", str(CAPTURE), "--listen", "tcp://*:1"], "--read"),
        (["--listen", "tcp://*:1", "--connect", "tcp://*"], "--connect takes an endpoint"),
        (["--listen", "tcp://192.0.2.1:1", "--connect", "tcp://x:1"], "tcp://192.0.2.1:1"),
    ],
)
def test_wrong_use_is_one_line(arguments: list[str], words: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = [sys.executable, "-m", "antiphon", "spy", "--read", str(CAPTURE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.readline()
        program.stdout.close()
        assert program.stderr.read() == b""
        assert program.wait(20) in (0, 1)
