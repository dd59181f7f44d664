"""Blocking REQ/REP between two processes.

usage: reqrep.py PACKAGE server | reqrep.py PACKAGE client ENDPOINT REQUESTS SIZE

PACKAGE is zmq or antiphon.zmq. The server prints its endpoint, the client its figures as JSON.
"""

import importlib
import json
import sys
import time
from typing import Any

_WARM_UP = 200


def serve(zmq: Any) -> None:
    """Answer every request with itself."""
    socket = zmq.Context().socket(zmq.REP)
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    print(f"tcp://127.0.0.1:{port}", flush=True)
    while True:
        socket.send(socket.recv())


def ask(zmq: Any, endpoint: str, requests: int, size: int) -> dict[str, float]:
    """Send one request after the other and return how long a round trip takes."""
    context = zmq.Context()
    socket = context.socket(zmq.REQ)
    socket.connect(endpoint)
    body = b"x" * size
    for _ in range(_WARM_UP):
        socket.send(body)
        socket.recv()
    taken = []
    for _ in range(requests):
        start = time.perf_counter()
        socket.send(body)
        socket.recv()
        taken.append(time.perf_counter() - start)
    context.destroy(linger=0)
    taken.sort()
    return {
        "rate": requests / sum(taken),
        "p50_us": taken[requests // 2] * 1e6,
        "p99_us": taken[requests * 99 // 100] * 1e6,
    }


if __name__ == "__main__":
    package, role, *rest = sys.argv[1:]
    module = importlib.import_module(package)
    if role == "server":
        serve(module)
    else:
        print(json.dumps(ask(module, rest[0], int(rest[1]), int(rest[2]))))
