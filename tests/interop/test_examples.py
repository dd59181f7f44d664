"""The examples of chapter 3 beside a peer made of bare sockets: the frames on the wire."""

import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from tests.waiting import until

from .programs import Process, Programs, finish
from .raw import RawPeer, message

CHAPTER = Path(__file__).parents[2] / "examples" / "chapter3"


def start(programs: Programs, name: str, *arguments: object) -> Process:
    """Start an example."""
    return programs.start(sys.executable, CHAPTER / f"{name}.py", *map(str, arguments))


def free_port() -> int:
    """Return a port that nobody had a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def dial(port: int) -> RawPeer:
    """Connect to a program that is about to listen."""
    peers: list[RawPeer] = []

    def listens() -> bool:
        with suppress(ConnectionRefusedError):
            peers.append(RawPeer.dial(f"tcp://127.0.0.1:{port}"))
        return bool(peers)

    until(listens)
    return peers[0]


def test_a_client_and_a_worker_of_the_broker(programs: Programs) -> None:
    front, back = free_port(), free_port()
    endpoints = (f"tcp://127.0.0.1:{front}", f"tcp://127.0.0.1:{back}")
    program = start(programs, "lbbroker3", *endpoints, "--clients", 0, "--workers", 0)
    with dial(back) as worker, dial(front) as client:
        worker.shake_hands(b"REQ", b"WORKER")
        client.shake_hands(b"REQ", b"CLIENT")
        worker.send(message([b"", b"\x01"]))
        client.send(message([b"", b"HELLO"]))
        task = b"\x01\x00" + b"\x01\x06CLIENT" + b"\x01\x00" + b"\x00\x05HELLO"
        assert worker.read(len(task)) == task
        worker.send(message([b"", b"CLIENT", b"", b"OK"]))
        assert client.read(6) == b"\x01\x00" + b"\x00\x02OK"
        program.send_signal(signal.SIGINT)
        assert finish(program) == "The end: Ctrl-C\n"


def test_a_client_of_the_asynchronous_server(programs: Programs) -> None:
    port = free_port()
    timing = ("--clients", 1, "--seconds", 3, "--slowest", 0.01, "--expiry", 0.2)
    program = start(programs, "asyncsrv", f"tcp://127.0.0.1:{port}", *timing)
    with dial(port) as client:
        client.shake_hands(b"DEALER", b"RAW")
        client.send(message([b"Hello"]) * 20)
        assert client.read(7) == b"\x00\x05Hello"
    assert "Server: RAW is forgotten after 20 requests" in finish(program)
