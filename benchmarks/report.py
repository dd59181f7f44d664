"""What people read: a table per scenario, and the bounds with what was reached."""

from collections.abc import Callable, Iterable, Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.scenario import Bound, Figures, Runs, Scenario, medians

__all__ = ("as_json", "headings", "show")

_PLURALS = {"delivery": "deliveries"}


def headings(unit: str) -> dict[str, str]:
    """Return what the figures are called where ``unit`` is counted."""
    return {
        "rate": f"{_PLURALS.get(unit, unit + 's')}/s",
        "p50_us": "p50 us",
        "p99_us": "p99 us",
        "cpu_us": f"CPU us/{unit}",
        "kib": "KiB/peer",
        "ns": "ns/step",
        "ms": "ms",
    }


def show(console: Console, scenario: Scenario, runs: Runs) -> None:
    """Print the medians of a scenario, how far its rounds lie apart, and its ratios."""
    results = medians(runs)
    names = headings(scenario.unit)
    figures = [name for name in names if any(name in each for each in results.values())]
    table = Table(box=SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    for name in figures:
        table.add_column(names[name], justify="right")
    table.add_column("spread", justify="right")
    for contender, each in results.items():
        cells = (_number(name, each) for name in figures)
        table.add_row(contender, *cells, f"{_spread(runs, contender):.0%}")
    console.print(scenario.title)
    console.print(table)
    for bound in scenario.bounds:
        console.print(f"  {_sentence(bound, runs, names)}", markup=False, soft_wrap=True)
    console.print()


def _spread(runs: Runs, contender: str) -> float:
    """Return how far the first figure's rounds lie apart, of their median."""
    name = next(iter(runs[contender][0]))
    values = [run[name] for run in runs[contender] if name in run]
    return (max(values) - min(values)) / medians(runs)[contender][name]


def _sentence(bound: Bound, runs: Runs, names: Mapping[str, str]) -> str:
    whom = f"{bound.ours} / {bound.peer}" if bound.peer else bound.ours
    ratio = bound.ratio(medians(runs))
    if ratio is None:
        return f"{names[bound.figure]}, {whom}: not measured"
    each = bound.each(runs)
    verdict = "reached" if bound.holds(ratio) else "missed"
    apart = f", {min(each):.2f} to {max(each):.2f}" if len(each) > 1 else ""
    return f"{names[bound.figure]}, {whom}: {ratio:.2f} (wanted {bound}: {verdict}{apart})"


def _number(name: str, figures: Figures) -> str:
    if name not in figures:
        return ""
    return f"{figures[name]:,.{0 if name == 'rate' and figures[name] >= 100 else 1}f}"


def as_json(scenario: Scenario, runs: Runs) -> dict[str, object]:
    """Return what ``show`` prints, for machines, and the lowest and highest of all figures."""
    results = medians(runs)
    return {
        "title": scenario.title,
        "unit": scenario.unit,
        "family": scenario.family,
        "size": scenario.size,
        "medians": {name: _rounded(figures) for name, figures in results.items()},
        "lowest": _extremes(runs, min),
        "highest": _extremes(runs, max),
        "bounds": [
            {
                "figure": bound.figure,
                "ours": bound.ours,
                "peer": bound.peer,
                "wanted": str(bound),
                "ratio": bound.ratio(results),
                "rounds": bound.each(runs),
            }
            for bound in scenario.bounds
        ],
    }


def _rounded(figures: Figures) -> dict[str, float]:
    return {name: round(value, 3) for name, value in figures.items()}


def _extremes(
    runs: Runs, extreme: Callable[[Iterable[float]], float]
) -> dict[str, dict[str, float]]:
    return {
        contender: _rounded({name: extreme(run[name] for run in each) for name in each[0]})
        for contender, each in runs.items()
    }
