"""The demo's processes: starts them, listens to what they print, kills one, and ends them all."""

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final, Protocol, Self

__all__ = ("Fleet", "Observer", "Report")

#: How long anything in the demo may take before it counts as failed, in seconds.
_PATIENCE: Final = 60.0
_FAST_MS: Final = 3
_SLOW_MS: Final = 15


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


class _Process:
    """A child and the JSON lines that it prints."""

    def __init__(self, name: str, arguments: list[str], lines: "queue.Queue[_Line]") -> None:
        self.name = name
        self._popen = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        self._lines = lines
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        output = self._popen.stdout
        if output is not None:
            for line in output:
                self._lines.put((self.name, line.rstrip("\n")))

    def signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self._popen.poll() is None:
            self._popen.send_signal(number)

    def end(self) -> None:
        """End it, gently and then not."""
        self.signal(signal.SIGTERM)
        try:
            self._popen.wait(5)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()


_Line = tuple[str, str]


class Fleet:
    """A broker, workers and clients, as a context manager that leaves nothing running."""

    def __init__(self, clients: int, workers: int, requests: int) -> None:
        self._clients = clients
        self._workers = workers
        self._requests = requests
        self._lines: queue.Queue[_Line] = queue.Queue()
        self._processes: dict[str, _Process] = {}
        self._deadline = time.monotonic() + _PATIENCE

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        for process in reversed(list(self._processes.values())):
            process.end()

    def run(self, observer: Observer) -> Report:
        """Do it all and return what happened. Raises TimeoutError when something is stuck."""
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

    def _start(self, name: str, *arguments: str) -> None:
        self._processes[name] = _Process(name, list(arguments), self._lines)

    def _next(self) -> _Line:
        try:
            return self._lines.get(timeout=max(self._deadline - time.monotonic(), 0.01))
        except queue.Empty:
            raise TimeoutError("the processes of the demo have not finished in time") from None

    def _start_broker(self) -> tuple[str, str]:
        anywhere = "tcp://127.0.0.1:*"
        arguments = ("--frontend", anywhere, "--backend", anywhere)
        options = ("--stats", "--trace", "1", "--json")
        self._start("broker", "-m", "antiphon", "broker", *arguments, *options)
        frontend = self._next()[1].removeprefix("frontend ")
        return frontend, self._next()[1].removeprefix("backend ")

    def _trace_one(self, report: Report, frontend: str, backend: str) -> None:
        self._actor("WORKER", "worker", backend, str(_FAST_MS))
        self._actor("CLIENT", "client", frontend, "1")
        hops: dict[str, list[str]] = {}
        while len(hops) < 7 or not report.replies:
            name, line = self._next()
            said = json.loads(line)
            if "hop" in said:
                hops[said["hop"]] = said["frames"]
            if name == "CLIENT" and "latencies" in said:
                report.replies += len(said["latencies"])
        order = ("client sends", "frontend in", "backend out", "worker gets")
        back = ("backend in", "frontend out", "client gets")
        report.hops = [(hop, hops[hop]) for hop in (*order, *back)]
        self._processes.pop("WORKER").end()

    def _actor(self, name: str, role: str, endpoint: str, argument: str) -> None:
        script = str(Path(__file__).with_name("actors.py"))
        self._start(name, script, role, name, endpoint, argument)

    def _start_workers(self, report: Report, backend: str) -> None:
        names = [f"worker-{number}" for number in range(1, self._workers + 1)]
        report.slow = names[-1]
        report.killed = names[1]
        report.served = dict.fromkeys(names, 0)
        for name in names:
            self._actor(name, "worker", backend, str(_SLOW_MS if name == report.slow else _FAST_MS))

    def _start_clients(self, frontend: str) -> None:
        for number in range(1, self._clients + 1):
            self._actor(f"client-{number}", "client", frontend, str(self._requests))

    def _follow(self, report: Report, observer: Observer) -> None:
        total = self._clients * self._requests
        done: dict[str, int] = {}
        finished = 0
        killed = False
        while finished < self._clients:
            name, line = self._next()
            said = json.loads(line)
            note = ""
            if "done" in said:
                done[name] = said["done"]
            if "latencies" in said:
                finished += 1
                report.replies += len(said["latencies"])
                report.latencies += said["latencies"]
                for worker, count in said["served"].items():
                    report.served[worker] += count
            if not killed and sum(done.values()) * 10 >= total * 4:
                killed = True
                self._processes[report.killed].signal(signal.SIGKILL)
                note = f"killed {report.killed} (SIGKILL)"
            observer.update(sum(done.values()), total, note)

    def _await_figures(self, report: Report) -> None:
        while True:
            name, line = self._next()
            said = json.loads(line)
            if name == "broker" and "retried" in said:
                report.retried = said["retried"]
                return
