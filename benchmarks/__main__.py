"""Run the scenarios and print medians and ratios."""

import json
import os
import platform
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from antiphon import build_info
from benchmarks.broker import BROKER, ONE_AT_A_TIME
from benchmarks.report import as_json, show
from benchmarks.scenario import Figures, Runs, Scenario, measure, medians
from benchmarks.sockets import ECHO, ROUND_TRIP

__all__ = ("main",)

SCENARIOS = {each.name: each for each in (BROKER, ONE_AT_A_TIME, ROUND_TRIP, ECHO)}


@click.command(
    epilog="Example: python -m benchmarks --only broker --rounds 7 --json broker.json",
)
@click.option(
    "--only",
    type=click.Choice(tuple(SCENARIOS)),
    multiple=True,
    help="Run this scenario; may be given more than once.  [default: all]",
)
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="Rounds.")
@click.option("--quick", is_flag=True, help="A tenth of the requests: a trial, not a measurement.")
@click.option(
    "--json",
    "file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the figures to this file, too.",
)
def main(only: tuple[str, ...], rounds: int, quick: bool, file: Path | None) -> None:
    """Measure Antiphon beside its peers, in turn in one run."""
    console = Console(highlight=False)
    build = build_info()
    kind = "compiled" if build.compiled else "interpreted"
    console.print(
        f"Antiphon {build.version}, {kind}, Python {build.python}, {build.platform}\n",
        soft_wrap=True,
    )
    written = {}
    for name in only or SCENARIOS:
        scenario = SCENARIOS[name]
        runs = _run(console, scenario, rounds, scenario.requests // (10 if quick else 1))
        show(console, scenario, runs)
        written[name] = as_json(scenario, runs)
    if file is not None:
        machine = {"cpus": os.cpu_count(), "machine": platform.machine()}
        whole = {"build": build._asdict(), "machine": machine, "rounds": rounds}
        file.write_text(json.dumps({**whole, "scenarios": written}, indent=2) + "\n")


def _run(console: Console, scenario: Scenario, rounds: int, requests: int) -> dict[str, Figures]:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(scenario.name, total=rounds * len(scenario.contenders))

        def skip(name: str, reason: str) -> None:
            progress.console.print(f"without {name}: {reason}", markup=False)

        runs: Runs = {}
        for so_far in measure(scenario, rounds, requests, skip):
            runs = so_far
            progress.advance(task)
    return medians(runs)


if __name__ == "__main__":
    main()
