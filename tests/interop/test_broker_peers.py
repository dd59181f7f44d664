"""The load-balancing broker as a program, with clients and workers made of libzmq (L2 to L8)."""

import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import zmq as libzmq

from .peers import PATIENCE_MS, Socket, Sockets
from .programs import Process, Programs, finish, next_line

pytestmark = pytest.mark.timeout(30)

ANY_PORT = "tcp://127.0.0.1:*"


class Broker(NamedTuple):
    """A running broker."""

    process: Process
    frontend: str
    backend: str


def start_broker(programs: Programs, frontend: str = ANY_PORT, backend: str = ANY_PORT) -> Process:
    """Start the broker as a user does."""
    command = [sys.executable, "-m", "antiphon", "broker"]
    return programs.start(*command, "--frontend", frontend, "--backend", backend)


@pytest.fixture
def broker(programs: Programs) -> Broker:
    """Give a broker that is ready, on two free ports."""
    process = start_broker(programs)
    words = [next_line(process).split() for _ in range(2)]
    assert [label for label, _ in words] == ["frontend", "backend"]
    endpoints = [endpoint for _, endpoint in words]
    assert all(endpoint.startswith("tcp://127.0.0.1:") for endpoint in endpoints)
    return Broker(process, *endpoints)


def delimiter_of(kind: str) -> list[bytes]:
    """Return what an application puts in front of a message itself: a DEALER, the delimiter."""
    return [b""] if kind == "DEALER" else []


class Client:
    """A libzmq client of the broker."""

    def __init__(self, sockets: Sockets, broker: Broker, kind: str) -> None:
        self._delimiter = delimiter_of(kind)
        self.socket = sockets.peer(kind)
        self.socket.connect(broker.frontend)

    def ask(self, *body: bytes) -> None:
        """Send a request."""
        self.socket.send_multipart([*self._delimiter, *body])

    def take_reply(self) -> list[bytes]:
        """Return the body of the next reply."""
        parts = self.socket.recv_multipart()
        count = len(self._delimiter)
        assert parts[:count] == self._delimiter
        return parts[count:]


class Worker:
    """A libzmq worker of the broker."""

    def __init__(self, sockets: Sockets, broker: Broker, kind: str) -> None:
        self._delimiter = delimiter_of(kind)
        self.socket: Socket = sockets.peer(kind)
        self.socket.connect(broker.backend)
        self.socket.send_multipart([*self._delimiter, b"READY"])

    def take(self) -> tuple[list[bytes], list[bytes]]:
        """Return the next task: the envelope, client's id and delimiter, and the body."""
        parts = self.socket.recv_multipart()
        start = len(self._delimiter)
        assert parts[:start] == self._delimiter
        envelope, body = parts[start : start + 2], parts[start + 2 :]
        assert envelope[0]
        assert envelope[1] == b""
        return envelope, body

    def answer(self, envelope: list[bytes], *body: bytes) -> None:
        """Reply to a task, which also says that the worker is ready again."""
        self.socket.send_multipart([*self._delimiter, *envelope, *body])

    def serve(self) -> None:
        """Take one task and answer it with its frames in reverse."""
        envelope, body = self.take()
        self.answer(envelope, *reversed(body))


client_kinds = pytest.mark.parametrize("client_kind", ["REQ", "DEALER"])
worker_kinds = pytest.mark.parametrize("worker_kind", ["REQ", "DEALER"])


@client_kinds
@worker_kinds
def test_one_client_and_one_worker(
    sockets: Sockets, broker: Broker, client_kind: str, worker_kind: str
) -> None:
    """Bodies of any shape go there and back (L8)."""
    worker = Worker(sockets, broker, worker_kind)
    client = Client(sockets, broker, client_kind)
    bodies = ([b"Hello"], [b""], [b"a", b"", b"c"], [b"x" * 255, b"y" * 256], [b"z" * (1 << 20)])
    for body in bodies:
        client.ask(*body)
        worker.serve()
        assert client.take_reply() == body[::-1]


