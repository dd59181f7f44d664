"""Clients or workers of a load-balancing broker, all on one asyncio loop.

usage: services_zmq PACKAGE workers ENDPOINT COUNT
       services_zmq PACKAGE clients ENDPOINT COUNT IN_FLIGHT REQUESTS SIZE

PACKAGE is zmq.asyncio or antiphon.zmq.asyncio. Workers are DEALER sockets that say READY and
answer requests with themselves; clients are DEALER sockets with so many requests in flight each.
"""

import asyncio
import sys
import time
from itertools import chain
from typing import Any

from benchmarks.programs.common import describe, load, opened, report, used


async def work(socket: Any) -> None:
    """Answer requests."""
    await socket.send_multipart([b"", b"READY"])
    while True:
        await socket.send_multipart(await socket.recv_multipart())


async def ask(socket: Any, in_flight: int, requests: int, size: int) -> list[float]:
    """Keep requests in flight until all are answered; returns how long each took."""
    sent = [0.0] * requests
    taken = []
    body = b"x" * size
    for number in range(min(in_flight, requests)):
        sent[number] = time.perf_counter()
        await socket.send_multipart([b"", b"%d" % number, body])
    for answered in range(requests):
        _, number_sent, _ = await socket.recv_multipart()
        taken.append(time.perf_counter() - sent[int(number_sent)])
        number = answered + in_flight
        if number < requests:
            sent[number] = time.perf_counter()
            await socket.send_multipart([b"", b"%d" % number, body])
    return taken


async def main(package: str, role: str, endpoint: str, count: int, *rest: int) -> None:
    """Be the workers, or the clients and print their figures."""
    zmq, numbers = load(package)
    context = zmq.Context()
    sockets = [opened(context, numbers.DEALER) for _ in range(count)]
    for socket in sockets:
        socket.connect(endpoint)
    if role == "workers":
        print("ready", flush=True)
        await asyncio.gather(*(work(socket) for socket in sockets))
    in_flight, requests, size = rest
    await asyncio.gather(*(ask(socket, in_flight, in_flight, size) for socket in sockets))
    before, start = used(), time.perf_counter()
    each = requests // count
    taken = await asyncio.gather(*(ask(socket, in_flight, each, size) for socket in sockets))
    report(start, before, each * count, describe([*chain(*taken)]))
    context.destroy(linger=0)


if __name__ == "__main__":
    name, what, where, *numbers_given = sys.argv[1:]
    asyncio.run(main(name, what, where, *map(int, numbers_given)))
