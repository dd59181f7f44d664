"""What the programs share: sockets with equal bounds, and the figures that they print."""

import importlib
import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import psutil

__all__ = (
    "WARM_UP",
    "describe",
    "endpoint_of",
    "hwm",
    "load",
    "opened",
    "report",
    "time_round_trips",
    "used",
)

#: How many requests go before those that count.
WARM_UP = 500

#: What may wait in a queue: pyzmq's default, but not more than so many bytes.
_MESSAGES = 1000
_BYTES = 64 * 2**20


def load(package: str) -> tuple[Any, Any]:
    """Return a package, such as zmq.asyncio, and the one that has its numbers."""
    return importlib.import_module(package), importlib.import_module(
        package.removesuffix(".asyncio")
    )


def hwm(size: int) -> int:
    """Return how many messages of ``size`` bytes may wait in a queue."""
    return max(2, min(_MESSAGES, _BYTES // max(size, 1)))


def opened(context: Any, kind: int, size: int = 0) -> Any:
    """Return a socket of ``kind`` with the same bounds in every package."""
    socket = context.socket(kind)
    socket.sndhwm = socket.rcvhwm = hwm(size)
    socket.linger = 0
    return socket


def endpoint_of(socket: Any) -> str:
    """Bind a socket to a free port and return its endpoint."""
    return f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}"


def describe(taken: list[float]) -> dict[str, float]:
    """Return the percentiles of durations in seconds, as microseconds."""
    taken.sort()
    return {
        f"{name}_us": taken[int((len(taken) - 1) * part)] * 1e6
        for name, part in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999))
    }


def used() -> float:
    """Return the CPU seconds of this process and of those that BENCHMARK_SERVERS names."""
    servers = [psutil.Process(int(pid)) for pid in os.environ.get("BENCHMARK_SERVERS", "").split()]
    return time.process_time() + sum(sum(each.cpu_times()[:2]) for each in servers)


def report(
    start: float, before: float, count: int, more: Mapping[str, float] | None = None
) -> None:
    """Print the figures of ``count`` requests since ``start``, and of the CPU since ``before``."""
    rate = count / (time.perf_counter() - start)
    cpu_us = (used() - before) * 1e6 / count
    print(json.dumps({"rate": rate, **(more or {}), "cpu_us": cpu_us}))


def time_round_trips(ask: Callable[[], object], requests: int) -> None:
    """Ask one time after the other, in blocking code, and print how long that takes."""
    taken = []
    for number in range(WARM_UP + requests):
        if number == WARM_UP:
            before, start = used(), time.perf_counter()
        sent = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - sent)
    report(start, before, requests, describe(taken[WARM_UP:]))