@worker_kinds
def test_a_request_waits_for_a_worker(sockets: Sockets, broker: Broker, worker_kind: str) -> None:
    """Requests that come before any worker are kept (L9)."""
    clients = [Client(sockets, broker, "REQ") for _ in range(3)]
    for number, client in enumerate(clients):
        client.ask(b"%d" % number)
    worker = Worker(sockets, broker, worker_kind)
    for _ in clients:
        worker.serve()
    assert [client.take_reply() for client in clients] == [[b"0"], [b"1"], [b"2"]]


def test_the_worker_that_was_idle_longest_is_next(sockets: Sockets, broker: Broker) -> None:
    """Tasks go to w0, w1, w2, w0 and so on while all are idle (L3)."""
    client = Client(sockets, broker, "DEALER")
    workers, tasks = [], []
    for kind in ("REQ", "DEALER", "REQ"):
        # All that came before hold a task, so that this one must get the next.
        workers.append(Worker(sockets, broker, kind))
        client.ask(b"task")
        tasks.append(workers[-1].take())
    for worker, (envelope, body) in zip(workers, tasks, strict=True):
        worker.answer(envelope, *body)
        assert client.take_reply() == [b"task"]
    for _ in range(5):
        for worker in workers:
            client.ask(b"task")
            worker.serve()
            assert client.take_reply() == [b"task"]


def test_replies_go_home_in_any_order(sockets: Sockets, broker: Broker) -> None:
    """Each worker holds a task of another client; the last one taken is answered first."""
    workers = [Worker(sockets, broker, kind) for kind in ("REQ", "DEALER", "REQ", "DEALER")]
    clients = [Client(sockets, broker, kind) for kind in ("REQ", "DEALER", "DEALER", "REQ")]
    for number, client in enumerate(clients):
        client.ask(b"%d" % number)
    tasks = [(worker, worker.take()) for worker in workers]
    for worker, (envelope, body) in reversed(tasks):
        worker.answer(envelope, b"done", *body)
    for number, client in enumerate(clients):
        assert client.take_reply() == [b"done", b"%d" % number]


def test_a_client_with_many_requests_in_flight(sockets: Sockets, broker: Broker) -> None:
    """A DEALER client gets one reply for each of its requests, whoever served it."""
    workers = [Worker(sockets, broker, kind) for kind in ("REQ", "DEALER")]
    client = Client(sockets, broker, "DEALER")
    requests = {b"%d" % number for number in range(300)}
    for request in requests:
        client.ask(request)
    poller = libzmq.Poller()
    by_socket = {worker.socket: worker for worker in workers}
    for served in by_socket:
        poller.register(served, libzmq.POLLIN)
    served_count = 0
    while served_count < len(requests):
        ready = dict(poller.poll(PATIENCE_MS))
        assert ready, f"only {served_count} requests reached a worker"
        for worker in (by_socket[key] for key in ready):
            worker.serve()
            served_count += 1
    replies = [client.take_reply()[0] for _ in requests]
    assert (len(replies), set(replies)) == (300, requests)


@pytest.mark.parametrize("client_kind", ["req", "dealer"])
@pytest.mark.parametrize("worker_kind", ["req", "dealer"])
def test_c_clients_and_c_workers(
    programs: Programs,
    broker: Broker,
    c_client: Path,
    c_worker: Path,
    client_kind: str,
    worker_kind: str,
) -> None:
    """Three C clients share two C workers."""
    share = 100
    clients = [programs.start(c_client, client_kind, broker.frontend, str(share)) for _ in range(3)]
    # Either worker may end up with more than half of the tasks: none counts to its end.
    for _ in range(2):
        programs.start(c_worker, worker_kind, broker.backend, str(3 * share + 1))
    assert [finish(client) for client in clients] == [f"{share} replies\n"] * 3


def test_a_killed_worker_loses_no_request(
    sockets: Sockets, programs: Programs, broker: Broker, c_worker: Path
) -> None:
    """A worker is killed with a request in its hands: another worker gets the request."""
    client = Client(sockets, broker, "REQ")
    doomed = programs.start(c_worker, "stall", broker.backend, "1")
    client.ask(b"precious")
    assert next_line(doomed) == "stalled"
    doomed.kill()
    worker = Worker(sockets, broker, "REQ")
    worker.serve()
    assert client.take_reply() == [b"precious"]


