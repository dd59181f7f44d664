"""CURVE (RFC 26): a golden transcript, every flipped bit, replays, sizes, cookies, weak keys."""

import hashlib
from pathlib import Path

import nacl.bindings as nacl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import ProtocolError
from antiphon.wire.command import Command, decode_command
from antiphon.wire.connection import CLOSED, TRAFFIC, Connection
from antiphon.wire.curve import CurveClient, CurveServer
from antiphon.wire.framing import encode_command
from antiphon.wire.mechanism import Local, Surroundings, Verdict

UNLIMITED = 10**9
SERVER_SECRET = hashlib.sha256(b"server").digest()
CLIENT_SECRET = hashlib.sha256(b"client").digest()
SERVER_PUBLIC = nacl.crypto_scalarmult_base(SERVER_SECRET)
CLIENT_PUBLIC = nacl.crypto_scalarmult_base(CLIENT_SECRET)
#: Name and body, in hexadecimal digits, of each command of one handshake.
TRANSCRIPT = {
    name: bytes.fromhex(body)
    for name, body in (
        line.split()
        for line in (Path(__file__).parent / "curve_transcript.txt").read_text().splitlines()
    )
}
#: Points of small order (https://cr.yp.to/ecdh.html#validate): no secret comes of them.
WEAK_KEYS = [
    bytes(32),
    b"\x01" + bytes(31),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
]


class Foreseen(Surroundings):
    """Chance from a seed, and a clock that stands still unless a test moves it."""

    def __init__(self, seed: bytes) -> None:
        self.seed = seed
        self.count = 0
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def entropy(self, count: int) -> bytes:
        self.count += 1
        return hashlib.shake_256(self.seed + b"%d" % self.count).digest(count)


def server(world: Surroundings | None = None, binder: bool = True) -> CurveServer:
    local = Local(b"ROUTER", b"", binder, [])
    return CurveServer(local, world or Foreseen(b"server"), SERVER_SECRET)


def client(
    world: Surroundings | None = None, key: bytes = SERVER_PUBLIC, binder: bool = False
) -> CurveClient:
    local = Local(b"DEALER", b"me", binder, [])
    return CurveClient(local, world or Foreseen(b"client"), CLIENT_PUBLIC, CLIENT_SECRET, key)


def admit(subject: CurveServer) -> bytes:
    return subject.answer(Verdict(None, b"", {}))[0]


def bodies() -> dict[str, bytes]:
    """Return the command bodies of one handshake, which both sides have completed."""
    near, far = client(), server()
    hello = near.start()[0]
    welcome = far.on_command(decode_command(hello))[0]
    initiate = near.on_command(decode_command(welcome))[0]
    assert far.on_command(decode_command(initiate)) == []
    ready = admit(far)
    assert near.on_command(decode_command(ready)) == []
    assert near.complete
    assert far.complete
    return {
        "HELLO": hello,
        "WELCOME": welcome,
        "INITIATE": initiate,
        "READY": ready,
        "MESSAGE": near.seal(1, b"from the client"),
        "REPLY": far.seal(0, b"from the server"),
    }


def established() -> tuple[CurveClient, CurveServer]:
    near, far = client(), server()
    welcome = far.on_command(decode_command(near.start()[0]))[0]
    far.on_command(decode_command(near.on_command(decode_command(welcome))[0]))
    near.on_command(decode_command(admit(far)))
    return near, far


def reason_of(subject: CurveClient | CurveServer, body: bytes) -> str:
    with pytest.raises(ProtocolError) as caught:
        subject.on_command(decode_command(body))
    assert not subject.complete
    return caught.value.reason


def test_a_handshake_is_always_the_same_bytes() -> None:
    """C2: from the same keys, and the same chance."""
    assert bodies() == TRANSCRIPT


