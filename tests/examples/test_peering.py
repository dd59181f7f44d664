"""Brokers that are peers: their words, their frames beside libzmq, and their failures."""

import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import zmq as theirs

from .programs import CHAPTER, Program, run

Start = Callable[..., Program]
PATIENCE = 20_000


@pytest.fixture
def start_in(tmp_path: Path) -> Iterator[Start]:
    """Give a starter of programs in a directory of their own, which ends them after the test."""
    started: list[Program] = []

    def start(name: str, *arguments: object) -> Program:
        started.append(Program(tmp_path, name, *arguments))
        return started[-1]

    yield start
    for program in started:
        program.kill()


@pytest.fixture
def their_socket() -> Iterator[Callable[[int], theirs.Socket[bytes]]]:
    """Give a maker of libzmq's sockets, under the name DC2."""
    with theirs.Context() as context, ExitStack() as sockets:

        def make(kind: int) -> theirs.Socket[bytes]:
            made = sockets.enter_context(context.socket(kind))
            made.linger, made.rcvtimeo, made.identity = 0, PATIENCE, b"DC2"
            return made

        yield make


def places(count: int) -> list[str]:
    """Return names with five free ports each."""
    for base in range(20_000, 60_000, 97):
        with suppress(OSError), ExitStack() as stack:
            for port in range(base, base + 5 * count):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
            return [f"DC{n + 1}=127.0.0.1:{base + 5 * n}" for n in range(count)]
    raise AssertionError("there are no free ports")


def test_without_names_they_say_what_they_need() -> None:
    for name in ("peering1", "peering2", "peering2_asyncio", "peering3"):
        assert run(name) == [f"syntax: {name} me {{you}}..."]


# The state flow.


def test_brokers_hear_of_each_other(start_in: Start) -> None:
    names = ["DC1", "DC2", "DC3"]
    brokers = []
    for name in names:
        others = [other for other in names if other != name]
        brokers.append(start_in("peering1", name, *others, "--interval", 0.2))
    heard: set[str] = set()
    for name, broker in zip(names, brokers, strict=True):
        assert broker.line() == f"I: preparing broker at {name}..."
        for other in names:
            if other != name:
                assert broker.line() == f"I: connecting to state backend at '{other}'"
    while not heard:
        heard = {line for broker in brokers if (line := broker.line(0.2)) is not None}
    for line in heard:
        assert re.fullmatch(r"DC[123] - [0-9] workers free", line)
    for broker in brokers:
        assert broker.interrupt()[-1] == "Interrupted"


def test_the_state_flow_beside_libzmq(
    start_in: Start, tmp_path: Path, their_socket: Callable[[int], theirs.Socket[bytes]]
) -> None:
    subscriber, publisher = their_socket(theirs.SUB), their_socket(theirs.XPUB)
    publisher.bind(f"ipc://{tmp_path}/DC2-state.ipc")
    subscriber.subscribe(b"")
    subscriber.connect(f"ipc://{tmp_path}/DC1-state.ipc")
    broker = start_in("peering1", "DC1", "DC2", "--interval", 0.1)
    name, free = subscriber.recv_multipart()
    assert name == b"DC1"
    assert re.fullmatch(rb"[0-9]", free)
    assert publisher.recv() == b"\x01"
    publisher.send_multipart([b"DC2", b"7"])
    lines = [broker.line(), broker.line(), broker.line()]
    assert lines[2] == "DC2 - 7 workers free"


# The cloud flow, with threads and on asyncio.

FORMS = pytest.mark.parametrize("form", ["peering2", "peering2_asyncio"])


def begin(program: Program, name: str, *others: str) -> None:
    """Read what a broker of peering2 says first, and let it begin; on asyncio it needs no Enter."""
    assert program.line() == f"I: preparing broker at {name}..."
    for other in others:
        assert program.line() == f"I: connecting to cloud frontend at '{other}'"
    program.press_enter()


def hear(program: Program, count: int) -> None:
    """Read what clients print; the first one follows the words that ask for Enter."""
    for _ in range(count):
        line = program.line()
        assert line is not None
        assert line.endswith("Client: OK")


@FORMS
def test_the_cloud_flow_beside_libzmq(
    start_in: Start, tmp_path: Path, their_socket: Callable[[int], theirs.Socket[bytes]], form: str
) -> None:
    frontend, backend = their_socket(theirs.ROUTER), their_socket(theirs.ROUTER)
    frontend.bind(f"ipc://{tmp_path}/DC2-cloud.ipc")
    broker = start_in(form, "DC1", "DC2", "--clients", 0, "--share", 1, "--verbose")
    begin(broker, "DC1", "DC2")

    # A task for DC1 goes to a worker of it; the reply comes back in the same envelope.
    backend.router_mandatory = True
    backend.connect(f"ipc://{tmp_path}/DC1-cloud.ipc")
    task = [b"DC1", b"\x00abcd", b"", b"HELLO"]
    for _ in range(1000):
        with suppress(theirs.ZMQError):
            backend.send_multipart(task)
            break
        backend.poll(10)
    assert backend.recv_multipart() == [b"DC1", b"\x00abcd", b"", b"OK"]
    line = broker.line()
    assert line is not None
    assert line.endswith("Worker: [005] HELLO")

    # A task of a client of DC1 comes to us.
    client = their_socket(theirs.REQ)
    client.identity = b"CLIENT"
    client.connect(f"ipc://{tmp_path}/DC1-localfe.ipc")
    client.send(b"HELLO")
    message = frontend.recv_multipart()
    number = [] if form == "peering2" else [b"1"]
    assert message == [b"DC1", *number, b"CLIENT", b"", b"HELLO"]
    frontend.send_multipart([*message[:-1], b"OK"])
    assert client.recv() == b"OK"


