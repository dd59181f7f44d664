"""ZAP (RFC 27): whatever is not a clear yes keeps a peer out, on both sides and in both roles."""

from collections.abc import Callable

import pytest

from antiphon.constants import Event, SocketType
from antiphon.engine.zap import ZAP_ENDPOINT, decide
from antiphon.instrument import Instrument, SocketEvent
from antiphon.keys import make_key_pair
from antiphon.testing import SimulatedSocket, World

DEALER, ROUTER, REP = SocketType.DEALER, SocketType.ROUTER, SocketType.REP
SERVER = make_key_pair()
CLIENT = make_key_pair()
MECHANISMS = ("NULL", "PLAIN", "CURVE")

Answer = Callable[[list[bytes]], list[bytes] | None]


def status(code: bytes) -> Answer:
    return lambda request: [b"1.0", request[1], code, b"because", b"", b""]


def crash(_request: list[bytes]) -> None:
    raise EOFError


#: What a handler does with a request, and why the peer is then refused.
OUTCOMES: dict[str, tuple[Answer | None, str]] = {
    "200": (status(b"200"), ""),
    "300": (status(b"300"), "zap-300"),
    "400": (status(b"400"), "zap-400"),
    "500": (status(b"500"), "zap-500"),
    "timeout": (lambda _request: None, "handshake-timeout"),
    "crash": (crash, "zap-handler-gone"),
    "malformed": (lambda request: [b"1.0", request[1], b"200"], "zap-malformed-reply"),
    "version": (lambda r: [b"2.0", r[1], b"200", b"", b"", b""], "zap-bad-version"),
    "request-id": (lambda r: [b"1.0", r[1] + b"0", b"200", b"", b"", b""], "zap-bad-request-id"),
    "no-handler": (None, "zap-no-handler"),
}


class Handler:
    """A program's handler on a machine; it answers as an outcome says."""

    def __init__(self, world: World, machine: str, answer: Answer) -> None:
        self.world = world
        self.socket = SimulatedSocket(world.machine(machine), REP)
        self.socket.bind(ZAP_ENDPOINT)
        self.answer = answer
        self.requests: list[list[bytes]] = []
        self.running = True

    def run(self) -> None:
        while self.running and (request := self.socket.try_recv()) is not None:
            self.requests.append(request)
            try:
                reply = self.answer(request)
            except EOFError:
                self.running = False
                self.socket.close()
                return
            if reply is None:
                self.running = False
                return
            assert self.socket.try_send(*reply)


def options(mechanism: str, server: bool) -> dict[str, object]:
    if mechanism == "NULL":
        return {"zap_domain": b"here"} if server else {}
    if mechanism == "PLAIN":
        client = {"plain_username": b"admin", "plain_password": b"secret"}
        return {"mechanism": 1, **({"plain_server": True} if server else client)}
    keys: dict[str, object] = {"mechanism": 2, "curve_secretkey": (SERVER if server else CLIENT)[1]}
    if server:
        return {**keys, "curve_server": True}
    return {**keys, "curve_publickey": CLIENT[0], "curve_serverkey": SERVER[0]}


class Watch(Instrument):
    def __init__(self) -> None:
        self.connected = 0

    def wants(self, number: int) -> bool:
        return number == Event.HANDSHAKE_SUCCEEDED

    def happened(self, event: SocketEvent) -> None:
        self.connected += 1


class Pair:
    """A server, which asks, and a client, on machines of their own; either may bind."""

    def __init__(
        self,
        world: World,
        mechanism: str,
        server_binds: bool,
        patience_ms: int = 1000,
        **extra: object,
    ) -> None:
        self.world = world
        common: dict[str, object] = {"handshake_ivl": patience_ms, "reconnect_ivl": 200}
        self.server = SimulatedSocket(
            world.machine("server"), ROUTER, **{**common, **options(mechanism, True), **extra}
        )
        self.client = SimulatedSocket(
            world.machine("client"), DEALER, routing_id=b"C", **common, **options(mechanism, False)
        )
        self.watches = [Watch(), Watch()]
        for socket, watch in zip((self.server, self.client), self.watches, strict=True):
            socket.core.add_instrument(watch)
        binder, dialer = (self.server, self.client) if server_binds else (self.client, self.server)
        binder.bind("tcp://*:5555")
        dialer.connect(f"tcp://{'server' if server_binds else 'client'}:5555")
        self.said = False

    def run(self, handler: Handler | None, seconds: float = 1.5) -> None:
        for _ in range(int(seconds * 100)):
            self.world.run(0.01)
            self.said = self.said or self.client.try_send(b"hello")
            if handler is not None:
                handler.run()

    def check_alive(self) -> None:
        """Both sockets can still be used: nothing has raised, nobody is left half way."""
        assert self.server.core.pattern.can_recv() in (True, False)
        assert not self.client.core.closed


