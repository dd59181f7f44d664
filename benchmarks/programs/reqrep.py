"""Blocking REQ/REP between two processes.

usage: reqrep PACKAGE server | reqrep PACKAGE client ENDPOINT REQUESTS SIZE

PACKAGE is zmq, antiphon.zmq or pyomq. The server prints its endpoint, the client its figures.
"""

import sys
from typing import Any

from benchmarks.programs.common import endpoint_of, load, opened, time_round_trips


def serve(zmq: Any) -> None:
    """Answer every request with itself."""
    socket = opened(zmq.Context(), zmq.REP)
    print(endpoint_of(socket), flush=True)
    while True:
        socket.send(socket.recv())


def ask(zmq: Any, endpoint: str, requests: int, size: int) -> None:
    """Send one request after the other and print how long a round trip takes."""
    context = zmq.Context()
    socket = opened(context, zmq.REQ)
    socket.connect(endpoint)
    body = b"x" * size

    def once() -> None:
        socket.send(body)
        socket.recv()

    time_round_trips(once, requests)
    socket.close()
    context.term()


if __name__ == "__main__":
    package, role, *rest = sys.argv[1:]
    module, _ = load(package)
    if role == "server":
        serve(module)
    else:
        ask(module, rest[0], int(rest[1]), int(rest[2]))
