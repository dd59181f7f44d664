"""The trace: each message at each hop, on every host, for as long as somebody wants it (N3)."""

import asyncio
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import zmq as theirs

import antiphon.zmq as zmq
import antiphon.zmq.asyncio as azmq
from antiphon.hosts.lines import LINES

ANYWHERE = "tcp://127.0.0.1:*"
LOGGER = logging.getLogger("antiphon")
PATIENCE = 20_000
REPLY = b"\xff" * 40


class Book(logging.Handler):
    """Keeps the lines of the trace."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "antiphon.trace":
            # Ports and numbers differ from run to run.
            line = re.sub(r":\d{4,5}\)", ":PORT)", record.getMessage())
            self.lines.append(re.sub(r"#\d+", "#N", line))

    def read(self) -> list[str]:
        """Return the lines so far, and forget them."""
        LINES.close()
        lines, self.lines = self.lines, []
        return lines


@pytest.fixture
def book() -> Iterator[Book]:
    handler = Book()
    LOGGER.addHandler(handler)
    yield handler
    LOGGER.removeHandler(handler)


async def _later(value: Any) -> Any:
    return await value if isinstance(value, Awaitable) else value


#: The same conversation with the sockets of each host.
CONTEXTS: dict[str, Callable[[], Any]] = {
    "threads": zmq.Context,
    "asyncio": azmq.Context,
    "lent": lambda: azmq.Context(zmq.Context()),
}


@pytest.mark.parametrize("make", CONTEXTS.values(), ids=CONTEXTS.keys())
def test_each_message_has_a_line_where_it_is_sent_and_where_it_is_received(
    make: Callable[[], Any], book: Book
) -> None:
    async def talk() -> None:
        with make() as context:
            context.linger = 0
            router, req = context.socket(zmq.ROUTER), context.socket(zmq.REQ)
            req.identity = b"ABC"
            router.bind(ANYWHERE)
            req.connect(router.last_endpoint)
            req.trace("client")
            router.trace()
            await _later(req.send(b"Hello"))
            message = await _later(router.recv_multipart())
            await _later(router.send_multipart([*message[:2], b"\x00\x01", b""]))
            assert await _later(req.recv_multipart()) == [b"\x00\x01", b""]
            req.trace(None)
            await _later(req.send(b"again"))
            frames = await _later(router.recv_multipart(copy=False))
            assert bytes(frames[-1]) == b"again"
            router.trace(False)
            await _later(router.send_multipart([b"ABC", b"", b"unseen"]))
            router.close()
            req.close()

    asyncio.run(talk())
    assert book.read() == [
        "-> client [005] Hello",
        "<- ROUTER#N [003] ABC | [000] | [005] Hello  (from tcp://127.0.0.1:PORT)",
        "-> ROUTER#N [003] ABC | [000] | [002] 0001 [000]",
        "<- client [002] 0001 [000]  (from tcp://127.0.0.1:PORT)",
        "<- ROUTER#N [003] ABC | [000] | [005] again  (from tcp://127.0.0.1:PORT)",
    ]


def test_a_blocking_call_on_a_socket_of_asyncio_is_traced_too(book: Book) -> None:
    async def talk() -> None:
        with azmq.Context() as context:
            left, right = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
            left.bind("inproc://trace")
            right.connect("inproc://trace")
            right.trace("right")
            blocking = zmq.Socket.shadow(right.underlying)
            blocking.send(b"Hello")
            assert await left.recv() == b"Hello"
            await left.send(b"World")
            assert blocking.recv() == b"World"
            left.close()
            right.close()

    asyncio.run(talk())
    assert [line.split("  ")[0] for line in book.read()] == [
        "-> right [005] Hello",
        "<- right [005] World",
    ]


def test_a_socket_whose_descriptor_is_watched_is_traced_too(book: Book) -> None:
    with zmq.Context() as context:
        left, right = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
        left.bind("inproc://trace")
        right.connect("inproc://trace")
        assert right.fileno() >= 0
        right.trace("right")
        left.send(b"Hello")
        assert right.recv() == b"Hello"
    assert [line.split("  ")[0] for line in book.read()] == ["<- right [005] Hello"]


def test_a_proxy_is_a_hop(book: Book) -> None:
    context = zmq.Context()
    frontend, backend = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
    frontend.bind(ANYWHERE)
    backend.bind(ANYWHERE)
    frontend.trace("frontend")
    backend.trace("backend")

    def join() -> None:
        with pytest.raises(zmq.ContextTerminated):
            zmq.proxy(frontend, backend)

    thread = threading.Thread(target=join)
    thread.start()
    with zmq.Context() as other:
        req, rep = other.socket(zmq.REQ, identity=b"ABC"), other.socket(zmq.REP)
        req.connect(frontend.last_endpoint)
        rep.connect(backend.last_endpoint)
        req.send(b"Hello")
        assert rep.recv() == b"Hello"
        rep.send(b"World")
        assert req.recv() == b"World"
    context.destroy(0)
    thread.join()
    request, reply = "[003] ABC | [000] | [005] Hello", "[003] ABC | [000] | [005] World"
    assert [line.split("  ")[0] for line in book.read()] == [
        f"<- frontend {request}",
        f"-> backend {request}",
        f"<- backend {reply}",
        f"-> frontend {reply}",
    ]


def test_what_is_no_name_is_refused() -> None:
    with zmq.Context() as context, context.socket(zmq.PAIR) as socket:
        with pytest.raises(TypeError, match="a trace has a name"):
            socket.trace(7)  # type: ignore[arg-type]
        assert socket._core.front is socket._core.pattern


def test_nothing_is_in_between_while_nobody_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (None, "", "0"):
        if value is not None:
            monkeypatch.setenv("ANTIPHON_TRACE", value)
        with zmq.Context() as context, context.socket(zmq.PAIR) as socket:
            assert socket._core.front is socket._core.pattern
            socket.trace()
            socket.trace(None)
            assert socket._core.front is socket._core.pattern


BLOCKING = """
import sys
import antiphon.zmq as zmq