def test_the_bytes_are_the_fields_of_the_rfc() -> None:
    """C3-C8, opened with the primitives alone."""
    c_secret = Foreseen(b"client").entropy(32)
    s_secret = Foreseen(b"server").entropy(32)
    c_public, s_public = map(nacl.crypto_scalarmult_base, (c_secret, s_secret))
    hello, welcome = TRANSCRIPT["HELLO"], TRANSCRIPT["WELCOME"]
    assert (len(hello), len(welcome)) == (200, 168)
    assert hello[:80] == b"\x05HELLO\x01\x00" + bytes(72)
    assert hello[80:112] == c_public
    nonce = b"CurveZMQHELLO---" + hello[112:120]
    assert nacl.crypto_box_open(hello[120:], nonce, c_public, SERVER_SECRET) == bytes(64)
    nonce = b"WELCOME-" + welcome[8:24]
    plain = nacl.crypto_box_open(welcome[24:], nonce, SERVER_PUBLIC, c_secret)
    assert plain[:32] == s_public
    cookie = plain[32:]
    initiate = TRANSCRIPT["INITIATE"]
    assert initiate[:105] == b"\x08INITIATE" + cookie
    nonce = b"CurveZMQINITIATE" + initiate[105:113]
    plain = nacl.crypto_box_open(initiate[113:], nonce, c_public, s_secret)
    assert plain[:32] == CLIENT_PUBLIC
    vouch = nacl.crypto_box_open(plain[48:128], b"VOUCH---" + plain[32:48], CLIENT_PUBLIC, s_secret)
    assert vouch == c_public + SERVER_PUBLIC
    assert plain[128:].startswith(b"\x0bSocket-Type\x00\x00\x00\x06DEALER")
    ready = TRANSCRIPT["READY"]
    nonce = b"CurveZMQREADY---" + ready[6:14]
    plain = nacl.crypto_box_open(ready[14:], nonce, s_public, c_secret)
    assert plain.startswith(b"\x0bSocket-Type\x00\x00\x00\x06ROUTER")
    message = TRANSCRIPT["MESSAGE"]
    nonce = b"CurveZMQMESSAGEC" + message[8:16]
    assert nacl.crypto_box_open(message[16:], nonce, c_public, s_secret) == b"\x01from the client"


def test_a_stranger_gets_less_than_it_gives() -> None:
    """C6: no amplification."""
    assert len(TRANSCRIPT["WELCOME"]) < len(TRANSCRIPT["HELLO"])


def drive(name: str, forged: bytes) -> tuple[CurveClient, CurveServer]:
    """Go through a handshake in which one command is another; both go on for as long as they do."""
    near, far = client(), server()
    body = near.start()[0]
    for step in ("HELLO", "WELCOME", "INITIATE", "READY"):
        command = decode_command(forged if step == name else body)
        answer = (near if step in ("WELCOME", "READY") else far).on_command(command)
        body = answer[0] if answer else admit(far) if step == "INITIATE" else b""
    return near, far


