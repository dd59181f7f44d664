"""``antiphon broker``: the load-balancing broker."""

import gc
import json
import logging
import os
import signal
import sys
from types import FrameType

import click

from antiphon.broker import Broker
from antiphon.broker.app import BrokerStats
from antiphon.broker.relay import Trace
from antiphon.cli.usage import BoundEndpoint, Command, WholeNumber
from antiphon.errors import ZMQError

__all__ = ("broker", "draw_frames")

#: How many more objects there must be before the garbage collector looks for cycles.
_GC_THRESHOLD = 50_000
_HOPS = ("frontend in", "backend out", "backend in", "frontend out")
#: What a worker says before it gets anything, behind its routing id: no hop of a request.
_READY = [b"", b"READY"]


def draw_frames(frames: list[bytes]) -> list[str]:
    """Return frames as people read them: text where it is text, hexadecimal digits elsewhere."""
    return [
        frame.decode("ascii") if all(32 <= octet < 127 for octet in frame) else frame.hex().upper()
        for frame in frames
    ]


class _PrintedTrace(Trace):
    """Prints the first messages at each hop."""

    def __init__(self, count: int, as_json: bool) -> None:
        self._left = dict.fromkeys(_HOPS, count)
        self._as_json = as_json

    def hop(self, name: str, frames: list[bytes]) -> None:
        if self._left[name] == 0 or (name == "backend in" and frames[1:] == _READY):
            return
        self._left[name] -= 1
        drawn = draw_frames(frames)
        if self._as_json:
            print(json.dumps({"hop": name, "frames": drawn}), flush=True)
        else:
            print(f"{name:<13}[{' | '.join(drawn)}]", flush=True)


class _Figures:
    """Prints a line of figures a second."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._requests = 0
        self._replies = 0

    def __call__(self, stats: BrokerStats) -> None:
        if self._as_json:
            print(json.dumps(stats._asdict()), flush=True)
            return
        requests, replies = stats.requests - self._requests, stats.replies - self._replies
        self._requests, self._replies = stats.requests, stats.replies
        print(
            f"requests {requests}/s  replies {replies}/s  in flight {stats.in_flight}  "
            f"waiting {stats.waiting}  queued {stats.queued}  "
            f"workers {stats.workers} ({stats.idle} idle)  clients {stats.clients}  "
            f"retried {stats.retried}  lost {stats.lost}  "
            f"dropped {sum(stats.dropped.values())}",
            flush=True,
        )


class _Signals:
    """Lets a broker finish at the first SIGTERM or SIGINT and forces it at the second."""

    def __init__(self, running: Broker) -> None:
        self._running = running
        self._stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._stopping:
            self._running.stop()
            return
        self._stopping = True
        stats = self._running.stats()
        self._running.drain()
        if stats.in_flight or stats.waiting:
            line = (
                f"antiphon broker: {signal.Signals(number).name}: requests may finish "
                f"(in flight {stats.in_flight}, waiting {stats.waiting}); "
                "a second signal forces the end\n"
            )
            # Not print: the signal may have come in the middle of one.
            os.write(sys.stderr.fileno(), line.encode())


@click.command(
    cls=Command,
    epilog="Example: antiphon broker --frontend tcp://*:5555 --backend tcp://*:5556 --stats",
)
@click.option(
    "--frontend", type=BoundEndpoint(), required=True, help="Where clients connect to: tcp or ipc."
)
@click.option(
    "--backend", type=BoundEndpoint(), required=True, help="Where workers connect to: tcp or ipc."
)
@click.option(
    "--retries",
    type=WholeNumber(0),
    default=2,
    show_default=True,
    help="How often a request goes to another worker when one has gone.",
)
@click.option(
    "--backlog",
    type=WholeNumber(0),
    default=0,
    show_default=True,
    help="How many requests are taken from clients while no worker is free. The others wait in "
    "the frontend's queues (RCVHWM, 1000 for each client) and beyond that at the clients.",
)
@click.option("--stats", is_flag=True, help="Print a line of figures a second.")
@click.option(
    "--trace",
    type=WholeNumber(0),
    default=0,
    help="Draw the frames of the first so many messages at each of the four hops: "
    f"{', '.join(_HOPS)}.",
)
@click.option("--json", "as_json", is_flag=True, help="Print figures and traces as JSON.")
def broker(
    frontend: str, backend: str, retries: int, backlog: int, stats: bool, trace: int, as_json: bool
) -> None:
    """Give each client's request to the worker that has been idle for longest.

    Clients are REQ or DEALER sockets. Workers are REQ or DEALER sockets that send READY and then
    answer what they get. SIGTERM lets requests in flight finish; a second one forces the end, with
    exit status 1.
    """
    logging.basicConfig(stream=sys.stderr, format="antiphon broker: %(message)s")
    try:
        printed = _PrintedTrace(trace, as_json) if trace else None
        running = Broker(frontend, backend, retries, backlog, printed)
    except ZMQError as error:
        print(f"antiphon broker: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    _Signals(running)
    # What is here now stays for good, and messages are freed without the collector's help: it has
    # little to look for (measured: a tenth of the interpreted broker's time).
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD)
    print(f"frontend {running.frontend}\nbackend {running.backend}", flush=True)
    finished = running.run(_Figures(as_json) if stats else None)
    raise SystemExit(0 if finished else 1)
