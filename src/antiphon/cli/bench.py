"""``antiphon bench``: Antiphon beside its peers, measured in turn in one run."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from antiphon.cli.usage import Command, FilePath, WholeNumber

__all__ = ("bench",)

_NEEDED = ("benchmarks/run.py", "src/antiphon/cli/bench.py")


def _checkout() -> Path | None:
    """Return the source tree of Antiphon that this module or the current folder is in."""
    for start in (Path(__file__).resolve(), Path.cwd() / "here"):
        for folder in start.parents:
            if all((folder / file).is_file() for file in _NEEDED):
                return folder
    return None


def _runner() -> Any:
    """Return what runs the benchmarks; exits with a line that says what is missing."""
    folder = _checkout()
    if folder is None:
        why = "the benchmarks are in Antiphon's source tree: run it there"
    else:
        sys.path.insert(0, str(folder))
        try:
            return import_module("benchmarks.run")
        except ImportError as error:
            if str(error.name).startswith(("antiphon", "benchmarks")):
                raise
            why = f"{error.name} is missing: pip install 'antiphon[bench]'"
    print(f"antiphon bench: {why}", file=sys.stderr)
    raise SystemExit(2)


@click.command(
    cls=Command, epilog="Example: antiphon bench --only broker --rounds 7 --json broker.json"
)
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="Run this scenario or family; may be given more than once.  [default: all]",
)
@click.option("--rounds", type=WholeNumber(1), default=5, show_default=True, help="Rounds.")
@click.option("--quick", is_flag=True, help="A tenth of the requests: a trial, not a measurement.")
@click.option("--list", "listed", is_flag=True, help="Print the names of the scenarios and end.")
@click.option("--json", "file", type=FilePath(), help="Write the figures to this file, too.")
@click.option("--plot", "pictures", type=FilePath(), help="Draw them as SVG into this folder.")
def bench(
    only: tuple[str, ...],
    rounds: int,
    quick: bool,
    listed: bool,
    file: Path | None,
    pictures: Path | None,
) -> None:
    """Measure Antiphon beside its peers, in turn in one run: medians, spread, ratios.

    Runs in Antiphon's source tree. A peer that is not installed is left out, with a line that says
    so. Nothing else should run meanwhile; where something does, only the ratios mean anything.
    """
    runner = _runner()
    try:
        scenarios = runner.choose(only)
    except ValueError as error:
        context = click.get_current_context()
        option = next(each for each in context.command.params if each.name == "only")
        raise click.BadParameter(str(error), context, option) from None
    if listed:
        for scenario in scenarios:
            print(f"{scenario.name:<20}{scenario.title}")
        return
    runner.run(scenarios, rounds, quick=quick, file=file, pictures=pictures)
