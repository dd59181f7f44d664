"""SUBSCRIBE and CANCEL from peers of either version, into a publisher (Z20).

The bytes are a list of ``verb (1) | size (1) | topic``; an odd verb cancels.
"""

from collections.abc import Iterator

from antiphon.options import SocketOptions
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.publisher import Pub
from antiphon.wire.command import CANCEL, SUBSCRIBE, encode_ready
from antiphon.wire.connection import TRAFFIC, Connection
from antiphon.wire.framing import encode_command, encode_message
from antiphon.wire.greeting import encode_greeting
from antiphon.wire.mechanism import Local, NullMechanism
from fuzz.feeding import splits

__all__ = ("check",)

_OPENING = encode_greeting(b"NULL", False) + encode_command(
    encode_ready([(b"Socket-Type", b"SUB")])
)


def check(data: bytes) -> None:
    """Say the same in commands and in messages; then publish."""
    requests = list(_requests(data))
    commands: list[bytes] = []
    messages: list[bytes] = []
    wanted: set[bytes] = set()
    for subscribes, topic in requests:
        commands.append(encode_command((SUBSCRIBE if subscribes else CANCEL) + topic))
        encode_message([bytes([subscribes]) + topic], messages)
        (wanted.add if subscribes else wanted.discard)(topic)
    for stream in (b"".join(commands), b"".join(messages)):
        for pieces in splits(stream):
            publisher, pipe = _publisher(pieces)
            assert publisher.trie.topics == len(wanted)
            assert set(publisher.trie.prefixes(pipe)) == wanted
            for _, topic in requests:
                _check_match(publisher, wanted, topic)
                _check_match(publisher, wanted, topic + b"!")
            publisher.detach(pipe)
            assert publisher.trie.topics == 0


def _requests(data: bytes) -> Iterator[tuple[bool, bytes]]:
    position = 0
    while position + 1 < len(data):
        size = data[position + 1]
        yield not data[position] & 1, data[position + 2 : position + 2 + size]
        position += 2 + size


def _publisher(pieces: list[bytes]) -> tuple[Pub, Pipe]:
    """Return a publisher that has taken what a peer says."""
    connection = Connection(NullMechanism(Local(b"PUB", b"", True, [])), 300, 6)
    connection.receive(_OPENING, 1)
    options = SocketOptions()
    publisher, pipe = Pub(options), Pipe(options)
    publisher.attach(pipe)
    for piece in pieces:
        connection.receive(piece, len(piece) + 1)
        publisher.deliver(pipe, connection.decoder.messages)
    assert connection.state == TRAFFIC
    return publisher, pipe


def _check_match(publisher: Pub, wanted: set[bytes], topic: bytes) -> None:
    expected = any(topic.startswith(prefix) for prefix in wanted)
    assert publisher.trie.matches(topic) == expected
