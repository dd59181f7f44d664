"""The log of a socket: signs and levels, one line a second for each reason, nothing of a peer's."""

import logging
from collections.abc import Iterator

import pytest

from antiphon.constants import OwnEvent, SocketType
from antiphon.hosts.lines import Lines
from antiphon.hosts.log import Log
from antiphon.testing import SimulatedSocket, World

DEALER, ROUTER, REP = SocketType.DEALER, SocketType.ROUTER, SocketType.REP
SERVER = "tcp://server:5555"
LOGGER = logging.getLogger("antiphon")
OPEN = "lets in whoever reaches it: use CURVE or PLAIN, or set ZAP_DOMAIN and a handler"


class Book(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.getMessage()}")


@pytest.fixture
def book() -> Iterator[Book]:
    handler = Book()
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.DEBUG)
    yield handler
    LOGGER.removeHandler(handler)
    LOGGER.setLevel(logging.NOTSET)


@pytest.fixture
def world() -> World:
    world = World(seed=3)
    world.machine("server")
    return world


class Logged:
    """A socket with a log."""

    def __init__(self, world: World, name: str, kind: int, **options: object) -> None:
        self.lines = Lines()
        self.socket = SimulatedSocket(world.machine(name), kind, **options)
        self.log = Log(self.socket.core, self.lines)
        self.socket.core.add_instrument(self.log)

    def written(self, book: Book) -> list[str]:
        self.lines.close()
        found = book.lines.copy()
        book.lines.clear()
        return found


def server(world: World, kind: int = ROUTER, **options: object) -> Logged:
    made = Logged(world, "server", kind, **options)
    made.socket.bind("tcp://*:5555")
    return made


def test_the_life_of_a_bound_socket(world: World, book: Book) -> None:
    bound = server(world)
    client = SimulatedSocket(world.machine("client"), DEALER, routing_id=b"C")
    client.connect(SERVER)
    world.run(1)
    client.close()
    world.run(1)
    bound.socket.close()
    assert bound.written(book) == [
        "INFO = ROUTER listening at tcp://*:5555",
        f"WARNING ! ROUTER tcp://*:5555 {OPEN}",
        "DEBUG < ROUTER sim://client accepted at here",
        "DEBUG < ROUTER sim://client b'C' is ready",
        "DEBUG = ROUTER sim://client b'C' disconnected: peer-closed",
        "INFO = ROUTER no longer listening at tcp://*:5555",
        "INFO = ROUTER closed",
    ]


def test_the_life_of_a_connected_socket(world: World, book: Book) -> None:
    dialed = Logged(world, "client", DEALER, reconnect_ivl=400)
    dialed.socket.connect(SERVER)
    world.run(0.1)
    (line,) = dialed.written(book)
    assert line.startswith(
        "WARNING ! DEALER tcp://server:5555 not connected: connect-failed (connection refused); "
        "trying again in "
    )
    bound = SimulatedSocket(world.machine("server"), ROUTER)
    bound.bind("tcp://*:5555")
    world.run(3)
    dialed.socket.core.disconnect(SERVER)
    dialed.socket.close()
    assert dialed.written(book) == [
        "DEBUG > DEALER tcp://server:5555 connected from here",
        "DEBUG > DEALER tcp://server:5555 is ready",
        "DEBUG = DEALER tcp://server:5555 disconnected: closed",
        "INFO = DEALER closed",
    ]


def test_a_refusal_has_one_line_and_what_follows_from_it_none(world: World, book: Book) -> None:
    bound = server(world, REP)
    bound.written(book)
    client = SimulatedSocket(world.machine("client"), REP)
    client.connect(SERVER)
    world.run(0.5)
    warnings = [line for line in bound.written(book) if line.startswith("WARNING")]
    assert len(warnings) == 1
    assert warnings[0].startswith("WARNING ! REP sim://client refused: illegal-pair (")


def test_giving_up_is_told(world: World, book: Book) -> None:
    dialed = Logged(world, "client", DEALER, reconnect_ivl=-1)
    dialed.socket.connect(SERVER)
    world.run(0.5)
    assert dialed.written(book) == [
        "INFO = DEALER gave up tcp://server:5555: connect-failed (connection refused)"
    ]


