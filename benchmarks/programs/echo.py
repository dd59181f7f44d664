"""DEALER and ROUTER on asyncio, many requests in flight, between two processes.

usage: echo.py PACKAGE LOOP server | echo.py PACKAGE LOOP client ENDPOINT REQUESTS IN_FLIGHT SIZE

PACKAGE is zmq.asyncio or antiphon.zmq.asyncio, LOOP asyncio or uvloop. The server prints its
endpoint, the client its figures as JSON.
"""

import asyncio
import importlib
import json
import sys
import time
from typing import Any


async def serve(zmq: Any) -> None:
    """Send every message back where it came from."""
    socket = zmq.Context().socket(importlib.import_module(package.removesuffix(".asyncio")).ROUTER)
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    print(f"tcp://127.0.0.1:{port}", flush=True)
    while True:
        await socket.send_multipart(await socket.recv_multipart())


async def ask(zmq: Any, endpoint: str, requests: int, in_flight: int, size: int) -> None:
    """Keep ``in_flight`` requests on their way and print how many are answered per second."""
    context = zmq.Context()
    socket = context.socket(importlib.import_module(package.removesuffix(".asyncio")).DEALER)
    socket.connect(endpoint)
    request = [b"", b"x" * size]
    await socket.send_multipart(request)
    await socket.recv_multipart()
    start = time.perf_counter()
    for _ in range(in_flight):
        await socket.send_multipart(request)
    for answered in range(requests):
        reply = await socket.recv_multipart()
        if answered + in_flight < requests:
            await socket.send_multipart(reply)
    print(json.dumps({"rate": requests / (time.perf_counter() - start)}))
    context.destroy(linger=0)


if __name__ == "__main__":
    package, loop, role, *rest = sys.argv[1:]
    if loop == "uvloop":
        import uvloop

        uvloop.install()
    module = importlib.import_module(package)
    if role == "server":
        asyncio.run(serve(module))
    else:
        asyncio.run(ask(module, rest[0], *map(int, rest[1:])))
