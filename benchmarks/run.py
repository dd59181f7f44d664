"""Runs the scenarios; ``antiphon bench`` and ``make bench`` call this."""

import json
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from benchmarks import broker, peers, pipelines, services, sockets, steps
from benchmarks.machine import describe
from benchmarks.plots import plot
from benchmarks.report import as_json, show
from benchmarks.scenario import Runs, Scenario, measure

__all__ = ("choose", "run")

#: The width of tables in a file or pipe.
_WIDTH = 120
#: Every scenario by its name.
SCENARIOS = {
    each.name: each
    for family in (broker, services, sockets, pipelines, peers, steps)
    for each in family.SCENARIOS
}


def choose(names: Sequence[str]) -> list[Scenario]:
    """Return the scenarios or families of these names, or all. Raises ValueError for another."""
    families = {each.family for each in SCENARIOS.values()} - {""}
    for name in names:
        if name not in SCENARIOS and name not in families:
            known = ", ".join([*SCENARIOS, *sorted(families)])
            raise ValueError(f"there is no scenario {name!r}: there are {known}")
    return [
        each
        for each in SCENARIOS.values()
        if not names or each.name in names or each.family in names
    ]


def run(
    scenarios: Sequence[Scenario],
    rounds: int,
    *,
    quick: bool = False,
    file: Path | None = None,
    pictures: Path | None = None,
) -> None:
    """Measure and print; write the figures as JSON to ``file``, and pictures to a folder."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    whole = describe()
    command = ["antiphon", "bench", "--rounds", str(rounds), *(["--quick"] if quick else [])]
    if len(scenarios) < len(SCENARIOS):
        command += [word for each in scenarios for word in ("--only", each.name)]
    whole |= {"rounds": rounds, "command": shlex.join(command)}
    console.print(_title(whole), soft_wrap=True)
    written: dict[str, object] = {}
    for scenario in scenarios:
        requests = max(scenario.requests // (10 if quick else 1), 10)
        runs = _run(console, scenario, rounds, requests)
        show(console, scenario, runs)
        written[scenario.name] = as_json(scenario, runs)
    whole |= {"load_after": round(os.getloadavg()[0], 2), "scenarios": written}
    text = json.dumps(whole, indent=1)
    if file is not None:
        file.write_text(text + "\n")
    if pictures is not None:
        for drawn in plot(json.loads(text), pictures):
            console.print(f"the picture is in {drawn}", soft_wrap=True)


def _title(whole: dict[str, object]) -> str:
    build, machine = whole["build"], whole["machine"]
    assert isinstance(build, dict)
    assert isinstance(machine, dict)
    kind = "compiled" if build["compiled"] else "interpreted"
    return (
        f"Antiphon {build['version']} at {whole['commit']}, {kind}, Python {build['python']}, "
        f"{build['platform']}, {machine['cpus']} x {machine['processor']}, "
        f"load {machine['load']}\n"
    )


def _run(console: Console, scenario: Scenario, rounds: int, requests: int) -> Runs:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(scenario.name, total=rounds * len(scenario.contenders))

        def skip(name: str, reason: str) -> None:
            progress.console.print(f"without {name}: {reason}", markup=False, soft_wrap=True)

        runs: Runs = {}
        for so_far in measure(scenario, rounds, requests, skip):
            runs = so_far
            progress.advance(task)
    return runs
