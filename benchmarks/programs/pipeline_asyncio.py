"""One way on asyncio: a PUSH that sends without end, and a PULL in another process that counts.

usage: pipeline_asyncio PACKAGE server SIZE | pipeline_asyncio PACKAGE client ENDPOINT MESSAGES SIZE

PACKAGE is zmq.asyncio, antiphon.zmq.asyncio or pyomq.asyncio.
"""

import asyncio
import sys
import time
from typing import Any

from benchmarks.programs.common import endpoint_of, load, opened, report, used


async def serve(zmq: Any, numbers: Any, size: int) -> None:
    """Send messages of ``size`` bytes for as long as somebody takes them."""
    socket = opened(zmq.Context(), numbers.PUSH, size)
    print(endpoint_of(socket), flush=True)
    body = b"x" * size
    while True:
        await socket.send(body)


async def count(zmq: Any, numbers: Any, endpoint: str, messages: int, size: int) -> None:
    """Take as many messages and print how many come per second."""
    socket = opened(zmq.Context(), numbers.PULL, size)
    socket.connect(endpoint)
    for _ in range(max(messages // 10, 1)):
        await socket.recv()
    before, start = used(), time.perf_counter()
    for _ in range(messages):
        await socket.recv()
    report(start, before, messages)
    socket.close()


if __name__ == "__main__":
    package, role, *rest = sys.argv[1:]
    modules = load(package)
    if role == "server":
        asyncio.run(serve(*modules, int(rest[0])))
    else:
        asyncio.run(count(*modules, rest[0], int(rest[1]), int(rest[2])))
