"""REQ/REP on asyncio between two processes, one request at a time.

usage: reqrep_asyncio PACKAGE server | reqrep_asyncio PACKAGE client ENDPOINT REQUESTS SIZE

PACKAGE is zmq.asyncio, antiphon.zmq.asyncio or pyomq.asyncio.
"""

import asyncio
import sys
import time
from typing import Any

from benchmarks.programs.common import WARM_UP, describe, endpoint_of, load, opened, report, used


async def serve(zmq: Any, numbers: Any) -> None:
    """Answer every request with itself."""
    socket = opened(zmq.Context(), numbers.REP)
    print(endpoint_of(socket), flush=True)
    while True:
        await socket.send(await socket.recv())


async def ask(zmq: Any, numbers: Any, endpoint: str, requests: int, size: int) -> None:
    """Send one request after the other and print how long a round trip takes."""
    socket = opened(zmq.Context(), numbers.REQ)
    socket.connect(endpoint)
    body = b"x" * size
    taken = []
    for number in range(WARM_UP + requests):
        if number == WARM_UP:
            before, start = used(), time.perf_counter()
        sent = time.perf_counter()
        await socket.send(body)
        await socket.recv()
        taken.append(time.perf_counter() - sent)
    report(start, before, requests, describe(taken[WARM_UP:]))
    socket.close()


if __name__ == "__main__":
    package, role, *rest = sys.argv[1:]
    modules = load(package)
    if role == "server":
        asyncio.run(serve(*modules))
    else:
        asyncio.run(ask(*modules, rest[0], int(rest[1]), int(rest[2])))
