"""PLAIN, CURVE and ZAP with libzmq: both roles, either side bound, handlers on either side."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import zmq as libzmq

import antiphon.zmq as subject

from .peers import PATIENCE_MS
from .raw import RawPeer, greeting

SERVER = libzmq.curve_keypair()
CLIENT = libzmq.curve_keypair()
STACKS = {"antiphon": subject, "libzmq": libzmq}
ZAP = "inproc://zeromq.zap.01"

Judge = Callable[[list[bytes]], list[bytes]]


def welcome(request: list[bytes]) -> list[bytes]:
    return [b"1.0", request[1], b"200", b"OK", b"joe", b""]


def refuse(request: list[bytes]) -> list[bytes]:
    return [b"1.0", request[1], b"400", b"No", b"", b""]


class Handler(threading.Thread):
    """A ZAP handler of a context of either stack, which keeps what it was asked."""

    def __init__(self, module: ModuleType, context: Any, judge: Judge) -> None:
        super().__init__(daemon=True)
        self.module = module
        self.judge = judge
        self.requests: list[list[bytes]] = []
        self.over = threading.Event()
        self.socket = context.socket(module.REP)
        self.socket.linger = 0
        self.socket.rcvtimeo = 20
        self.socket.bind(ZAP)
        self.start()

    def run(self) -> None:
        while not self.over.is_set():
            try:
                request = self.socket.recv_multipart()
            except self.module.Again:
                continue
            self.requests.append(request)
            self.socket.send_multipart(self.judge(request))
        self.socket.close()

    def end(self) -> None:
        self.over.set()
        self.join()


class Stage:
    """Sockets of both stacks, secured and joined; everything ends with the stage."""

    def __init__(self) -> None:
        self.contexts = {name: module.Context() for name, module in STACKS.items()}
        self.handlers: list[Handler] = []
        self.sockets: list[Any] = []

    def socket(self, stack: str, kind: str, **options: object) -> Any:
        module = STACKS[stack]
        socket = self.contexts[stack].socket(getattr(module, kind))
        self.sockets.append(socket)
        defaults = {"LINGER": 0, "RCVTIMEO": PATIENCE_MS, "SNDTIMEO": PATIENCE_MS}
        for name, value in (defaults | options).items():
            socket.setsockopt(getattr(module, name), value)
        return socket

    def handler(self, stack: str, judge: Judge) -> Handler:
        self.handlers.append(Handler(STACKS[stack], self.contexts[stack], judge))
        return self.handlers[-1]

    def end(self) -> None:
        for handler in self.handlers:
            handler.end()
        for socket in self.sockets:
            socket.close(0)
        for context in self.contexts.values():
            context.destroy(linger=0)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.end()


def secured(mechanism: str, server: bool) -> dict[str, object]:
    if mechanism == "NULL":
        return {"ZAP_DOMAIN": b"global"} if server else {}
    if mechanism == "PLAIN":
        if server:
            return {"PLAIN_SERVER": 1}
        return {"PLAIN_USERNAME": b"admin", "PLAIN_PASSWORD": b"secret"}
    public, secret = SERVER if server else CLIENT
    options: dict[str, object] = {"CURVE_PUBLICKEY": public, "CURVE_SECRETKEY": secret}
    return options | ({"CURVE_SERVER": 1} if server else {"CURVE_SERVERKEY": SERVER[0]})


def make(stage: Stage, mechanism: str, server: str, client: str) -> tuple[Any, Any]:
    one = stage.socket(server, "ROUTER", **secured(mechanism, True))
    other = stage.socket(client, "DEALER", ROUTING_ID=b"C", **secured(mechanism, False))
    return one, other


def join(one: Any, other: Any, server_binds: bool, endpoint: str = "tcp://127.0.0.1:*") -> None:
    binder, dialer = (one, other) if server_binds else (other, one)
    binder.bind(endpoint)
    dialer.connect(binder.last_endpoint)


def endpoint_for(transport: str, folder: Path) -> str:
    return f"ipc://{folder}/s" if transport == "ipc" else "tcp://127.0.0.1:*"


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
@pytest.mark.parametrize("server_binds", [True, False], ids=["server-binds", "client-binds"])
@pytest.mark.parametrize(("server", "client"), [("antiphon", "libzmq"), ("libzmq", "antiphon")])
@pytest.mark.parametrize("mechanism", ["NULL", "PLAIN", "CURVE"])
def test_a_conversation(
    stage: Stage,
    tmp_path: Path,
    mechanism: str,
    server: str,
    client: str,
    server_binds: bool,
    transport: str,
) -> None:
    handler = stage.handler(server, welcome)
    endpoint = endpoint_for(transport, tmp_path)
    one, other = make(stage, mechanism, server, client)
    join(one, other, server_binds, endpoint)
    for message in ([b""], [b"one"], [b"a", b"", b"c" * 255], [b"x" * 256], [b"y" * 10**6, b"z"]):
        other.send_multipart(message)
        assert one.recv_multipart() == [b"C", *message]
        one.send_multipart([b"C", *message[::-1]])
        assert other.recv_multipart() == message[::-1]
    credentials = {"NULL": [], "PLAIN": [b"admin", b"secret"]}.get(mechanism)
    assert handler.requests
    [version, _, domain, _, _, name, *shown] = handler.requests[0]
    assert (version, name) == (b"1.0", mechanism.encode())
    assert domain == (b"global" if mechanism == "NULL" else b"")
    if credentials is not None:
        assert shown == credentials
    else:
        assert [len(key) for key in shown] == [32]


@pytest.mark.parametrize("server_binds", [True, False], ids=["server-binds", "client-binds"])
@pytest.mark.parametrize(("server", "client"), [("antiphon", "libzmq"), ("libzmq", "antiphon")])
@pytest.mark.parametrize("mechanism", ["NULL", "PLAIN", "CURVE"])
def test_who_is_refused_gets_nothing_through(
    stage: Stage, mechanism: str, server: str, client: str, server_binds: bool
) -> None:
    stage.handler(server, refuse)
    one, other = make(stage, mechanism, server, client)
    if client == "antiphon":
        join(one, other, server_binds)
        if server_binds:
            with pytest.raises(subject.AuthenticationError):
                other.recv()
        else:
            other.rcvtimeo = 300
            with pytest.raises(subject.Again):
                other.recv()
        assert other.stats().failures["error-command"] >= 1
    else:
        other.sndtimeo = 200
        # A PLAIN client of libzmq 4.3 knows ERROR only as its own servers misspell it.
        told = (0x2000, 0x10000001) if mechanism == "PLAIN" else (0x4000, 400)
        monitor = other.get_monitor_socket(told[0])
        join(one, other, server_binds)
        if server_binds:
            monitor.rcvtimeo = PATIENCE_MS
            assert int.from_bytes(monitor.recv_multipart()[0][2:6], "little") == told[1]
        other.disable_monitor()
        monitor.close()
    one.rcvtimeo = 100
    with pytest.raises((subject.Again, libzmq.Again)):
        one.recv_multipart()


@pytest.mark.parametrize(("server", "client"), [("antiphon", "libzmq"), ("libzmq", "antiphon")])
def test_curve_goes_without_a_handler(stage: Stage, server: str, client: str) -> None:
    one, other = make(stage, "CURVE", server, client)
    join(one, other, True)
    other.send(b"hello")
    assert one.recv_multipart() == [b"C", b"hello"]


@pytest.mark.parametrize("mechanism", ["NULL", "PLAIN", "CURVE"])
@pytest.mark.parametrize("other", ["NULL", "PLAIN", "CURVE"])
def test_other_mechanisms_are_refused(stage: Stage, mechanism: str, other: str) -> None:
    if mechanism == other:
        return
    stage.handler("antiphon", welcome)
    server = stage.socket("antiphon", "ROUTER", **secured(mechanism, True))
    server.bind("tcp://127.0.0.1:*")
    peer = stage.socket("libzmq", "DEALER", **secured(other, False))
    monitor = peer.get_monitor_socket(libzmq.EVENT_HANDSHAKE_FAILED_PROTOCOL)
    monitor.rcvtimeo = PATIENCE_MS
    peer.connect(server.last_endpoint)
    assert int.from_bytes(monitor.recv_multipart()[0][2:6], "little") == 0x11000002
    peer.disable_monitor()
    monitor.close()
    peer.close(0)
    good = stage.socket("libzmq", "DEALER", ROUTING_ID=b"G", **secured(mechanism, False))
    good.connect(server.last_endpoint)
    good.send(b"hello")
    assert server.recv_multipart() == [b"G", b"hello"]


def test_a_wrong_server_key_is_noticed(stage: Stage) -> None:
    server = stage.socket("libzmq", "ROUTER", **secured("CURVE", True))
    server.bind("tcp://127.0.0.1:*")
    options = secured("CURVE", False) | {"CURVE_SERVERKEY": CLIENT[0], "RCVTIMEO": 200}
    client = stage.socket("antiphon", "DEALER", **options)
    client.connect(server.last_endpoint)
    with pytest.raises(subject.Again):
        client.recv()


def test_heartbeats_are_sealed_in_both_directions(stage: Stage) -> None:
    """4.2: PING and PONG over CURVE keep a connection alive, and nobody takes them amiss."""
    beating = {"HEARTBEAT_IVL": 30, "HEARTBEAT_TIMEOUT": 2000, "HEARTBEAT_TTL": 2000}
    server = stage.socket("antiphon", "ROUTER", **secured("CURVE", True), **beating)
    server.bind("tcp://127.0.0.1:*")
    client = stage.socket("libzmq", "DEALER", ROUTING_ID=b"C", **secured("CURVE", False), **beating)
    client.connect(server.last_endpoint)
    for n in range(10):
        client.send(b"%d" % n)
        assert server.recv_multipart() == [b"C", b"%d" % n]
        server.rcvtimeo = 60
        with pytest.raises(subject.Again):
            server.recv_multipart()
        server.rcvtimeo = PATIENCE_MS
    assert server.stats().failures == {}


@pytest.mark.parametrize("mechanism", ["NULL", "PLAIN", "CURVE"])
def test_bytes_of_strangers_never_arrive(stage: Stage, mechanism: str) -> None:
    """4.3: a message in place of the handshake, whatever the mechanism."""
    stage.handler("antiphon", welcome)
    server = stage.socket("antiphon", "ROUTER", **secured(mechanism, True))
    server.bind("tcp://127.0.0.1:*")
    with RawPeer.dial(server.last_endpoint.decode()) as stranger:
        stranger.send(greeting(mechanism.encode()) + b"\x00\x05hello")
        assert stranger.read_to_end()[:10] == b"\xff" + bytes(8) + b"\x7f"
    good = stage.socket("libzmq", "DEALER", ROUTING_ID=b"G", **secured(mechanism, False))
    good.connect(server.last_endpoint)
    good.send(b"hello")
    assert server.recv_multipart() == [b"G", b"hello"]
    assert server.stats().failures == {"early-message": 1}
