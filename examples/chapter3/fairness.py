"""Two ways to share out tasks of mixed length: in turn, or to whoever has been idle for longest.

    python examples/chapter3/fairness.py [ENDPOINT] [--tasks 600] [--workers 4] [--svg FILE]

A DEALER gives each worker a task in turn, whether it is done with the last one or not: a short
task may wait behind a long one while another worker has nothing to do. A ROUTER to which workers
say when they are ready gives each task to the one that has been idle for longest. Both get the
same tasks at the same times; most take 1 ms, one in ten takes 50. The table, and the picture that
--svg draws, show how long tasks took from when they came to when they were answered.
"""

import argparse
import random
import time
from collections import deque
from pathlib import Path
from typing import Final

from antiphon import Actor, Pipe, zmq
from antiphon.cli.curves import Axis, draw

SHORT_MS: Final = 1
LONG_MS: Final = 50
#: What part of the tasks are long.
LONG_PART: Final = 0.1
#: How busy the workers are, of 1.
LOAD: Final = 0.6
READY: Final = b"READY"


def answer(pipe: Pipe, endpoint: str) -> None:
    """Answer each task in the time it takes: a REP."""
    pipe.ready()
    with pipe.context.socket(zmq.REP) as socket:
        socket.connect(endpoint)
        while True:
            number, milliseconds = socket.recv_multipart()
            time.sleep(int(milliseconds) / 1000)
            socket.send(number)


def ask_for_work(pipe: Pipe, endpoint: str) -> None:
    """Say READY, and get the next task as the reply: a REQ."""
    pipe.ready()
    with pipe.context.socket(zmq.REQ) as socket:
        socket.connect(endpoint)
        socket.send(READY)
        while True:
            number, milliseconds = socket.recv_multipart()
            time.sleep(int(milliseconds) / 1000)
            socket.send(number)


class InTurn:
    """Gives tasks to workers in turn (K2)."""

    title = "round robin (DEALER)"
    worker = staticmethod(answer)

    def __init__(self, context: zmq.Context) -> None:
        self.socket = context.socket(zmq.DEALER)

    def add(self, number: bytes, milliseconds: bytes) -> None:
        """Send a task to the worker whose turn it is."""
        self.socket.send_multipart([b"", number, milliseconds])

    def done(self) -> bytes | None:
        """Return the number of a task that is done."""
        return self.socket.recv_multipart()[1]

    def idle(self) -> int:
        """Return how many workers are connected."""
        return sum(peer.connected for peer in self.socket.peers())


class LongestIdle:
    """Gives tasks to the worker that has been idle for longest (L2, L3)."""

    title = "least recently used (ROUTER)"
    worker = staticmethod(ask_for_work)

    def __init__(self, context: zmq.Context) -> None:
        self.socket = context.socket(zmq.ROUTER)
        self.ready: deque[bytes] = deque()
        self.waiting: deque[list[bytes]] = deque()

    def add(self, number: bytes, milliseconds: bytes) -> None:
        """Send a task to the first worker, or let it wait for one."""
        self.waiting.append([number, milliseconds])
        self._give()

    def done(self) -> bytes | None:
        """Return the number of a task that is done; None if a worker has said READY."""
        worker, _, number = self.socket.recv_multipart()
        self.ready.append(worker)
        self._give()
        return None if number == READY else number

    def idle(self) -> int:
        """Return how many workers have said READY."""
        while self.socket.poll(0):
            self.done()
        return len(self.ready)

    def _give(self) -> None:
        while self.ready and self.waiting:
            self.socket.send_multipart([self.ready.popleft(), b"", *self.waiting.popleft()])


def measure(way: InTurn | LongestIdle, tasks: list[int], workers: int) -> list[float]:
    """Give the tasks out as they come; returns how long each took, in milliseconds, sorted."""
    mean_ms = SHORT_MS + LONG_PART * (LONG_MS - SHORT_MS)
    interval = mean_ms / workers / LOAD / 1000
    begin = time.monotonic()
    came: list[float] = []
    took: list[float] = []
    while len(took) < len(tasks):
        due = begin + len(came) * interval
        now = time.monotonic()
        if len(came) < len(tasks) and now >= due:
            came.append(due)
            way.add(b"%d" % (len(came) - 1), b"%d" % tasks[len(came) - 1])
            continue
        wait_ms = None if len(came) == len(tasks) else max((due - now) * 1000, 0) + 1
        if way.socket.poll(wait_ms):
            number = way.done()
            if number is not None:
                took.append((time.monotonic() - came[int(number)]) * 1000)
    return sorted(took)


def run(
    way: type[InTurn | LongestIdle], endpoint: str, tasks: list[int], workers: int
) -> list[float]:
    """Start workers, measure, and end them."""
    with zmq.Context() as context:
        context.linger = 0
        chosen = way(context)
        chosen.socket.bind(endpoint)
        where = chosen.socket.last_endpoint.decode()
        actors = [Actor(context, way.worker, where) for _ in range(workers)]
        while chosen.idle() < len(actors):
            time.sleep(0.001)
        return measure(chosen, tasks, workers)


def percentile(sorted_ms: list[float], percent: float) -> float:
    """Return the time within which so many per cent were done."""
    return sorted_ms[min(int(len(sorted_ms) * percent / 100), len(sorted_ms) - 1)]


def table(results: dict[str, list[float]]) -> str:
    """Return the percentiles of both ways, in milliseconds."""
    lines = [f"{'milliseconds':<30}{'p50':>8}{'p90':>8}{'p99':>8}{'max':>8}"]
    for title, took in results.items():
        figures = [percentile(took, percent) for percent in (50, 90, 99, 100)]
        lines.append(f"{title:<30}" + "".join(f"{figure:8.1f}" for figure in figures))
    return "\n".join(lines)


def picture(results: dict[str, list[float]]) -> str:
    """Return an SVG: how many per cent of the tasks were done within how many milliseconds."""
    longest = max(took[-1] for took in results.values())
    curves = {
        title: [(0.0, 0.0), *((ms, (i + 1) * 100 / len(took)) for i, ms in enumerate(took))]
        for title, took in results.items()
    }
    times = {longest * fifth / 5: f"{longest * fifth / 5:.0f} ms" for fifth in range(6)}
    done = {float(percent): f"{percent} %" for percent in (0, 25, 50, 75, 100)}
    return draw(curves, Axis(times), Axis(done))


def main() -> None:
    """Measure both ways and show them side by side."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("endpoint", nargs="?", default="inproc://tasks")
    parser.add_argument("--tasks", type=int, default=600)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--svg", type=Path)
    arguments = parser.parse_args()
    chance = random.Random(3)
    tasks = [LONG_MS if chance.random() < LONG_PART else SHORT_MS for _ in range(arguments.tasks)]
    ways: tuple[type[InTurn | LongestIdle], ...] = (InTurn, LongestIdle)
    results = {way.title: run(way, arguments.endpoint, tasks, arguments.workers) for way in ways}
    print(table(results))
    if arguments.svg is not None:
        arguments.svg.write_text(picture(results))
        print(f"the picture is in {arguments.svg}")


if __name__ == "__main__":
    main()
