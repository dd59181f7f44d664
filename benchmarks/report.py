"""What people read: a table per scenario, and the bounds with what was reached."""

from collections.abc import Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.scenario import Figures, Scenario

__all__ = ("as_json", "show")

_HEADINGS = {
    "rate": "requests/s",
    "p50_us": "p50 us",
    "p99_us": "p99 us",
    "cpu_us": "CPU us/request",
}


def show(console: Console, scenario: Scenario, results: Mapping[str, Figures]) -> None:
    """Print the medians of a scenario and the ratios that it is about."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column("")
    figures = [name for name in _HEADINGS if any(name in each for each in results.values())]
    for name in figures:
        table.add_column(_HEADINGS[name], justify="right")
    for contender, each in results.items():
        table.add_row(contender, *(_number(name, each) for name in figures))
    console.print(scenario.title)
    console.print(table)
    for bound in scenario.bounds:
        ratio = bound.ratio(results)
        heading = f"  {_HEADINGS[bound.figure]}, {bound.ours} / {bound.peer}: "
        if ratio is None:
            console.print(f"{heading}not measured", markup=False)
        else:
            verdict = "reached" if bound.holds(ratio) else "missed"
            console.print(f"{heading}{ratio:.2f} (wanted {bound}: {verdict})", markup=False)
    console.print()


def _number(name: str, figures: Figures) -> str:
    if name not in figures:
        return ""
    return f"{figures[name]:,.{0 if name == 'rate' else 1}f}"


def as_json(scenario: Scenario, results: Mapping[str, Figures]) -> dict[str, object]:
    """Return what ``show`` prints, for machines."""
    return {
        "title": scenario.title,
        "medians": {name: dict(figures) for name, figures in results.items()},
        "bounds": [
            {
                "figure": bound.figure,
                "ours": bound.ours,
                "peer": bound.peer,
                "wanted": str(bound),
                "ratio": bound.ratio(results),
            }
            for bound in scenario.bounds
        ],
    }
