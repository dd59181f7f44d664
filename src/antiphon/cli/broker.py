"""``antiphon broker``: the load-balancing broker."""

import gc
import json
import logging
import signal
import sys
from types import FrameType

import click

from antiphon.broker import Broker
from antiphon.broker.app import BrokerStats
from antiphon.broker.relay import Trace
from antiphon.errors import ZMQError

__all__ = ("broker", "draw_frames")

#: How many more objects there must be before the garbage collector looks for cycles.
_GC_THRESHOLD = 50_000


def draw_frames(frames: list[bytes]) -> list[str]:
    """Return frames as people read them: text where it is text, hexadecimal digits elsewhere."""
    return [
        frame.decode("ascii") if all(32 <= octet < 127 for octet in frame) else frame.hex().upper()
        for frame in frames
    ]


class _PrintedTrace(Trace):
    """Prints the first messages at each hop."""

    def __init__(self, count: int, as_json: bool) -> None:
        self._left = 4 * count
        self._as_json = as_json

    def hop(self, name: str, frames: list[bytes]) -> None:
        if self._left <= 0 or (len(frames) == 3 and frames[2] == b"READY"):
            return
        self._left -= 1
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
            f"waiting {stats.waiting}  workers {stats.workers} ({stats.idle} idle)  "
            f"clients {stats.clients}  retried {stats.retried}  lost {stats.lost}  "
            f"dropped {sum(stats.dropped.values())}",
            flush=True,
        )


@click.command(
    epilog="Example: antiphon broker --frontend tcp://*:5555 --backend tcp://*:5556 --stats"
)
@click.option("--frontend", required=True, help="Endpoint that clients connect to.")
@click.option("--backend", required=True, help="Endpoint that workers connect to.")
@click.option(
    "--retries",
    type=click.IntRange(0),
    default=2,
    show_default=True,
    help="How often a request goes to another worker when one has gone.",
)
@click.option(
    "--backlog",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Requests taken from clients while no worker is free; more wait at the clients.",
)
@click.option("--stats", is_flag=True, help="Print a line of figures a second.")
@click.option("--trace", type=click.IntRange(0), default=0, help="Draw the first N requests' hops.")
@click.option("--json", "as_json", is_flag=True, help="Print figures and traces as JSON.")
def broker(
    frontend: str, backend: str, retries: int, backlog: int, stats: bool, trace: int, as_json: bool
) -> None:
    """Give each client's request to the worker that has been idle for longest.

    Clients are REQ or DEALER sockets. Workers are REQ or DEALER sockets that send READY and then
    answer what they get. SIGTERM lets requests in flight finish; a second one forces.
    """
    logging.basicConfig(stream=sys.stderr, format="antiphon broker: %(message)s")
    try:
        printed = _PrintedTrace(trace, as_json) if trace else None
        running = Broker(frontend, backend, retries, backlog, printed)
    except ZMQError as error:
        print(f"antiphon broker: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    stopping = False

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        if stopping:
            running.stop()
        else:
            stopping = True
            running.drain()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    # What is here now stays for good, and messages are freed without the collector's help: it has
    # little to look for (measured: a tenth of the interpreted broker's time).
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD)
    print(f"frontend {running.frontend}\nbackend {running.backend}", flush=True)
    finished = running.run(_Figures(as_json) if stats else None)
    raise SystemExit(0 if finished else 1)
