"""A traced pattern does what the pattern does, and shows what has gone and come."""

import pytest

from antiphon.constants import SocketType
from antiphon.errors import OperationNotSupported, StateError
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.traced import TracedPattern, Tracer
from antiphon.testing import SimulatedSocket, World

SERVER = "tcp://server:5555"


class Seen(Tracer):
    """Keeps what it is shown."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, list[bytes], str]] = []

    def sent(self, parts: list[bytes]) -> None:
        self.messages.append(("->", parts.copy(), ""))

    def received(self, parts: list[bytes], sender: Pipe | None) -> None:
        self.messages.append(("<-", parts.copy(), "" if sender is None else sender.endpoint))


class Traced:
    """A socket, its traced front, and what that has shown."""

    def __init__(self, world: World, name: str, kind: int, **options: object) -> None:
        self.socket = SimulatedSocket(world.machine(name), kind, **options)
        self.seen = Seen()
        self.front = TracedPattern(self.socket.core.pattern, self.seen)


def test_a_request_and_its_reply_as_both_programs_see_them() -> None:
    world = World(seed=1)
    server = Traced(world, "server", SocketType.ROUTER)
    client = Traced(world, "client", SocketType.REQ, routing_id=b"C")
    server.socket.bind("tcp://*:5555")
    # What finds no room has not been sent, and is not shown.
    assert not client.front.try_send([b"Hello"])
    assert not client.front.can_send()
    assert client.seen.messages == []
    client.socket.connect(SERVER)
    world.run(1)
    assert client.front.can_send()
    assert client.front.try_send([b"Hello"])
    with pytest.raises(StateError):
        client.front.check_send()
    assert server.front.try_recv() is None
    world.run(1)
    assert server.front.can_recv()
    assert server.front.try_recv() == [b"C", b"", b"Hello"]
    assert server.front.last_sender() is server.socket.core.pattern.last_sender()
    assert server.front.try_send([b"C", b"", b"World"])
    world.run(1)
    assert client.front.try_recv() == [b"World"]
    assert client.seen.messages == [("->", [b"Hello"], ""), ("<-", [b"World"], SERVER)]
    assert server.seen.messages == [
        ("<-", [b"C", b"", b"Hello"], "sim://client"),
        ("->", [b"C", b"", b"World"], ""),
    ]


def test_what_a_router_drops_is_shown_whole() -> None:
    router = Traced(World(), "server", SocketType.ROUTER)
    assert router.front.try_send([b"NOBODY", b"", b"Hello"])
    assert router.seen.messages == [("->", [b"NOBODY", b"", b"Hello"], "")]
    assert router.socket.core.pattern.drops == {"unknown-id": 1}


def test_errors_are_the_patterns() -> None:
    push = Traced(World(), "client", SocketType.PUSH)
    with pytest.raises(OperationNotSupported):
        push.front.try_recv()
    assert push.seen.messages == []
