"""The load-balancing broker three times, and the asynchronous server."""

import re
import signal
from collections import Counter

import pytest
from asyncsrv import Clients

import antiphon.zmq as zmq
from tests.waiting import until

from .conftest import Endpoints
from .programs import finish, free_port, run, start


def test_ten_clients_three_workers(endpoint: Endpoints) -> None:
    lines = run("lbbroker", endpoint("front"), endpoint("back"))
    assert Counter(lines) == {"Client: OK": 10, "Worker: HELLO": 10}


def test_the_frames_at_each_socket_are_the_chapters(endpoint: Endpoints) -> None:
    counts = ("--clients", 1, "--workers", 1)
    lines = run("lbbroker", endpoint("front"), endpoint("back"), *counts, "--trace")
    client, worker = "    [008] CLIENT-0", "    [008] WORKER-0"
    empty, hello, done = "    [000] ", "    [005] HELLO", "    [002] OK"
    spoken = [line for line in lines if line.startswith(("Client", "Worker"))]
    assert sorted(spoken) == ["Client: OK", "Worker: HELLO"]
    assert [line for line in lines if line not in spoken] == [
        *("backend in", worker, empty, "    [005] READY"),
        *("frontend in", client, empty, hello),
        *("backend out", worker, empty, client, empty, hello),
        *("backend in", worker, empty, client, empty, done),
        *("frontend out", client, empty, done),
    ]


def test_the_same_with_messages(endpoint: Endpoints) -> None:
    assert run("lbbroker2", endpoint("front"), endpoint("back")) == ["Client: OK"] * 10


def test_the_same_on_a_loop(endpoint: Endpoints) -> None:
    timing = ("--interval", 0.05, "--seconds", 0.5)
    lines = run("lbbroker3", endpoint("front"), endpoint("back"), *timing)
    # A client may print its last reply later.
    lines.remove("The end: a handler has called stop()")
    assert set(lines) == {"Client: OK"}
    assert len(lines) >= 20


@pytest.mark.parametrize(
    ("name", "words"), [("lbbroker2", ["Interrupted"]), ("lbbroker3", ["The end: Ctrl-C"])]
)
def test_ctrl_c_ends_it_while_clients_wait(name: str, words: list[str]) -> None:
    front = f"tcp://127.0.0.1:{free_port()}"
    program = start(name, front, "inproc://back", "--workers", 0)
    with zmq.Context() as context, context.socket(zmq.DEALER) as peer:
        peer.linger = 0
        peer.connect(front)
        until(lambda: any(found.connected for found in peer.peers()))
        program.send_signal(signal.SIGINT)
        assert finish(program) == words


@pytest.mark.parametrize("name", ["rtreq", "rtdealer", "rtmixed", "asyncsrv"])
def test_ctrl_c_ends_it_while_its_threads_and_tasks_wait(name: str) -> None:
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    program = start(name, endpoint, "--seconds", 600)
    with zmq.Context() as context, context.socket(zmq.DEALER) as peer:
        peer.linger = 0
        peer.connect(endpoint)
        until(lambda: any(found.connected for found in peer.peers()))
        program.send_signal(signal.SIGINT)
        try:
            _, errors = program.communicate(timeout=20)
        finally:
            program.kill()
            program.wait()
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert "SocketClosed" not in errors


def test_the_asynchronous_server_forgets_who_is_silent(endpoint: Endpoints) -> None:
    timing = ("--seconds", 0.5, "--tick", 0.05, "--slowest", 0.02, "--expiry", 0.4)
    lines = run("asyncsrv", endpoint("async"), *timing)
    assert lines.pop() == "Server: nobody is left"
    forgotten = [line for line in lines if line.startswith("Server: ")]
    names = {line.split()[1] for line in forgotten}
    assert len(names) == len(forgotten) == 3
    for line in forgotten:
        assert re.fullmatch(r"Server: [0-9A-F]{4}-[0-9A-F]{4} is forgotten after 10 requests", line)
    replies = [line for line in lines if line not in forgotten]
    assert replies
    for line in replies:
        name, _, size, text = re.split(r"(\[(\d+)\] )", line)
        assert name in names
        assert re.fullmatch(r"request #\d+", text)
        assert int(size) == len(text)


def test_who_comes_and_goes_leaves_nothing() -> None:
    """However many there have been, only those of the last moment are known (A7)."""
    clients = Clients(expiry=2.0)
    gone: list[tuple[bytes, int]] = []
    for number in range(1000):
        for _ in range(2):
            clients.heard_of(b"%d" % number, now=number * 0.5)
        gone += clients.forget(now=number * 0.5)
        assert len(clients.known) <= 4
    gone += clients.forget(now=1000.0)
    assert clients.known == {}
    assert gone == [(b"%d" % number, 2) for number in range(1000)]


def test_no_state_is_left_of_many_clients() -> None:
    timing = ("--clients", 100, "--seconds", 0.5, "--tick", 0.25, "--slowest", 0.001)
    lines = run("asyncsrv", "tcp://127.0.0.1:*", *timing, "--expiry", 1)
    assert sum("is forgotten after 2 requests" in line for line in lines) == 100
    assert lines[-1] == "Server: nobody is left"
