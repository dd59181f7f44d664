"""wss: certificates, what is refused and counted on both sides, and encrypted streams."""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

import pytest

import antiphon.zmq as zmq
from antiphon.endpoint import parse_endpoint
from antiphon.engine.network import LARGE_FRAME, Receiver
from antiphon.errors import EndpointError
from antiphon.options import SocketOptions
from antiphon.testing import World
from antiphon.testing.wire import SimulatedStream, join
from antiphon.transport.tls import TlsStream, client_security, server_security

Pem = Callable[[str], bytes]
ENDPOINT = parse_endpoint("wss://127.0.0.1:5555", bind=False)


def until_counted(context: zmq.Context, *sockets: zmq.Socket) -> list[dict[str, int]]:
    """Wait until each of these sockets has counted a failure."""
    while not all(one.stats().failures for one in sockets):
        sockets[0].poll(10)
    return [one.stats().failures for one in sockets]


def serve(context: zmq.Context, **options: object) -> zmq.Socket:
    server = context.socket(zmq.REP, **options)
    server.bind("wss://127.0.0.1:*/x")
    return server


@pytest.mark.parametrize(
    "wrong",
    [{"wss_trust_pem": "other.crt"}, {"wss_hostname": b"example.org"}],
    ids=["unknown", "another-name"],
)
def test_a_certificate_that_is_not_trusted_is_counted_on_both_sides(
    context: zmq.Context, pem: Pem, wrong: dict[str, str | bytes]
) -> None:
    server = serve(context)
    options = {
        name: pem(value) if isinstance(value, str) else value for name, value in wrong.items()
    }
    client = context.socket(zmq.REQ, **options)
    client.connect(server.last_endpoint)
    for failures in until_counted(context, client, server):
        assert set(failures) == {"tls-failed"}
    # A good client is served all the while.
    good = context.socket(zmq.REQ, wss_hostname="antiphon.test")
    good.connect(server.last_endpoint)
    good.send(b"question")
    assert server.recv() == b"question"


def test_the_system_does_not_trust_it(context: zmq.Context) -> None:
    server = serve(context)
    client = context.socket(zmq.REQ, wss_trust_pem=b"", wss_trust_system=True)
    client.connect(server.last_endpoint)
    assert set(until_counted(context, client)[0]) == {"tls-failed"}