with zmq.Context() as context, context.socket(zmq.REQ) as client:
    client.connect(sys.argv[1])
    client.send(b"Hello")
    print(client.recv())
"""

OF_ASYNCIO = """
import asyncio
import sys
import antiphon.zmq as zmq
from antiphon.zmq.asyncio import Context

async def run():
    with Context() as context, context.socket(zmq.REQ) as client:
        client.connect(sys.argv[1])
        await client.send(b"Hello")
        print(await client.recv())

asyncio.run(run())
"""

#: Sets its log up, and is an unchanged program of pyzmq's users but for how it is started.
UNCHANGED = """
import logging
import sys
logging.basicConfig(level=logging.ERROR)
import antiphon.zmq
antiphon.zmq.install()
import zmq

with zmq.Context() as context, context.socket(zmq.REQ) as client:
    client.connect(sys.argv[1])
    client.send(b"Hello")
    print(client.recv())
"""


def run_beside_libzmq(program: str, trace: str) -> tuple[str, str]:
    """Run a client whose server is pyzmq; returns what it prints, and its standard error."""
    environment = os.environ | {"ANTIPHON_TRACE": trace}
    pipe = subprocess.PIPE
    with theirs.Context() as context, context.socket(theirs.REP) as server:
        server.linger, server.rcvtimeo = 0, PATIENCE
        port = server.bind_to_random_port("tcp://127.0.0.1")
        process = subprocess.Popen(
            [sys.executable, "-c", program, f"tcp://127.0.0.1:{port}"],
            env=environment,
            stdout=pipe,
            stderr=pipe,
            text=True,
        )
        try:
            assert server.recv() == b"Hello"
            server.send(REPLY)
            printed, errors = process.communicate(timeout=PATIENCE / 1000)
        finally:
            process.kill()
        assert process.returncode == 0, errors
        return printed, errors


@pytest.mark.parametrize("program", [BLOCKING, OF_ASYNCIO, UNCHANGED])
def test_the_environment_turns_it_on_for_all_sockets(program: str) -> None:
    printed, errors = run_beside_libzmq(program, "1")
    assert printed == f"{REPLY!r}\n"
    said = [line.split(" ", 3)[3] for line in errors.splitlines()]
    assert "-> REQ#1 [005] Hello" in said
    (reply,) = (line for line in said if line.startswith("<- "))
    assert reply.startswith(f"<- REQ#1 [040] {'FF' * 35}...  (from tcp://127.0.0.1:")
    # What happens to the connection is there, too, and everything only once.
    assert sum(line.startswith("> REQ ") and line.endswith(" is ready") for line in said) == 1
    assert len(said) == len(set(said))


def test_without_it_nothing_is_written() -> None:
    assert run_beside_libzmq(BLOCKING, "0") == (f"{REPLY!r}\n", "")


UNREAD = """
import antiphon.zmq as zmq

with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
    router.trace("mine")
    router.send_multipart([b"NOBODY", b"Hello"])
"""


def test_where_nobody_reads_the_log_it_goes_to_standard_error() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNREAD], capture_output=True, text=True, check=True
    )
    (line,) = done.stderr.splitlines()
    assert line.endswith(" -> mine [006] NOBODY [005] Hello")


PASSWORDS = """
import antiphon.zmq as zmq
from antiphon.zmq.auth.thread import ThreadAuthenticator

with zmq.Context() as context:
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_plain("*", {"admin": "SECRET"})
    server, client = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
    server.plain_server = True
    client.plain_username, client.plain_password = b"admin", b"SECRET"
    server.bind("tcp://127.0.0.1:*")
    client.connect(server.last_endpoint)
    client.send(b"Hello")
    server.recv()
    authenticator.stop()
"""


def test_passwords_on_their_way_to_the_authenticator_are_not_shown() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PASSWORDS],
        env=os.environ | {"ANTIPHON_TRACE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "[005] Hello" in done.stderr
    assert "SECRET" not in done.stderr
    assert b"SECRET".hex() not in done.stderr.lower()
