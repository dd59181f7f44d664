"""Blocking REQ/REP over inproc between two threads.

usage: inproc PACKAGE REQUESTS SIZE

PACKAGE is zmq, antiphon.zmq or pyomq.
"""

import sys
import threading
import time
from typing import Any

from benchmarks.programs.common import describe, load, opened, report, used

_ENDPOINT = "inproc://benchmark"
_WARM_UP = 500


def serve(socket: Any, requests: int) -> None:
    """Answer as many requests with themselves."""
    for _ in range(requests):
        socket.send(socket.recv())


def ask(zmq: Any, requests: int, size: int) -> None:
    """Send one request after the other and print how long a round trip takes."""
    context = zmq.Context()
    server = opened(context, zmq.REP)
    server.bind(_ENDPOINT)
    thread = threading.Thread(target=serve, args=(server, _WARM_UP + requests))
    thread.start()
    socket = opened(context, zmq.REQ)
    socket.connect(_ENDPOINT)
    body = b"x" * size
    taken = []
    for number in range(_WARM_UP + requests):
        if number == _WARM_UP:
            before, start = used(), time.perf_counter()
        sent = time.perf_counter()
        socket.send(body)
        socket.recv()
        taken.append(time.perf_counter() - sent)
    report(start, before, requests, describe(taken[_WARM_UP:]))
    thread.join()
    socket.close()
    server.close()
    context.term()


if __name__ == "__main__":
    ask(load(sys.argv[1])[0], int(sys.argv[2]), int(sys.argv[3]))
