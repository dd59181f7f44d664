"""``antiphon broker`` in a process of its own, with sockets of this process around it."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import antiphon.zmq as zmq
from antiphon.cli.broker import draw_frames

ANYWHERE = "tcp://127.0.0.1:*"
SIDES = ("--frontend", ANYWHERE, "--backend", ANYWHERE)

Start = Callable[..., Any]
Run = Callable[..., tuple[int, list[str], list[str]]]


def endpoints(program: Any) -> tuple[str, str]:
    return program.line().removeprefix("frontend "), program.line().removeprefix("backend ")


def connect(context: zmq.Context, endpoint: str, name: bytes) -> zmq.Socket:
    socket = context.socket(zmq.REQ)
    socket.routing_id = name
    socket.connect(endpoint)
    return socket


def in_flight(context: zmq.Context, frontend: str, backend: str) -> tuple[Any, Any, list[bytes]]:
    """Return a client, a worker, and the client's request, which the worker works on."""
    worker = connect(context, backend, b"WORKER")
    worker.send(b"READY")
    client = connect(context, frontend, b"CLIENT")
    client.send(b"Hello")
    return client, worker, worker.recv_multipart()


def exchange(context: zmq.Context, frontend: str, backend: str) -> tuple[Any, Any]:
    client, worker, request = in_flight(context, frontend, backend)
    worker.send_multipart([*request[:2], b"OK"])
    assert client.recv() == b"OK"
    return client, worker


def test_the_environment_has_each_hop_logged(
    start: Start, context: zmq.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as environment:
        environment.setenv("ANTIPHON_TRACE", "1")
        program = start("broker", *SIDES)
    exchange(context, *endpoints(program))
    program.popen.terminate()
    status, _, complaints = program.await_end()
    hops = [line.split(" ", 3)[3] for line in complaints if "end " in line]
    assert status == 0
    assert hops == [
        "<- backend [006] WORKER | [000] | [005] READY",
        "<- frontend [006] CLIENT | [000] | [005] Hello",
        "-> backend [006] WORKER | [000] | [006] CLIENT [000] [005] Hello",
        "<- backend [006] WORKER | [000] | [006] CLIENT [000] [002] OK",
        "-> frontend [006] CLIENT | [000] | [002] OK",
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_broker_ends_at_once_and_silently(start: Start, number: signal.Signals) -> None:
    program = start("broker", *SIDES)
    endpoints(program)
    program.popen.send_signal(number)
    assert program.await_end() == (0, [], [])


def test_a_signal_says_what_it_waits_for_and_lets_it_finish(
    start: Start, context: zmq.Context
) -> None:
    program = start("broker", *SIDES, "--backlog", "1", "--stats", "--json")
    frontend, backend = endpoints(program)
    client, worker, request = in_flight(context, frontend, backend)
    other = connect(context, frontend, b"OTHER")
    other.send(b"Hello")
    while not json.loads(program.line())["waiting"]:
        pass
    program.popen.terminate()
    assert program.complaint() == (
        "antiphon broker: SIGTERM: requests may finish (in flight 1, waiting 1); "
        "a second signal forces the end"
    )
    worker.send_multipart([*request[:2], b"first"])
    request = worker.recv_multipart()
    worker.send_multipart([*request[:2], b"second"])
    assert client.recv() == b"first"
    assert other.recv() == b"second"
    status, _, complaints = program.await_end()
    assert (status, complaints) == (0, [])


def test_the_second_signal_forces_the_end(start: Start, context: zmq.Context) -> None:
    program = start("broker", *SIDES)
    client, worker, _ = in_flight(context, *endpoints(program))
    program.popen.terminate()
    assert "(in flight 1, waiting 0)" in program.complaint()
    program.popen.terminate()
    assert program.await_end() == (1, [], [])
    assert not client.closed
    assert not worker.closed


def test_stats_are_a_line_of_figures(start: Start, context: zmq.Context) -> None:
    program = start("broker", *SIDES, "--stats")
    peers = exchange(context, *endpoints(program))
    line = program.line()
    while "requests 1/s" not in line:
        line = program.line()
    assert line == (
        "requests 1/s  replies 1/s  in flight 0  waiting 0  queued 0  workers 1 (1 idle)  "
        "clients 1  retried 0  lost 0  dropped 0"
    )
    assert program.line().startswith("requests 0/s  replies 0/s ")
    assert not any(peer.closed for peer in peers), "they are to stay until here"


def test_stats_can_be_json_and_count_what_is_queued(start: Start, context: zmq.Context) -> None:
    program = start("broker", *SIDES, "--stats", "--json")
    frontend, _ = endpoints(program)
    client = connect(context, frontend, b"CLIENT")
    client.send(b"Hello")
    figures = json.loads(program.line())
    while not figures["queued"]:
        figures = json.loads(program.line())
    assert figures["clients"] == figures["queued"] == 1
    assert figures["requests"] == figures["waiting"] == figures["in_flight"] == 0
    assert figures["dropped"] == {}


def test_trace_draws_the_four_hops_of_a_request(start: Start, context: zmq.Context) -> None:
    program = start("broker", *SIDES, "--trace", "1")
    frontend, backend = endpoints(program)
    exchange(context, frontend, backend)
    assert [program.line() for _ in range(4)] == [
        "frontend in  [CLIENT |  | Hello]",
        "backend out  [WORKER |  | CLIENT |  | Hello]",
        "backend in   [WORKER |  | CLIENT |  | OK]",
        "frontend out [CLIENT |  | OK]",
    ]
    program.popen.terminate()
    assert program.await_end()[:2] == (0, [])


def test_trace_ends_after_so_many_and_can_be_json(start: Start, context: zmq.Context) -> None:
    program = start("broker", *SIDES, "--trace", "1", "--json")
    frontend, backend = endpoints(program)
    client, worker, request = in_flight(context, frontend, backend)
    for body in (b"\x00\xff", b"READY"):
        worker.send_multipart([*request[:2], body])
        assert client.recv() == body
        client.send(b"READY")
        request = worker.recv_multipart()
    hops = [json.loads(program.line()) for _ in range(4)]
    assert [hop["hop"] for hop in hops] == [
        "frontend in",
        "backend out",
        "backend in",
        "frontend out",
    ]
    assert hops[3]["frames"] == ["CLIENT", "", "00FF"]
    program.popen.kill()
    assert program.await_end()[1] == []


def test_ipc_endpoints_work_and_leave_no_file(
    start: Start, context: zmq.Context, tmp_path: Path
) -> None:
    sides = [f"ipc://{tmp_path}/{name}" for name in ("clients", "workers")]
    program = start("broker", "--frontend", sides[0], "--backend", sides[1])
    assert list(endpoints(program)) == sides
    exchange(context, sides[0], sides[1])
    program.popen.terminate()
    assert program.await_end()[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_a_busy_port_is_one_line_that_names_it(
    start: Start, run: Run, context: zmq.Context
) -> None:
    busy = context.socket(zmq.REP)
    busy.bind(ANYWHERE)
    endpoint = busy.last_endpoint.decode()
    status, lines, complaints = run("broker", "--frontend", ANYWHERE, "--backend", endpoint)
    assert (status, lines) == (2, [])
    assert len(complaints) == 1
    assert complaints[0].startswith("antiphon broker: Address")
    assert endpoint in complaints[0]


def test_frames_are_drawn_as_text_or_as_digits() -> None:
    assert draw_frames([b"", b"Hello", b"\x00\x80", b"\n"]) == ["", "Hello", "0080", "0A"]