@pytest.mark.parametrize("role", ["server", "client"])
@pytest.mark.parametrize("server_binds", [True, False], ids=["bind", "connect"])
@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_only_200_lets_a_peer_in(
    world: World, mechanism: str, outcome: str, server_binds: bool, role: str
) -> None:
    """C7. A handler on the client's machine is none of the client's business: only servers ask."""
    answer, reason = OUTCOMES[outcome]
    if role == "client":
        bystander = Handler(world, "client", answer or crash)
        handler = Handler(world, "server", status(b"200"))
        pair = Pair(world, mechanism, server_binds)
        pair.run(handler)
        assert pair.server.recv(1.0) == [b"C", b"hello"]
        assert bystander.socket.try_recv() is None
        return
    own = Handler(world, "server", answer) if answer is not None else None
    pair = Pair(world, mechanism, server_binds, zap_enforce_domain=True)
    pair.run(own)
    pair.check_alive()
    failures = pair.server.core.stats().failures
    if not reason:
        assert pair.server.try_recv() == [b"C", b"hello"]
        assert failures == {}
        return
    assert pair.server.try_recv() is None
    assert [watch.connected for watch in pair.watches] == [0, 0]
    assert reason in failures


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_the_request_says_what_the_rfc_asks_for(world: World, mechanism: str) -> None:
    """A2: version, request id, domain, address, identity, mechanism, credentials."""
    handler = Handler(world, "server", status(b"200"))
    pair = Pair(world, mechanism, True, routing_id=b"S")
    pair.run(handler)
    credentials = {"NULL": [], "PLAIN": [b"admin", b"secret"], "CURVE": [CLIENT[0]]}[mechanism]
    domain = b"here" if mechanism == "NULL" else b""
    [request] = handler.requests
    assert request == [b"1.0", b"1", domain, b"client", b"S", mechanism.encode(), *credentials]


def test_requests_have_different_ids(world: World) -> None:
    handler = Handler(world, "server", status(b"400"))
    pair = Pair(world, "CURVE", False)
    pair.run(handler, 3.0)
    ids = [request[1] for request in handler.requests]
    assert len(ids) == len(set(ids)) > 2


@pytest.mark.parametrize(
    ("mechanism", "enforce", "connects"),
    [
        ("NULL", False, True),
        ("NULL", True, False),
        ("CURVE", False, True),
        ("CURVE", True, False),
        ("PLAIN", False, False),
        ("PLAIN", True, False),
    ],
)
def test_without_a_handler(world: World, mechanism: str, enforce: bool, connects: bool) -> None:
    """2.7: PLAIN needs one, the others only under ZAP_ENFORCE_DOMAIN."""
    pair = Pair(world, mechanism, True, zap_enforce_domain=enforce)
    pair.run(None)
    assert (pair.server.try_recv() is not None) == connects


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_the_end_of_a_handler_does_not_open_the_doors(world: World, mechanism: str) -> None:
    handler = Handler(world, "server", status(b"200"))
    handler.socket.close()
    pair = Pair(world, mechanism, True)
    pair.run(None)
    assert pair.server.try_recv() is None
    assert "zap-no-handler" in pair.server.core.stats().failures


def test_null_without_a_domain_asks_nobody(world: World) -> None:
    handler = Handler(world, "server", status(b"400"))
    pair = Pair(world, "NULL", True, zap_domain=b"")
    pair.run(handler)
    assert pair.server.try_recv() == [b"C", b"hello"]
    assert handler.requests == []


def test_what_the_handler_knows_becomes_the_peers_metadata(world: World) -> None:
    """A3; a peer's own claims do not count."""
    metadata = b"\x05Hello\x00\x00\x00\x05World"
    handler = Handler(world, "server", lambda r: [b"1.0", r[1], b"200", b"OK", b"joe", metadata])
    pair = Pair(world, "CURVE", True)
    pair.client.core.options.metadata = [(b"User-Id", b"root")]
    pair.run(handler)
    [listening] = pair.server.core._listenings
    [link] = listening.links
    properties = link.connection.mechanism.properties
    assert (properties[b"user-id"], properties[b"hello"]) == (b"joe", b"World")


def test_a_slow_handler_has_as_long_as_the_handshake(world: World) -> None:
    handler = Handler(world, "server", lambda _request: None)
    pair = Pair(world, "NULL", True, 60000)
    pair.run(handler, 20.0)
    assert pair.server.try_recv() is None
    assert handler.socket.try_send(b"1.0", handler.requests[0][1], b"200", b"OK", b"", b"")
    assert pair.server.recv() == [b"C", b"hello"]