@worker_kinds
def test_a_closed_worker_loses_no_request(
    sockets: Sockets, broker: Broker, worker_kind: str
) -> None:
    """The same for a worker that closes its socket, while another one is idle."""
    client = Client(sockets, broker, "REQ")
    first = Worker(sockets, broker, worker_kind)
    client.ask(b"precious")
    first.take()
    second = Worker(sockets, broker, worker_kind)
    first.socket.close(linger=0)
    second.serve()
    assert client.take_reply() == [b"precious"]
    client.ask(b"next")
    second.serve()
    assert client.take_reply() == [b"next"]


def test_an_idle_worker_that_left_gets_no_request(sockets: Sockets, broker: Broker) -> None:
    """Requests after the end of an idle worker go to those that are there."""
    client = Client(sockets, broker, "REQ")
    leaver = Worker(sockets, broker, "REQ")
    client.ask(b"first")
    leaver.serve()
    client.take_reply()
    leaver.socket.close(linger=0)
    stayer = Worker(sockets, broker, "REQ")
    for _ in range(3):
        client.ask(b"next")
        stayer.serve()
        assert client.take_reply() == [b"next"]


def test_a_client_that_left_costs_nothing(sockets: Sockets, broker: Broker) -> None:
    """The reply to a client that is gone is dropped, and its worker serves on."""
    worker = Worker(sockets, broker, "REQ")
    leaver = Client(sockets, broker, "REQ")
    leaver.ask(b"bye")
    envelope, _ = worker.take()
    leaver.socket.close(linger=0)
    worker.answer(envelope, b"to nobody")
    stayer = Client(sockets, broker, "REQ")
    stayer.ask(b"hello")
    worker.serve()
    assert stayer.take_reply() == [b"hello"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_idle_broker(
    sockets: Sockets, broker: Broker, number: signal.Signals
) -> None:
    """It exits with status 0."""
    Worker(sockets, broker, "REQ")
    broker.process.send_signal(number)
    finish(broker.process)


@worker_kinds
def test_sigterm_drains(sockets: Sockets, broker: Broker, worker_kind: str) -> None:
    """A request that a worker holds is answered before the broker exits with status 0."""
    worker = Worker(sockets, broker, worker_kind)
    client = Client(sockets, broker, "REQ")
    client.ask(b"last")
    envelope, body = worker.take()
    broker.process.send_signal(signal.SIGTERM)
    worker.answer(envelope, b"done", *body)
    assert client.take_reply() == [b"done", b"last"]
    finish(broker.process)


@pytest.fixture
def busy_endpoint() -> Iterator[str]:
    """Give an endpoint that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield f"tcp://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize("side", ["frontend", "backend"])
def test_a_busy_port_is_named(programs: Programs, busy_endpoint: str, side: str) -> None:
    """Exit status 2, one line on stderr that names the endpoint, nothing on stdout."""
    process = start_broker(programs, **{side: busy_endpoint})
    output, errors = process.communicate(timeout=10)
    assert process.returncode == 2
    assert output == ""
    assert errors.count("\n") == 1
    assert busy_endpoint in errors
    assert "Traceback" not in errors


def test_many_clients_at_once(sockets: Sockets, broker: Broker) -> None:
    """Ten clients in turn with three workers in threads, as in the Guide's example (L7)."""
    workers = [Worker(sockets, broker, kind) for kind in ("REQ", "DEALER", "REQ")]
    threads = [threading.Thread(target=serve_until_stopped, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    clients = [Client(sockets, broker, "REQ") for _ in range(10)]
    for number in range(20):
        for client in clients:
            client.ask(b"%d" % number, b"HELLO")
        for client in clients:
            assert client.take_reply() == [b"HELLO", b"%d" % number]
    stopper = Client(sockets, broker, "DEALER")
    for _ in threads:
        stopper.ask(b"stop")
    for thread in threads:
        thread.join(PATIENCE_MS / 1000)
        assert not thread.is_alive()


def serve_until_stopped(worker: Worker) -> None:
    """Serve until a task says stop, which is not answered: the worker gets no other."""
    while True:
        envelope, body = worker.take()
        if body == [b"stop"]:
            return
        worker.answer(envelope, *reversed(body))