@pytest.mark.parametrize(
    "first", [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\xff\0\0\0\0\0\0\0\x01\x7f\x03", b"\x16\x03"]
)
def test_who_does_not_speak_tls_is_counted(context: zmq.Context, first: bytes) -> None:
    server = serve(context)
    port = int(server.last_endpoint.decode().rpartition("/")[0].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as stranger:
        stranger.sendall(first)
        stranger.shutdown(socket.SHUT_WR)
        (failures,) = until_counted(context, server)
    assert set(failures) == {"tls-failed"}


def test_who_says_nothing_is_closed_in_time(context: zmq.Context) -> None:
    server = serve(context, handshake_ivl=50)
    port = int(server.last_endpoint.decode().rpartition("/")[0].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as stranger:
        (failures,) = until_counted(context, server)
        assert stranger.recv(1) == b""
    assert set(failures) == {"handshake-timeout"}


def test_a_server_that_does_not_speak_tls_is_counted(context: zmq.Context) -> None:
    server = context.socket(zmq.REP)
    server.bind("ws://127.0.0.1:*/x")
    client = context.socket(zmq.REQ)
    client.connect(server.last_endpoint.decode().replace("ws:", "wss:"))
    failures = until_counted(context, client, server)
    assert [set(one) for one in failures] == [{"tls-failed"}, {"not-http"}]


@pytest.mark.parametrize(
    ("certificate", "key"),
    [("server.crt", "other.key"), ("server.crt", "server.crt"), ("server.key", "server.key")],
)
def test_a_key_that_is_none_of_the_certificate_is_refused(
    context: zmq.Context, pem: Pem, certificate: str, key: str
) -> None:
    server = context.socket(zmq.REP, wss_cert_pem=pem(certificate), wss_key_pem=pem(key))
    with pytest.raises(EndpointError, match="WSS_CERT_PEM and WSS_KEY_PEM"):
        server.bind("wss://127.0.0.1:*")


def test_binding_and_connecting_name_the_option_that_is_missing() -> None:
    with zmq.Context() as bare, bare.socket(zmq.REP) as server:
        with pytest.raises(zmq.ZMQError, match="WSS_CERT_PEM"):
            server.bind("wss://127.0.0.1:*")
        with pytest.raises(zmq.ZMQError, match="WSS_TRUST_PEM"):
            server.connect("wss://127.0.0.1:1")


@pytest.mark.parametrize("trust", [b"no certificate", "Zürich".encode()])
def test_what_is_no_certificate_cannot_be_trusted(context: zmq.Context, trust: bytes) -> None:
    client = context.socket(zmq.REQ, wss_trust_pem=trust)
    client.connect("wss://127.0.0.1:1")
    assert set(until_counted(context, client)[0]) == {"connect-failed"}


def test_a_name_that_is_no_host_is_refused(pem: Pem) -> None:
    options = SocketOptions()
    options.wss_trust_pem = pem("server.crt")
    for name in (b".example.org", b"\xff", b"a" * 64):
        options.wss_hostname = name
        with pytest.raises(EndpointError, match="WSS_HOSTNAME"):
            client_security(ENDPOINT, options)


def test_the_key_is_not_left_behind(
    pem: Pem, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    import tempfile
    from pathlib import Path

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    server_security(ENDPOINT, server_options(pem))
    assert not list(Path(str(tmp_path)).iterdir())


# Streams, over a simulated one below.


def server_options(pem: Pem) -> SocketOptions:
    options = SocketOptions()
    options.wss_cert_pem = pem("server.crt")
    options.wss_key_pem = pem("server.key")
    options.wss_trust_pem = pem("server.crt")
    return options


class Reader(Receiver):
    """Keeps what comes."""

    def __init__(self) -> None:
        super().__init__()
        self.data = b""
        self.end = ""
        self.flushes = 0
        self.stream: TlsStream | None = None
        self.pause_at = -1

    def received(self, data: bytes) -> None:
        self.data += data
        if 0 <= self.pause_at <= len(self.data) and self.stream is not None:
            self.stream.pause_reading()

    def flush(self) -> None:
        self.flushes += 1

    def closed(self, reason: str, detail: str) -> None:
        self.end = reason
        if self.stream is not None:
            # As a link does, which has a last word for its peer.
            self.stream.write([b"farewell"])
            self.stream.close()


class Pair:
    """A TLS client and a TLS server in a world of their own."""

    def __init__(self, pem: Pem, fragment: int) -> None:
        self.world = World(seed=3)
        one, other = self.world.machine("client"), self.world.machine("server")
        near, far = join(one, other)
        options = server_options(pem)
        self.below: tuple[SimulatedStream, SimulatedStream] = near, far
        self.client = client_security(ENDPOINT, options).wrap(near, one)
        self.server = server_security(ENDPOINT, options).wrap(far, other)
        self.world.piece = lambda available: min(available, fragment)  # type: ignore[method-assign]
        self.near, self.far = Reader(), Reader()
        self.near.stream, self.far.stream = self.client, self.server

    def start(self) -> None:
        self.client.start(self.near)
        self.server.start(self.far)


@pytest.mark.parametrize("fragment", [1, 7, 1 << 20])
def test_what_is_written_arrives_in_pieces_of_any_size(pem: Pem, fragment: int) -> None:
    pair = Pair(pem, fragment)
    pair.start()
    assert not pair.client.write([b"early"])
    pair.world.run_until(lambda: pair.far.data == b"early")
    assert pair.near.flushes == 1
    assert pair.server.write([b"one", b"", b"two"])
    pair.world.run_until(lambda: pair.near.data == b"onetwo")
    pair.client.close()
    pair.world.run_until(lambda: pair.far.end == "peer-closed")


def test_a_slow_reader_holds_the_writer_back(pem: Pem) -> None:
    pair = Pair(pem, 1 << 20)
    pair.start()
    pair.world.run_until(lambda: pair.far.flushes + pair.near.flushes == 0, 1.0)
    pair.client.write([b"x"])
    pair.world.run_until(lambda: pair.far.data == b"x")
    pair.server.pause_reading()
    flushes = pair.near.flushes
    assert not pair.client.write([bytes(3 * LARGE_FRAME)])
    pair.world.run(5.0)
    assert pair.far.data == b"x"
    assert pair.near.flushes == flushes
    pair.server.resume_reading()
    pair.world.run_until(lambda: len(pair.far.data) == 1 + 3 * LARGE_FRAME)
    assert pair.near.flushes == flushes + 1


def test_the_end_waits_for_a_reader_that_pauses(pem: Pem) -> None:
    pair = Pair(pem, 1 << 20)
    pair.far.pause_at = 4
    pair.start()
    pair.client.write([b"last"])
    pair.world.run_until(lambda: pair.near.flushes == 1)
    # The notice that nothing follows, while the connection below stays.
    pair.below[0].close = lambda: None  # type: ignore[method-assign]
    pair.client.close()
    pair.world.run(5.0)
    assert pair.far.data == b"last"
    assert not pair.far.end
    pair.far.pause_at = -1
    pair.server.resume_reading()
    pair.world.run_until(lambda: pair.far.end == "peer-closed")


def test_what_comes_before_a_broken_record_is_delivered(pem: Pem) -> None:
    pair = Pair(pem, 1 << 20)
    pair.start()
    pair.client.write([b"good"])
    pair.world.run_until(lambda: pair.far.data == b"good")
    pair.client.write([b"better"])
    pair.below[0].write([b"\x17\x03\x03\x00\x10" + bytes(16)])
    pair.world.run_until(lambda: pair.far.end == "tls-failed")
    assert pair.far.data == b"goodbetter"


def test_who_goes_in_the_handshake_is_counted(pem: Pem) -> None:
    pair = Pair(pem, 1 << 20)
    pair.start()
    pair.below[0].close()
    pair.world.run_until(lambda: pair.far.end == "tls-failed")


def test_only_recent_versions_are_spoken(context: zmq.Context) -> None:
    server = serve(context)
    port = int(server.last_endpoint.decode().rpartition("/")[0].rpartition(":")[2])
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname = False
    old.verify_mode = ssl.CERT_NONE
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock, suppress(OSError):
        old.wrap_socket(sock)
    assert set(until_counted(context, server)[0]) == {"tls-failed"}
