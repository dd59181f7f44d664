"""Locust: a master and two workers share the load, by ROUTER and DEALER in gevent's greenlets."""

import csv
import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

import antiphon.zmq as zmq

from .started import require

require("locust")

LOCUSTFILE = """\
import os
import zmq.green
from locust import HttpUser, constant, events, runners, task

runners.WORKER_REPORT_INTERVAL = 0.2


class Visitor(HttpUser):
    wait_time = constant(0.02)

    @task
    def visit(self):
        self.client.get("/", headers={"Worker": os.environ.get("WORKER", "")})


@events.init.add_listener
def show(environment, **_):
    # In one piece: the log goes to the same place.
    print(f"runs on {zmq.green.Context.__module__}\\n", end="", flush=True)
"""


class Server(socketserver.ThreadingTCPServer):
    """Counts the requests of each worker."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: dict[str, int] = {}
        self.lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        worker = self.headers["Worker"]
        with self.server.lock:
            self.server.requests[worker] = self.server.requests.get(worker, 0) + 1
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def free_port() -> int:
    with zmq.Context() as context, context.socket(zmq.REP) as socket:
        return socket.bind_to_random_port("tcp://127.0.0.1")


@pytest.mark.timeout(120)
def test_a_master_and_two_workers(
    start: Callable[..., Any], server: Server, tmp_path: Path
) -> None:
    (tmp_path / "locustfile.py").write_text(LOCUSTFILE)
    port = str(free_port())
    locust = ("-m", "locust", "-f", "locustfile.py")
    master = start(
        *(*locust, "--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port),
        *("--headless", "--expect-workers", "2", "--users", "4", "--spawn-rate", "10"),
        *("--run-time", "3s", "--only-summary", "--csv", "report"),
        *("--host", f"http://127.0.0.1:{server.server_address[1]}"),
    )
    workers = [
        start(
            *(*locust, "--worker", "--master-host", "127.0.0.1", "--master-port", port),
            WORKER=name,
        )
        for name in ("first", "second")
    ]
    printed = master.succeed()
    assert "runs on antiphon.zmq.green" in printed
    assert len(re.findall(r"reported as ready", printed)) == 2
    for worker in workers:
        assert "Got quit message from master" in worker.succeed()
    assert set(server.requests) == {"first", "second"}
    assert min(server.requests.values()) > 10
    with (tmp_path / "report_stats.csv").open(newline="") as file:
        total = next(row for row in csv.DictReader(file) if row["Name"] == "Aggregated")
    assert int(total["Failure Count"]) == 0
    # What a worker reports at the very end, the master may not wait for.
    assert 0.5 * sum(server.requests.values()) < int(total["Request Count"])
    assert int(total["Request Count"]) <= sum(server.requests.values())