def test_a_thousand_may_wait_for_a_slow_handler(world: World) -> None:
    """C7: and a peer that is judged at once is not held up by them."""
    held: list[list[bytes]] = []
    slow = SimulatedSocket(world.machine("server"), ROUTER, rcvhwm=0)
    slow.bind(ZAP_ENDPOINT)
    server = SimulatedSocket(
        world.machine("server"),
        ROUTER,
        **options("NULL", True),
        max_half_open_per_address=0,
    )
    server.bind("tcp://*:5555")
    clients = [
        SimulatedSocket(world.machine("client"), DEALER, routing_id=b"%d" % n) for n in range(1000)
    ]
    for client in clients:
        client.connect("tcp://server:5555")
        client.try_send(b"hello")
    world.run(1.0)
    while (request := slow.try_recv()) is not None:
        held.append(request)
    assert len(held) == 1000
    late = SimulatedSocket(world.machine("client"), DEALER, routing_id=b"late")
    late.connect("tcp://server:5555")
    late.try_send(b"me first")
    world.run_until(slow.core.pattern.can_recv, 0.1)
    request = slow.try_recv()
    assert request is not None
    slow.send(request[0], b"", b"1.0", request[3], b"200", b"OK", b"", b"")
    assert server.recv(0.05) == [b"late", b"me first"]
    for held_request in held:
        slow.send(held_request[0], b"", b"1.0", held_request[3], b"200", b"OK", b"", b"")
    world.run(1.0)
    assert sum(server.try_recv() is not None for _ in range(1001)) == 1000


def test_a_question_goes_with_its_connection(world: World) -> None:
    handler = Handler(world, "server", lambda _request: None)
    pair = Pair(world, "CURVE", True)
    pair.run(handler, 0.5)
    assert len(pair.server.core._inquiries._pending) == 1
    pair.client.close()
    pair.run(None, 2.0)
    assert pair.server.core._inquiries._pending == {}
    pair.server.close()
    assert pair.server.core.ended


@pytest.mark.parametrize("kind", [REP, ROUTER])
def test_a_question_that_was_not_received_goes_with_its_connection(world: World, kind: int) -> None:
    """Strangers who come and go do not fill the queue of a slow handler."""
    slow = SimulatedSocket(world.machine("server"), kind)
    slow.bind(ZAP_ENDPOINT)
    pair = Pair(world, "PLAIN", True, patience_ms=100)
    pair.run(None, 5.0)
    failures = pair.server.core.stats().failures["handshake-timeout"]
    assert failures > 10
    pair.client.close()
    world.run(1.0)
    assert not slow.core.pattern.can_recv()
    assert slow.core.stats().drops["sender-gone"] >= failures


def test_a_socket_that_is_no_handler_refuses_everybody(world: World) -> None:
    """Of a type that cannot be asked, or that refuses to be."""
    other = SimulatedSocket(world.machine("server"), SocketType.REQ)
    other.bind(ZAP_ENDPOINT)
    pair = Pair(world, "CURVE", True)
    pair.run(None)
    assert pair.server.try_recv() is None
    assert "zap-no-handler" in pair.server.core.stats().failures


@pytest.mark.parametrize(
    ("reason", "reply"),
    [
        ("zap-malformed-reply", []),
        ("zap-malformed-reply", [b"", b"1.0", b"7", b"200", b"", b"", b"", b""]),
        ("zap-malformed-reply", [b"x", b"1.0", b"7", b"200", b"", b"", b""]),
        ("zap-malformed-reply", [b"", b"1.0", b"7", b"200", b"", b"u" * 256, b""]),
        ("zap-bad-version", [b"", b"", b"7", b"200", b"", b"", b""]),
        ("zap-bad-request-id", [b"", b"1.0", b"", b"200", b"", b"", b""]),
        ("zap-invalid-status", [b"", b"1.0", b"7", b"201", b"", b"", b""]),
        ("zap-invalid-status", [b"", b"1.0", b"7", b"", b"", b"", b""]),
        ("zap-invalid-status", [b"", b"1.0", b"7", b"200 ", b"", b"", b""]),
        ("zap-invalid-metadata", [b"", b"1.0", b"7", b"200", b"", b"", b"\x05"]),
        ("zap-300", [b"", b"1.0", b"7", b"300", b"", b"", b""]),
        ("", [b"", b"1.0", b"7", b"200", b"", b"", b""]),
    ],
)
def test_one_function_decides(reason: str, reply: list[bytes]) -> None:
    error = decide(reply, b"7").error
    assert ("" if error is None else error.reason) == reason
