"""Blocking REQ/REP over inproc between two threads.

usage: inproc PACKAGE REQUESTS SIZE

PACKAGE is zmq, antiphon.zmq or pyomq.
"""

import sys
import threading
from typing import Any

from benchmarks.programs.common import WARM_UP, load, opened, time_round_trips

_ENDPOINT = "inproc://benchmark"


def serve(socket: Any, requests: int) -> None:
    """Answer as many requests with themselves."""
    for _ in range(requests):
        socket.send(socket.recv())


def ask(zmq: Any, requests: int, size: int) -> None:
    """Send one request after the other and print how long a round trip takes."""
    context = zmq.Context()
    server = opened(context, zmq.REP)
    server.bind(_ENDPOINT)
    thread = threading.Thread(target=serve, args=(server, WARM_UP + requests))
    thread.start()
    socket = opened(context, zmq.REQ)
    socket.connect(_ENDPOINT)
    body = b"x" * size

    def once() -> None:
        socket.send(body)
        socket.recv()

    time_round_trips(once, requests)
    thread.join()
    socket.close()
    server.close()
    context.term()


if __name__ == "__main__":
    ask(load(sys.argv[1])[0], int(sys.argv[2]), int(sys.argv[3]))
