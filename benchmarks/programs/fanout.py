"""A PUB that sends without end, and many SUB sockets in another process that count.

usage: fanout PACKAGE server SIZE | fanout PACKAGE client ENDPOINT DELIVERIES SIZE SUBSCRIBERS

PACKAGE is zmq or antiphon.zmq. The PUB waits for slow subscribers (XPUB_NODROP): nothing is lost,
so that what is counted is what was sent.
"""

import sys
import time
from typing import Any

from benchmarks.programs.common import endpoint_of, load, opened, report, used

#: How many messages of one subscriber are taken before it is the next one's turn.
_AT_ONCE = 100


def serve(zmq: Any, size: int) -> None:
    """Publish messages of ``size`` bytes for as long as somebody takes them."""
    socket = opened(zmq.Context(), zmq.PUB)
    socket.setsockopt(zmq.XPUB_NODROP, 1)
    print(endpoint_of(socket), flush=True)
    body = b"x" * size
    while True:
        socket.send(body)


def take(zmq: Any, socket: Any) -> int:
    """Take what waits and return how much that was."""
    for count in range(_AT_ONCE):
        try:
            socket.recv(zmq.NOBLOCK)
        except zmq.Again:
            return count
    return _AT_ONCE


def count(zmq: Any, endpoint: str, deliveries: int, subscribers: int) -> None:
    """Take as many messages and print how many come per second, once all subscribers have some."""
    context = zmq.Context()
    poller = zmq.Poller()
    for _ in range(subscribers):
        socket = opened(context, zmq.SUB)
        socket.setsockopt(zmq.SUBSCRIBE, b"")
        socket.connect(endpoint)
        poller.register(socket, zmq.POLLIN)
    silent = {each for each, _ in poller.sockets}
    taken = -deliveries // 5
    while silent or taken < 0:
        for ready, _ in poller.poll():
            silent.discard(ready)
            taken += take(zmq, ready)
    taken = 0
    before, start = used(), time.perf_counter()
    while taken < deliveries:
        for ready, _ in poller.poll():
            taken += take(zmq, ready)
    report(start, before, taken)
    context.destroy(linger=0)


if __name__ == "__main__":
    package, role, *rest = sys.argv[1:]
    module, _ = load(package)
    if role == "server":
        serve(module, int(rest[0]))
    else:
        count(module, rest[0], int(rest[1]), int(rest[3]))
