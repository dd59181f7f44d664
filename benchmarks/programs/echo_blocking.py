"""As echo, with blocking sockets.

usage: echo_blocking PACKAGE server | echo_blocking PACKAGE client ENDPOINT REQUESTS SIZE IN_FLIGHT
"""

import sys
import time
from typing import Any

from benchmarks.programs.common import WARM_UP, endpoint_of, load, opened, report, used


def serve(zmq: Any) -> None:
    """Send every message back where it came from."""
    socket = opened(zmq.Context(), zmq.ROUTER)
    print(endpoint_of(socket), flush=True)
    while True:
        socket.send_multipart(socket.recv_multipart())


def ask(zmq: Any, endpoint: str, requests: int, size: int, in_flight: int) -> None:
    """Keep ``in_flight`` requests on their way and print how many are answered per second."""
    context = zmq.Context()
    socket = opened(context, zmq.DEALER)
    socket.connect(endpoint)
    request = [b"", b"x" * size]
    for _ in range(in_flight):
        socket.send_multipart(request)
    for answered in range(WARM_UP + requests):
        if answered == WARM_UP:
            before, start = used(), time.perf_counter()
        socket.send_multipart(socket.recv_multipart())
    report(start, before, requests)
    socket.close()
    context.term()


if __name__ == "__main__":
    package, role, *rest = sys.argv[1:]
    module, _ = load(package)
    if role == "server":
        serve(module)
    else:
        ask(module, rest[0], *map(int, rest[1:]))
