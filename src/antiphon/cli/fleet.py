"""The demo's processes: starts them, listens to what they print, kills one, and ends them all."""

import json
import queue
import signal
import time
from pathlib import Path
from typing import Any, Final, Protocol, Self

from antiphon.cli.child import Child, Line, describe_status, end_all

__all__ = ("Fleet", "FleetError", "Observer", "Report")

#: How long workers and clients may be silent before they count as stuck, in seconds. Clients give
#: up by themselves before that, and say so.
_PATIENCE: Final = 60.0
_BROKER: Final = "broker"
_FAST_MS: Final = 3
_SLOW_MS: Final = 15
#: The way of a request, there and back.
_HOPS: Final = (
    "client sends",
    "frontend in",
    "backend out",
    "worker gets",
    "backend in",
    "frontend out",
    "client gets",
)


class FleetError(Exception):
    """The demo cannot go on."""


class Observer(Protocol):
    """Whoever shows the progress."""

    def update(self, done: int, total: int, note: str) -> None:
        """Show that ``done`` of ``total`` requests are answered; ``note`` may be empty."""


class Report:
    """What happened."""

    def __init__(self, requests: int) -> None:
        self.requests = requests
        self.replies = 0
        #: Replies by worker.
        self.served: dict[str, int] = {}
        self.killed = ""
        self.slow = ""
        self.retried = 0
        #: Milliseconds that each request took.
        self.latencies: list[float] = []
        #: ``(hop, frames)`` of one request, in order.
        self.hops: list[tuple[str, list[str]]] = []
        self.seconds = 0.0

    @property
    def lost(self) -> int:
        """How many requests were never answered."""
        return self.requests - self.replies

    def percentile(self, percent: float) -> float:
        """Return a percentile of the latencies in milliseconds."""
        ordered = sorted(self.latencies) or [0.0]
        return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)]

    def as_dict(self) -> dict[str, Any]:
        """Return all of it for JSON."""
        percentiles = {f"p{p}": round(self.percentile(p), 3) for p in (50, 90, 99, 100)}
        return {
            "requests": self.requests,
            "replies": self.replies,
            "lost": self.lost,
            "retried": self.retried,
            "served": self.served,
            "killed": self.killed,
            "seconds": round(self.seconds, 3),
            "latency_ms": percentiles,
            "hops": [{"hop": name, "frames": frames} for name, frames in self.hops],
        }


class Fleet:
    """A broker, workers and clients, as a context manager that leaves nothing running."""

    def __init__(self, clients: int, workers: int, requests: int) -> None:
        self._clients = clients
        self._workers = workers
        self._requests = requests
        self._lines: queue.Queue[Line] = queue.Queue()
        self._children: dict[str, Child] = {}
        self._deadline = time.monotonic() + _PATIENCE

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_exception: object) -> None:
        # After an error nothing is worth finishing, or being logged by those who cannot.
        end_all(self._children.values(), signal.SIGTERM if kind is None else signal.SIGKILL)

    def run(self, observer: Observer) -> Report:
        """Do it all and return what happened.

        Raises FleetError when a process has ended that should not, or all of them are silent.
        """
        report = Report(self._clients * self._requests + 1)
        frontend, backend = self._start_broker()
        self._trace_one(report, frontend, backend)
        begin = time.monotonic()
        self._start_workers(report, backend)
        self._start_clients(frontend)
        self._follow(report, observer)
        report.seconds = time.monotonic() - begin
        self._await_figures(report)
        return report

    def _start(self, role: str, name: str, *arguments: str) -> None:
        script = str(Path(__file__).with_name("actors.py"))
        self._children[name] = Child(name, [script, role, name, *arguments], self._lines)

    def _next(self) -> Line:
        """Return the next line of anybody."""
        while True:
            try:
                line = self._lines.get(timeout=max(self._deadline - time.monotonic(), 0.0))
            except queue.Empty:
                raise FleetError(
                    f"no worker or client has said anything for {_PATIENCE:g} s"
                ) from None
            if line.status is None:
                # The broker prints its figures whether anything goes on or not.
                if line.name != _BROKER:
                    self._deadline = time.monotonic() + _PATIENCE
                return line
            if not self._children[line.name].may_end:
                how = describe_status(line.status)
                raise FleetError(f"{line.name} has ended unexpectedly: {how}")

    def _start_broker(self) -> tuple[str, str]:
        anywhere = "tcp://127.0.0.1:*"
        endpoints = ("--frontend", anywhere, "--backend", anywhere)
        self._start("broker", _BROKER, *endpoints, "--stats", "--trace", "1", "--json")
        frontend = self._next().text.removeprefix("frontend ")
        return frontend, self._next().text.removeprefix("backend ")

    def _trace_one(self, report: Report, frontend: str, backend: str) -> None:
        self._start("worker", "WORKER", backend, str(_FAST_MS))
        self._start("client", "CLIENT", frontend, "1")
        hops: dict[str, list[str]] = {}
        while len(hops) < len(_HOPS) or not report.replies:
            line = self._next()
            said = json.loads(line.text)
            if "hop" in said:
                hops[said["hop"]] = said["frames"]
            if line.name == "CLIENT" and "latencies" in said:
                self._children["CLIENT"].may_end = True
                report.replies += len(said["latencies"])
        report.hops = [(hop, hops[hop]) for hop in _HOPS]
        end_all([self._children["WORKER"]], signal.SIGTERM)

    def _start_workers(self, report: Report, backend: str) -> None:
        names = [f"worker-{number}" for number in range(1, self._workers + 1)]
        report.slow = names[-1]
        report.killed = names[1]
        report.served = dict.fromkeys(names, 0)
        for name in names:
            milliseconds = _SLOW_MS if name == report.slow else _FAST_MS
            self._start("worker", name, backend, str(milliseconds))

    def _start_clients(self, frontend: str) -> None:
        for number in range(1, self._clients + 1):
            self._start("client", f"client-{number}", frontend, str(self._requests))

    def _follow(self, report: Report, observer: Observer) -> None:
        total = self._clients * self._requests
        done: dict[str, int] = {}
        finished = 0
        killed = False
        while finished < self._clients:
            line = self._next()
            said = json.loads(line.text)
            note = ""
            if "done" in said:
                done[line.name] = said["done"]
            if "latencies" in said:
                finished += 1
                self._take(report, line.name, said)
            answered = sum(done.values())
            if not killed and answered * 10 >= total * 4:
                killed = True
                self._children[report.killed].end(signal.SIGKILL)
                note = f"killed {report.killed} (SIGKILL) after {answered} requests"
            observer.update(answered, total, note)

    def _take(self, report: Report, name: str, said: dict[str, Any]) -> None:
        """Add a client's last words to the report."""
        self._children[name].may_end = True
        report.replies += len(said["latencies"])
        report.latencies += said["latencies"]
        for worker, count in said["served"].items():
            report.served[worker] += count

    def _await_figures(self, report: Report) -> None:
        """Read on until the broker's figures have all that the clients have got."""
        while True:
            line = self._next()
            said = json.loads(line.text)
            if line.name == _BROKER and said.get("replies", 0) >= report.replies:
                report.retried = said["retried"]
                return
