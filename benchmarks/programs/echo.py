"""DEALER and ROUTER with many requests in flight, between two processes, on asyncio.

usage: echo PACKAGE LOOP server | echo PACKAGE LOOP client ENDPOINT REQUESTS SIZE IN_FLIGHT

PACKAGE is zmq.asyncio, antiphon.zmq.asyncio or pyomq.asyncio, LOOP asyncio or uvloop.
"""

import asyncio
import sys
import time
from typing import Any

from benchmarks.programs.common import WARM_UP, endpoint_of, load, opened, report, used


async def serve(zmq: Any, numbers: Any) -> None:
    """Send every message back where it came from."""
    socket = opened(zmq.Context(), numbers.ROUTER)
    print(endpoint_of(socket), flush=True)
    while True:
        await socket.send_multipart(await socket.recv_multipart())


async def ask(
    zmq: Any, numbers: Any, endpoint: str, requests: int, size: int, in_flight: int
) -> None:
    """Keep ``in_flight`` requests on their way and print how many are answered per second."""
    socket = opened(zmq.Context(), numbers.DEALER)
    socket.connect(endpoint)
    request = [b"", b"x" * size]
    for _ in range(in_flight):
        await socket.send_multipart(request)
    for answered in range(WARM_UP + requests):
        if answered == WARM_UP:
            before, start = used(), time.perf_counter()
        await socket.send_multipart(await socket.recv_multipart())
    report(start, before, requests)
    socket.close()


if __name__ == "__main__":
    package, loop, role, *rest = sys.argv[1:]
    if loop == "uvloop":
        import uvloop

        uvloop.install()
    modules = load(package)
    if role == "server":
        asyncio.run(serve(*modules))
    else:
        asyncio.run(ask(*modules, rest[0], *map(int, rest[1:])))
