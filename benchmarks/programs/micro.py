"""What single steps cost, in one process with no connection.

usage: micro STEP REPEATS SIZE

STEP is encode, decode (frames of SIZE bytes), match (among SIZE subscriptions), balance or
fair-queue (over SIZE peers). Prints nanoseconds per step.
"""

import json
import sys
import time
from collections.abc import Callable

from antiphon.options import SocketOptions
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.schedule import FairQueue, LoadBalancer
from antiphon.patterns.trie import SubscriptionTrie
from antiphon.queue import MessageQueue
from antiphon.wire.framing import FrameDecoder, encode_message

_TOGETHER = 64


def encode(size: int) -> Callable[[], int]:
    """Make the wire form of messages that are let out together."""
    parts = [b"", b"x" * size]

    def step() -> int:
        chunks: list[bytes] = []
        for _ in range(_TOGETHER):
            encode_message(parts, chunks)
        b"".join(chunks)
        return _TOGETHER

    return step


def decode(size: int) -> Callable[[], int]:
    """Take apart what one read has brought."""
    chunks: list[bytes] = []
    for _ in range(_TOGETHER):
        encode_message([b"", b"x" * size], chunks)
    data = b"".join(chunks)
    decoder = FrameDecoder(-1, 512, 64)
    decoder.begin_traffic(512)

    def step() -> int:
        decoder.decode(data, _TOGETHER)
        count = len(decoder.messages)
        decoder.messages.clear()
        return count

    return step


def match(size: int) -> Callable[[], int]:
    """Find the subscribers of topics, each of which has one."""
    trie = SubscriptionTrie()
    pipes = [Pipe(SocketOptions()) for _ in range(100)]
    for number in range(size):
        trie.add(b"topic.%07d." % number, pipes[number % len(pipes)])
    topics = [b"topic.%07d.rest" % (number * size // _TOGETHER) for number in range(_TOGETHER)]

    def step() -> int:
        return sum(len(trie.match(topic)) for topic in topics)

    return step


def balance(size: int) -> Callable[[], int]:
    """Give messages to peers in turn, and take them away again."""
    balancer = LoadBalancer()
    for _ in range(size):
        balancer.activate(Pipe(SocketOptions()))
    parts = [b"x" * 16]

    def step() -> int:
        for _ in range(_TOGETHER):
            pipe = balancer.send(parts)
            assert pipe is not None
            pipe.outbound_taken(1)
        return _TOGETHER

    return step


def fair_queue(size: int) -> Callable[[], int]:
    """Take messages from peers in turn, each of which has another one at once."""
    queue = FairQueue()
    parts = [b"x" * 16]
    for _ in range(size):
        pipe = Pipe(SocketOptions())
        pipe.put_inbound(MessageQueue([parts]))
        queue.activate(pipe)

    def step() -> int:
        for _ in range(_TOGETHER):
            queue.take()
            pipe = queue.last
            assert pipe is not None
            pipe.put_inbound(MessageQueue([parts]))
            queue.activate(pipe)
        return _TOGETHER

    return step


STEPS = {
    "encode": encode,
    "decode": decode,
    "match": match,
    "balance": balance,
    "fair-queue": fair_queue,
}


def main(name: str, repeats: int, size: int) -> None:
    """Repeat a step until so many messages have passed."""
    step = STEPS[name](size)
    step()
    passed = 0
    start = time.perf_counter()
    while passed < repeats:
        passed += step()
    print(json.dumps({"ns": (time.perf_counter() - start) * 1e9 / passed}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
