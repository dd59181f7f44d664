"""Writes what benchmarks/results.json says into README.md and docs/explanation/performance.md.

usage: tools/write_figures.py

Rewrites what stands between the markers, and draws the page's pictures. A test fails where text
and figures do not agree.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.plots import plot  # noqa: E402
from benchmarks.report import headings  # noqa: E402

__all__ = ("PAGES", "rewritten")

_BEGIN: Final = "<!-- figures: tools/write_figures.py writes what follows -->\n"
_END: Final = "<!-- figures end -->"
_COLUMNS: Final = {
    "Antiphon compiled": ("antiphon",),
    "interpreted": ("antiphon interpreted",),
    "pyzmq": ("pyzmq", "zmq.asyncio"),
    "pyomq": ("pyomq", "pyomq.asyncio"),
    "libzmq in C": ("libzmq (C)",),
}
#: What the README shows: a scenario, one of its figures, and what that is.
_ROWS: Final = (
    ("broker", "rate", "broker, 256 requests in flight, 64 workers: requests/s"),
    ("broker", "cpu_us", "the same: CPU per request, µs"),
    ("broker-latency", "p50_us", "broker, one request at a time: median, µs"),
    ("roundtrip", "p50_us", "REQ and REP, blocking: median, µs"),
    ("roundtrip-asyncio", "p50_us", "REQ and REP, asyncio: median, µs"),
    ("asyncio", "rate", "DEALER and ROUTER, asyncio, 100 in flight: requests/s"),
    ("one-way-16B", "rate", "PUSH and PULL, blocking, 16 B: messages/s"),
    ("one-way-1KiB", "rate", "PUSH and PULL, blocking, 1 KiB: messages/s"),
    ("one-way-1MiB", "rate", "PUSH and PULL, blocking, 1 MiB: messages/s"),
    ("one-way-asyncio", "rate", "PUSH and PULL, asyncio, 16 B: messages/s"),
)


def number(figure: str, value: float) -> str:
    """Return a figure with three digits that say something."""
    if figure == "rate" and value >= 1000:
        step = 10 ** (len(str(int(value))) - 3)
        return f"{round(value / step) * step:,}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def source(results: Mapping[str, Any]) -> str:
    """Return what the figures are of."""
    build, machine = results["build"], results["machine"]
    after = results.get("load_after")
    end = "" if after is None else f" and {after} at the end"
    return (
        f"Medians of {results['rounds']} rounds by `{results['command']}`, commit "
        f"`{results['commit']}`, Python {build['python']}, {machine['cpus']} cores of "
        f"{machine['processor']}, load {machine['load']} at the start{end}; all contenders in turn "
        "in one run."
    )


def short(results: Mapping[str, Any]) -> str:
    """Return the README's table."""
    lines = [
        source(results),
        "",
        f"| | {' | '.join(_COLUMNS)} |",
        "|---|" + "---:|" * len(_COLUMNS),
    ]
    for name, figure, label in _ROWS:
        medians = results["scenarios"][name]["medians"]
        cells = []
        for contenders in _COLUMNS.values():
            found = [medians[each][figure] for each in contenders if each in medians]
            cells.append(number(figure, found[0]) if found else "")
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def whole(results: Mapping[str, Any]) -> str:
    """Return a table of each scenario, and what was wanted of its ratios."""
    lines = [source(results)]
    for scenario in results["scenarios"].values():
        names = headings(scenario["unit"])
        medians = scenario["medians"]
        shown = [name for name in names if any(name in each for each in medians.values())]
        titles = " | ".join(names[name] for name in shown)
        lines += [
            "",
            f"**{scenario['title']}**",
            "",
            f"| | {titles} |",
            "|---|" + "---:|" * len(shown),
        ]
        for contender, each in medians.items():
            cells = (number(name, each[name]) if name in each else "" for name in shown)
            lines.append(f"| {contender} | {' | '.join(cells)} |")
        lines.append("")
        lines += [f"* {sentence(bound, names)}" for bound in scenario["bounds"]]
    return "\n".join(lines).rstrip()


def sentence(bound: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return what was wanted of a ratio and what it is."""
    whom = f"{bound['ours']} / {bound['peer']}" if bound["peer"] else bound["ours"]
    if bound["ratio"] is None:
        return f"{names[bound['figure']]}, {whom}: not measured"
    low, high = min(bound["rounds"]), max(bound["rounds"])
    return (
        f"{names[bound['figure']]}, {whom}: {bound['ratio']:.2f}, rounds from {low:.2f} to "
        f"{high:.2f}; wanted {bound['wanted']}"
    )


#: The pages, and what makes what stands between their markers.
PAGES: Final = {"README.md": short, "docs/explanation/performance.md": whole}


def rewritten(page: str, results: Mapping[str, Any]) -> str:
    """Return the text of a page with these figures. Raises ValueError if it has no markers."""
    before, begin, rest = (ROOT / page).read_text(encoding="utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{page} does not say where the figures go")
    return f"{before}{begin}\n{PAGES[page](results)}\n\n{end}{after}"


def main() -> None:
    """Rewrite the pages and draw the pictures."""
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    for page in PAGES:
        (ROOT / page).write_text(rewritten(page, results), encoding="utf-8")
        print(f"written: {page}")
    for picture in plot(results, ROOT / "docs" / "explanation" / "pictures"):
        print(f"drawn: {picture.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