def test_drops_have_one_line_a_second_with_the_count_of_the_others(
    world: World, book: Book
) -> None:
    bound = server(world)
    bound.written(book)
    for number in range(1000):
        bound.socket.send(b"nobody", b"%d" % number)
        assert bound.log.wants(OwnEvent.MESSAGE_DROPPED) is False
    bound.socket.send(b"short")
    world.run(0.9)
    assert bound.written(book) == [
        "WARNING ! ROUTER dropped a message of 2 frames, 7 bytes: unknown-id"
    ]
    world.run(0.2)
    assert bound.written(book) == [
        "WARNING ! ROUTER dropped 999 more: unknown-id",
        "WARNING ! ROUTER dropped 1 more: id-only",
    ]
    bound.socket.send(b"nobody", b"again")
    world.run(5)
    assert bound.written(book) == ["WARNING ! ROUTER dropped 1 more: unknown-id"]
    bound.socket.send(b"nobody", b"later")
    assert bound.written(book) == [
        "WARNING ! ROUTER dropped a message of 2 frames, 11 bytes: unknown-id"
    ]
    bound.socket.send(b"nobody", b"last")
    bound.socket.close()
    assert "WARNING ! ROUTER dropped 1 more: unknown-id" in bound.written(book)


def test_failures_have_one_line_a_second_with_the_count_of_the_others(
    world: World, book: Book
) -> None:
    dialed = Logged(world, "client", DEALER, reconnect_ivl=10)
    dialed.socket.connect(SERVER)
    world.run(3.5)
    lines = dialed.written(book)
    assert len(lines) == 4
    assert "not connected: connect-failed" in lines[0]
    counts = [int(line.split()[3]) for line in lines[1:]]
    assert lines[1] == f"WARNING ! DEALER {counts[0]} more of: connect-failed"
    assert all(50 <= count <= 101 for count in counts)


def test_nothing_is_built_for_levels_that_nobody_reads(world: World, book: Book) -> None:
    LOGGER.setLevel(logging.WARNING)
    bound = server(world, zap_domain=b"global")
    assert not bound.log.wants(1)  # CONNECTED
    assert bound.log.wants(OwnEvent.MESSAGE_DROPPED)
    LOGGER.removeHandler(book)
    propagate = LOGGER.propagate
    LOGGER.propagate = False
    try:
        world.run(1)
        world.machine("server").pass_time += 1
        assert not bound.log.wants(OwnEvent.MESSAGE_DROPPED)
        bound.socket.send(b"nobody", b"x")
        bound.socket.close()
    finally:
        LOGGER.propagate = propagate
        LOGGER.addHandler(book)
    assert bound.written(book) == []


def test_what_a_peer_has_chosen_is_shown_escaped_and_cut(world: World, book: Book) -> None:
    bound = server(world)
    client = SimulatedSocket(world.machine("client"), DEALER, routing_id=b"\n\x1b[31m" + b"A" * 200)
    client.connect(SERVER)
    world.run(1)
    bound.socket.send(client.core.options.routing_id, b"secret")
    client.close()
    bound.socket.send(b"nobody", b"secret")
    world.run(2)
    lines = bound.written(book)
    assert any(r"b'\n\x1b[31mAAA" in line for line in lines)
    for line in lines:
        assert "\n" not in line
        assert "\x1b" not in line
        assert len(line) < 300
        assert "secret" not in line


@pytest.mark.parametrize("endpoint", ["tcp://*:5555", "tcp://0.0.0.0:5555", "ws://192.0.2.1:80/a"])
def test_c9_an_endpoint_that_lets_everybody_in_is_told_of_once(
    world: World, book: Book, endpoint: str
) -> None:
    LOGGER.setLevel(logging.WARNING)
    bound = Logged(world, "server", ROUTER)
    bound.socket.bind(endpoint)
    bound.socket.bind("tcp://*:5556")
    assert bound.written(book) == [f"WARNING ! ROUTER {endpoint} {OPEN}"]


@pytest.mark.parametrize(
    ("endpoint", "options"),
    [
        ("tcp://127.0.0.1:5555", {}),
        ("tcp://localhost:5555", {}),
        ("tcp://[::1]:5555", {}),
        ("ipc:///tmp/where:ever", {}),
        ("inproc://0.0.0.0:5555", {}),
        ("tcp://*:5555", {"zap_domain": b"global"}),
        ("tcp://*:5555", {"plain_server": True, "mechanism": 1}),
    ],
)
def test_c9_others_are_not(
    world: World, book: Book, endpoint: str, options: dict[str, object]
) -> None:
    LOGGER.setLevel(logging.WARNING)
    bound = Logged(world, "server", ROUTER, **options)
    bound.socket.bind(endpoint)
    assert bound.written(book) == []