@pytest.mark.parametrize(
    ("form", "mode"),
    [("peering2", []), ("peering2", ["--reliable"]), ("peering2_asyncio", [])],
    ids=["plain", "reliable", "asyncio"],
)
def test_a_dead_broker_stops_the_clients_of_the_other_one_or_not(
    start_in: Start, form: str, mode: list[str]
) -> None:
    reliable = bool(mode) or form == "peering2_asyncio"
    options = ["--interval", 0.02, "--share", 0.5, *mode]
    alive = start_in(form, "DC1", "DC2", *options)
    begin(alive, "DC1", "DC2")
    if reliable:
        # Tasks for a broker that has not come yet are done here.
        for _ in range(20):
            assert alive.line() is not None
    dead = start_in(form, "DC2", "DC1", *options)
    begin(dead, "DC2", "DC1")
    assert dead.line() is not None
    dead.kill()
    # Ten clients, and every second task goes to the dead broker: soon all of them wait.
    more = 0
    while more < 500 and alive.line(2) is not None:
        more += 1
    assert (more == 500) is reliable


@pytest.mark.parametrize("first", ["peering2", "peering2_asyncio"])
def test_brokers_of_both_forms_give_each_other_work(start_in: Start, first: str) -> None:
    options: dict[str, list[str]] = {"peering2": ["--reliable"], "peering2_asyncio": []}
    (second,) = options.keys() - {first}
    # A single client: it would tell of a single task that is lost while the other broker comes.
    some = ["--clients", 1, "--share", 0.5, "--interval", 0.01]
    early = start_in(first, "DC1", "DC2", *some, *options[first])
    begin(early, "DC1", "DC2")
    hear(early, 20)
    late = start_in(second, "DC2", "DC1", *some, *options[second])
    begin(late, "DC2", "DC1")
    hear(late, 100)
    hear(early, 200)


@FORMS
def test_ctrl_c_ends_it_in_good_order(start_in: Start, form: str) -> None:
    program = start_in(form, "DC1", "--interval", 0.02)
    begin(program, "DC1")
    hear(program, 20)
    assert program.interrupt()[-1] == "Interrupted"


def test_on_asyncio_it_ends_after_its_seconds(start_in: Start) -> None:
    options = ["--clients", 1, "--interval", 60, "--seconds", 0.5]
    alone = start_in("peering2_asyncio", "DC1", *options)
    assert alone.rest() == ["I: preparing broker at DC1...", "Client: OK"]


# All flows.


@pytest.mark.parametrize("kind", ["ipc", "tcp"])
def test_bursts_are_shared_and_reported(start_in: Start, kind: str) -> None:
    names = ["DC1", "DC2"] if kind == "ipc" else places(2)
    options = ("--pause", 0.2, "--work", 0.02, "--seconds", 2)
    brokers = [
        start_in("peering3", mine, other, *options) for mine, other in (names, reversed(names))
    ]
    for number, broker in enumerate(brokers, 1):
        lines = broker.rest()
        assert lines[:3] == [
            f"I: preparing broker at DC{number}...",
            f"I: connecting to cloud frontend at 'DC{3 - number}'",
            f"I: connecting to state backend at 'DC{3 - number}'",
        ]
        report = re.fullmatch(
            r"I: tasks done: (\d+), lost: 0, given away: \d+, taken back: 0, "
            r"done for others: \d+",
            lines[-1],
        )
        assert report
        assert len(lines) == int(report[1]) + 4
        for line in lines[3:-1]:
            assert re.fullmatch(r"[0-9A-F]{4}", line)


@pytest.mark.parametrize("reliable", [False, True], ids=["plain", "reliable"])
def test_a_dead_broker_takes_tasks_with_it_or_not(start_in: Start, reliable: bool) -> None:
    mode: list[object] = ["--reliable"] if reliable else []
    patience = 10 if reliable else 2
    busy = ["--clients", 10, "--workers", 1, "--pause", 0.02, "--work", 0.02]
    mode += ["--patience", patience]
    alive = start_in("peering3", "DC1", "DC2", *busy, *mode)
    # It has clients too, so that its number changes: only then do plain brokers say it.
    some = ["--clients", 2, "--workers", 10, "--pause", 0.2, "--work", 0.05]
    dead = start_in("peering3", "DC2", "DC1", *some, *mode)
    for _ in range(100):
        assert alive.line() is not None
    dead.kill()
    lines: list[str] = []
    while len(lines) < 200 and (line := alive.line(2 * patience)) is not None:
        lines.append(line)
    lost = [line for line in lines if line.startswith("E: ")]
    assert bool(lost) is not reliable
    for line in lost:
        assert re.fullmatch(r"E: CLIENT EXIT - lost task [0-9A-F]{4}", line)
    if reliable:
        assert "lost: 0" in alive.interrupt()[-2]


def test_without_a_terminal_it_says_what_it_needs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(CHAPTER / "peering2.py"), "DC1"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
        cwd=tmp_path,
        timeout=20,
    )
    assert done.returncode == 1
    assert done.stderr == "E: nobody can press Enter: run it in a terminal\n"
