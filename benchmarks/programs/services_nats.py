"""The same clients and workers on nats-py: a request, and a queue group that answers.

usage: services_nats workers URL COUNT | services_nats clients URL COUNT IN_FLIGHT REQUESTS SIZE

Each worker and each client has a connection of its own.
"""

import asyncio
import sys
import time
from itertools import chain
from typing import Any

import nats

from benchmarks.programs.common import describe, report, used

_SUBJECT = "work"


async def work(url: str) -> None:
    """Answer requests."""
    connection = await nats.connect(url)

    async def answer(message: Any) -> None:
        await message.respond(message.data)

    await connection.subscribe(_SUBJECT, queue="workers", cb=answer)
    await connection.flush()


async def ask(connection: Any, requests: int, size: int) -> list[float]:
    """Send one request after the other; returns how long each took."""
    taken = []
    for _ in range(requests):
        sent = time.perf_counter()
        await connection.request(_SUBJECT, b"x" * size, timeout=30)
        taken.append(time.perf_counter() - sent)
    return taken


async def clients(url: str, count: int, in_flight: int, requests: int, size: int) -> None:
    """Keep ``in_flight`` requests of each client on their way and print the figures."""
    connections = [await nats.connect(url) for _ in range(count)]
    asking = [each for each in connections for _ in range(in_flight)]
    await asyncio.gather(*(ask(each, 2, size) for each in asking))
    before, start = used(), time.perf_counter()
    each = requests // len(asking)
    taken = await asyncio.gather(*(ask(connection, each, size) for connection in asking))
    report(start, before, each * len(asking), describe([*chain(*taken)]))


async def workers(url: str, count: int) -> None:
    """Be the workers."""
    for _ in range(count):
        await work(url)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    role, where, *rest = sys.argv[1:]
    main = workers if role == "workers" else clients
    asyncio.run(main(where, *map(int, rest)))