@pytest.mark.parametrize("name", ["HELLO", "WELCOME", "INITIATE", "READY"])
def test_every_flipped_bit_ends_the_handshake(name: str) -> None:
    """C3: whoever is told something false does not go on; a good client always gets in."""
    body = TRANSCRIPT[name]
    for position in range(len(body) * 8):
        forged = bytearray(body)
        forged[position // 8] ^= 1 << position % 8
        with pytest.raises(ProtocolError):
            drive(name, bytes(forged))
        if position % 800 == 0:
            near, far = drive(name, body)
            assert near.complete
            assert far.complete


@pytest.mark.parametrize("position", range(8 * 48))
def test_every_flipped_bit_of_a_message_is_noticed(position: int) -> None:
    near, far = established()
    sealed = bytearray(near.seal(0, b"to the server..."))
    assert len(sealed) == 49
    sealed[position // 8] ^= 1 << position % 8
    with pytest.raises(ProtocolError) as caught:
        far.open(bytes(sealed))
    assert caught.value.reason in ("unexpected-command", "invalid-sequence", "cryptographic")


def test_frames_go_both_ways_with_their_flags() -> None:
    near, far = established()
    assert far.open(near.seal(1, b"part")) == (1, b"part")
    assert far.open(near.seal(0, b"")) == (0, b"")
    assert near.open(far.seal(2, b"\x04PONG")) == (2, b"\x04PONG")


def test_a_message_is_not_taken_for_one_of_the_other_direction() -> None:
    near, far = established()
    sealed = [near.seal(0, b"x") for _ in range(9)][-1]
    with pytest.raises(ProtocolError, match="cryptographic"):
        near.open(sealed)
    del far


def test_cve_2014_7203_replays_are_refused() -> None:
    """C4, C11: replayed and reordered frames; a dropped one leaves a gap, which is allowed."""
    near, far = established()
    first, second, third = (near.seal(0, b"%d" % n) for n in range(3))
    far.open(first)
    for replay in (first, TRANSCRIPT["MESSAGE"][:8] + first[8:16] + third[16:]):
        with pytest.raises(ProtocolError, match="invalid-sequence"):
            far.open(replay)
    assert far.open(third) == (0, b"2")
    with pytest.raises(ProtocolError, match="invalid-sequence"):
        far.open(second)


def test_nonces_never_come_twice() -> None:
    near, _ = established()
    nonces = [near.seal(0, b"")[8:16] for _ in range(10000)]
    assert sorted(set(nonces)) == nonces


def test_after_the_last_nonce_nothing_more_is_sent() -> None:
    near, _ = established()
    near._nonce = 2**62 - 2
    near.seal(0, b"the last one")
    with pytest.raises(ProtocolError, match="nonces-exhausted"):
        near.seal(0, b"one too many")


def test_a_connection_closes_when_its_nonces_are_used_up() -> None:
    near, _ = established()
    near._nonce = 2**62 - 1
    subject = Connection(near, -1, 100)
    subject.state = TRAFFIC
    subject._begin_traffic()
    out: list[bytes] = []
    assert subject.encode([b"x"], out) == 0
    assert subject.state == CLOSED
    again = Connection(near, -1, 100)
    again._begin_traffic()
    again.peer_version = (3, 1)
    assert not again.ping(0)
    assert again.state == CLOSED


@pytest.mark.parametrize("change", [-1, 1])
def test_sizes_are_exact(change: int) -> None:
    """C5."""

    def resized(body: bytes) -> bytes:
        return body[:change] if change < 0 else body + b"\x00"

    near, far = client(), server()
    hello = near.start()[0]
    assert reason_of(far, resized(hello)) == "malformed-hello"
    welcome = far.on_command(decode_command(hello))[0]
    assert reason_of(near, resized(welcome)) == "malformed-welcome"
    initiate = near.on_command(decode_command(welcome))[0]
    assert reason_of(far, resized(initiate)) == "cryptographic"


def test_cve_2019_13132_an_initiate_is_bounded_before_it_is_opened() -> None:
    """C5."""
    for size in (247, 2047, 2048, 10**6):
        far = server()
        far.on_command(decode_command(TRANSCRIPT["HELLO"]))
        body = b"\x08INITIATE" + bytes(size)
        expected = "cryptographic" if 248 <= size < 2048 else "malformed-initiate"
        assert reason_of(far, body) == expected
    connection = Connection(server(), -1, 100)
    connection.receive(Connection(client(), -1, 100).output[0], UNLIMITED)
    connection.receive(encode_command(TRANSCRIPT["HELLO"]), UNLIMITED)
    connection.receive(encode_command(bytes(2049))[:9], UNLIMITED)
    assert connection.error is not None
    assert connection.error.reason == "command-too-long"


def test_a_ready_and_a_message_have_their_least_sizes() -> None:
    near = client()
    near.start()
    near.on_command(decode_command(TRANSCRIPT["WELCOME"]))
    assert reason_of(near, b"\x05READY" + bytes(23)) == "malformed-ready"
    for size in (0, 8, 24):
        with pytest.raises(ProtocolError, match="malformed-message"):
            established()[0].open(b"\x07MESSAGE" + bytes(size))


def test_a_cookie_serves_only_the_connection_it_was_made_for() -> None:
    """C6."""
    world = Foreseen(b"server")
    first, second = server(world), server(world)
    near, other = client(Foreseen(b"one")), client(Foreseen(b"two"))
    welcome = first.on_command(decode_command(near.start()[0]))[0]
    second.on_command(decode_command(other.start()[0]))
    initiate = near.on_command(decode_command(welcome))[0]
    assert reason_of(second, initiate) == "cryptographic"


@pytest.mark.parametrize(("age", "accepted"), [(59.9, True), (60.1, False)])
def test_a_cookie_is_good_for_a_minute(age: float, accepted: bool) -> None:
    """C5, C6."""
    world = Foreseen(b"server")
    near, far = client(), server(world)
    welcome = far.on_command(decode_command(near.start()[0]))[0]
    initiate = near.on_command(decode_command(welcome))[0]
    world.time += age
    if accepted:
        assert far.on_command(decode_command(initiate)) == []
        assert far.question is not None
    else:
        assert reason_of(far, initiate) == "cookie-expired"


def test_a_cookie_is_good_once() -> None:
    near, far = client(), server()
    welcome = far.on_command(decode_command(near.start()[0]))[0]
    initiate = near.on_command(decode_command(welcome))[0]
    far.on_command(decode_command(initiate))
    with pytest.raises(ProtocolError, match="unexpected-command"):
        far.on_command(decode_command(initiate))


@pytest.mark.parametrize("key", WEAK_KEYS)
def test_keys_without_a_secret_are_refused(key: bytes) -> None:
    """C1: of the server, of a client's connection, and of a client."""
    with pytest.raises(ProtocolError, match="cryptographic"):
        client(key=key).start()
    hello = TRANSCRIPT["HELLO"]
    assert reason_of(server(), hello[:80] + key + hello[112:]) == "cryptographic"
    far = server()
    welcome = far.on_command(decode_command(client().start()[0]))[0]
    weak = CurveClient(
        Local(b"DEALER", b"", False, []), Foreseen(b"client"), key, CLIENT_SECRET, SERVER_PUBLIC
    )
    weak.start()
    initiate = weak.on_command(decode_command(welcome))[0]
    assert reason_of(far, initiate) == "cryptographic"


def test_a_client_cannot_use_a_key_whose_secret_it_does_not_have() -> None:
    """C6: the vouch is made with c."""
    stolen = CurveClient(
        Local(b"DEALER", b"", False, []),
        Foreseen(b"client"),
        CLIENT_PUBLIC,
        hashlib.sha256(b"another").digest(),
        SERVER_PUBLIC,
    )
    far = server()
    welcome = far.on_command(decode_command(stolen.start()[0]))[0]
    assert reason_of(far, stolen.on_command(decode_command(welcome))[0]) == "cryptographic"


def test_a_vouch_for_another_server_is_refused() -> None:
    """C6: a server that passes on what a client gave it does not become that client."""
    near, far = client(), server()
    welcome = far.on_command(decode_command(near.start()[0]))[0]
    near._server_key = CLIENT_PUBLIC
    assert reason_of(far, near.on_command(decode_command(welcome))[0]) == "key-exchange"


def test_the_server_puts_the_clients_key_in_question() -> None:
    near, far = client(), server()
    welcome = far.on_command(decode_command(near.start()[0]))[0]
    far.on_command(decode_command(near.on_command(decode_command(welcome))[0]))
    assert far.question is not None
    assert (far.question.mechanism, far.question.credentials) == (b"CURVE", [CLIENT_PUBLIC])
    assert not far.complete


@pytest.mark.parametrize("name", [b"READY", b"MESSAGE", b"INITIATE", b"HELL", b"ERRO"])
def test_commands_out_of_turn_are_refused(name: bytes) -> None:
    with pytest.raises(ProtocolError, match="unexpected-command"):
        server().on_command(Command(name, bytes(194)))
    near = client()
    near.start()
    with pytest.raises(ProtocolError, match="unexpected-command"):
        near.on_command(Command(name, bytes(160)))


def test_keys_are_in_no_repr() -> None:
    """C8."""
    shown = repr(server()) + repr(client()) + str(vars(ProtocolError("cryptographic", "x")))
    assert SERVER_SECRET.hex() not in shown
    assert repr(SERVER_SECRET) not in shown


@given(st.binary(max_size=600), st.sampled_from(["", "HELLO", "INITIATE"]))
def test_no_bytes_make_a_server_raise_or_let_anybody_in(data: bytes, after: str) -> None:
    subject = Connection(server(), -1, 100)
    subject.receive(Connection(client(), -1, 100).output[0], UNLIMITED)
    if after:
        subject.receive(encode_command(TRANSCRIPT["HELLO"]), UNLIMITED)
    subject.receive(encode_command(b"\x08INITIATE" + data) if after == "INITIATE" else data, 9)
    assert subject.state != TRAFFIC
    assert subject.mechanism.question is None
