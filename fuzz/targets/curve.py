"""CURVE in both roles, with a peer that has the right keys and lies.

The bytes are a program for the peer: what it says next is passed on as it is, altered, cut or
said twice, or it seals a frame of its own choice. Whatever happens, what arrives is what the peer
has sealed, in that order, and nothing of it twice.
"""

import hashlib

from antiphon.errors import ProtocolError
from antiphon.keys import nacl_bindings
from antiphon.wire.connection import CLOSED, TRAFFIC, Connection
from antiphon.wire.curve import CurveClient, CurveServer
from antiphon.wire.framing import encode_message
from antiphon.wire.mechanism import Local, Surroundings
from fuzz.stories import MAX_FRAME, MAX_FRAMES, WELCOME, told

__all__ = ("check",)

_SERVER_SECRET = hashlib.sha256(b"server").digest()
_CLIENT_SECRET = hashlib.sha256(b"client").digest()
_SERVER_PUBLIC = bytes(nacl_bindings().crypto_scalarmult_base(_SERVER_SECRET))
_CLIENT_PUBLIC = bytes(nacl_bindings().crypto_scalarmult_base(_CLIENT_SECRET))
_MAX_STEPS = 40


class _Foreseen(Surroundings):
    """The same chance each time, so that a finding can be repeated."""

    def __init__(self, seed: bytes) -> None:
        self.seed = seed
        self.count = 0

    def now(self) -> float:
        return 0.0

    def entropy(self, count: int) -> bytes:
        self.count += 1
        return hashlib.shake_256(self.seed + b"%d" % self.count).digest(count)


class _Conversation:
    """The subject, its peer, and what the peer has sealed."""

    def __init__(self, subject_serves: bool) -> None:
        ends = (_connection(True), _connection(False))
        self.subject, self.peer = ends if subject_serves else ends[::-1]
        self.sealed: list[bytes] = []
        self.arrived: list[bytes] = []
        self.last = b""

    def pass_on(self, data: bytes) -> None:
        """Let the subject have what its peer says, and the peer what the subject says."""
        self.last = data
        for message in told(self.subject, data, WELCOME):
            self.arrived += message
        said = b"".join(self.subject.output)
        self.subject.output.clear()
        told(self.peer, said, WELCOME)

    def said(self) -> bytes:
        """Return what the peer has to say."""
        data = b"".join(self.peer.output)
        self.peer.output.clear()
        return data

    def seal(self, flags: int, body: bytes) -> bytes:
        """Return a frame that the peer seals with flags of its own choice."""
        if self.peer.state != TRAFFIC:
            return b""
        try:
            chunks: list[bytes] = []
            encode_message([self.peer.mechanism.seal(flags, body)], chunks)
        except ProtocolError:
            return b""
        self.sealed.append(body)
        return b"".join(chunks)


def check(data: bytes) -> None:
    """Run the program against a server and against a client."""
    for subject_serves in (True, False):
        _run(_Conversation(subject_serves), data)


def _run(conversation: _Conversation, program: bytes) -> None:
    position = 0
    for _ in range(_MAX_STEPS):
        if position + 1 >= len(program):
            break
        verb, number = program[position], program[position + 1]
        position += 2
        if verb % 6 == 0:
            conversation.pass_on(conversation.said())
        elif verb % 6 == 1:
            conversation.pass_on(_altered(conversation.said(), number, verb))
        elif verb % 6 == 2:
            conversation.pass_on(conversation.said()[:number])
        elif verb % 6 == 3:
            conversation.pass_on(conversation.last)
        elif verb % 6 == 4:
            body = program[position : position + number]
            position += number
            conversation.pass_on(conversation.seal(verb // 6, body))
        else:
            conversation.pass_on(program[position : position + number])
            position += number
    _check(conversation)


def _altered(data: bytes, number: int, verb: int) -> bytes:
    if not data:
        return data
    place = number * len(data) // 256
    return data[:place] + bytes([data[place] ^ (1 << (verb // 6 % 8))]) + data[place + 1 :]


def _check(conversation: _Conversation) -> None:
    subject = conversation.subject
    assert (subject.state == CLOSED) == (subject.error is not None)
    sealed = iter(conversation.sealed)
    for frame in conversation.arrived:
        assert frame in sealed, "what arrived was not sealed, or not in this order"


def _connection(as_server: bool) -> Connection:
    local = Local(b"DEALER", b"", as_server, [])
    if as_server:
        server = CurveServer(local, _Foreseen(b"server"), _SERVER_SECRET)
        return Connection(server, MAX_FRAME, MAX_FRAMES)
    keys = _CLIENT_PUBLIC, _CLIENT_SECRET, _SERVER_PUBLIC
    client = CurveClient(local, _Foreseen(b"client"), *keys)
    return Connection(client, MAX_FRAME, MAX_FRAMES)
