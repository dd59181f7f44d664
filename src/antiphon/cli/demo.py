"""``antiphon demo``: a broker, workers and clients in processes of their own, and what happened."""

import json
import signal
import sys
from types import FrameType

import click

from antiphon.cli.fleet import Fleet, FleetError, Report
from antiphon.cli.show import Progress, show
from antiphon.cli.usage import Command, WholeNumber

__all__ = ("demo",)

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Stopped(BaseException):
    """A signal asks for the end; no error, so that nothing on the way takes it for one."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _stop(number: int, _frame: FrameType | None) -> None:
    # The end is on its way and takes no time: another signal must not interrupt it.
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise _Stopped(number)


def _run(clients: int, workers: int, requests: int, as_json: bool) -> Report:
    """Run the fleet; exits with a line that says why if there is nothing to report."""
    for each in _SIGNALS:
        signal.signal(each, _stop)
    try:
        with Fleet(clients, workers, requests) as fleet, Progress(quiet=as_json) as progress:
            return fleet.run(progress)
    except FleetError as error:
        why, status = str(error), 1
    except _Stopped as stopped:
        why = f"stopped by {signal.Signals(stopped.number).name}; nothing is left running"
        status = 128 + stopped.number
    # A terminal has shown ^C where this line begins.
    begin = "\r" if sys.stderr.isatty() else ""
    print(f"{begin}antiphon demo: {why}", file=sys.stderr)
    raise SystemExit(status)


@click.command(cls=Command, epilog="Example: antiphon demo --clients 4 --requests 100")
@click.option(
    "--clients",
    type=WholeNumber(1, 64),
    default=8,
    show_default=True,
    help="How many clients ask, 1 to 64.",
)
@click.option(
    "--workers",
    type=WholeNumber(3, 64),
    default=4,
    show_default=True,
    help="How many workers answer, 3 to 64: one is slow, and one is killed.",
)
@click.option(
    "--requests",
    type=WholeNumber(1),
    default=200,
    show_default=True,
    help="How many requests each client sends, one after the other.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what happened as JSON.")
def demo(clients: int, workers: int, requests: int, as_json: bool) -> None:
    """Run a broker, workers (one slower than the rest) and clients; kill a worker on the way.

    Ends with who served how many, how long requests took, and one request's frames at each hop.
    The exit status is 0 if no request was lost.
    """
    report = _run(clients, workers, requests, as_json)
    if as_json:
        print(json.dumps(report.as_dict()))
    else:
        show(report)
    raise SystemExit(0 if report.lost == 0 else 1)
