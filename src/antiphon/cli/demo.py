"""``antiphon demo``: a broker, workers and clients in processes of their own, and what happened."""

import json
import sys

import click

from antiphon.cli.fleet import Fleet, Report
from antiphon.cli.show import Progress, show

__all__ = ("demo",)


@click.command(epilog="Example: antiphon demo --clients 4 --requests 100")
@click.option("--clients", type=click.IntRange(1, 64), default=8, show_default=True)
@click.option("--workers", type=click.IntRange(3, 64), default=4, show_default=True)
@click.option(
    "--requests", type=click.IntRange(1), default=200, show_default=True, help="Per client."
)
@click.option("--json", "as_json", is_flag=True, help="Print what happened as JSON.")
def demo(clients: int, workers: int, requests: int, as_json: bool) -> None:
    """Run a broker, workers (one slower than the rest) and clients; kill a worker on the way.

    Ends with who served how many, how long requests took, and one request's frames at each hop.
    The exit status is 0 if no request was lost.
    """
    report: Report
    try:
        with Fleet(clients, workers, requests) as fleet, Progress(quiet=as_json) as progress:
            report = fleet.run(progress)
    except TimeoutError as error:
        print(f"antiphon demo: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    if as_json:
        print(json.dumps(report.as_dict()))
    else:
        show(report)
    raise SystemExit(0 if report.lost == 0 else 1)
