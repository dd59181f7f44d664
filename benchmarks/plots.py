"""Pictures of what was measured: throughput by the size of messages, and latency percentiles."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from antiphon.cli.curves import Axis, draw

__all__ = ("plot",)

_PERCENTILES = {"p50_us": "50 %", "p90_us": "90 %", "p99_us": "99 %", "p999_us": "99.9 %"}
_MIB = 2**20


def plot(figures: Mapping[str, Any], folder: Path) -> Iterator[Path]:
    """Draw what ``figures`` hold, the object that --json writes; yields the files."""
    folder.mkdir(parents=True, exist_ok=True)
    scenarios = figures["scenarios"]
    by_size = [each for each in scenarios.values() if each["family"] == "one-way"]
    if len(by_size) > 1:
        yield _write(folder / "throughput.svg", _throughput(by_size))
    for name, scenario in scenarios.items():
        if any("p999_us" in each for each in scenario["medians"].values()):
            yield _write(folder / f"{name}.svg", _latency(scenario))


def _write(file: Path, picture: str) -> Path:
    file.write_text(picture, encoding="utf-8")
    return file


def _throughput(scenarios: list[Any]) -> str:
    curves: dict[str, list[tuple[float, float]]] = {}
    for scenario in scenarios:
        size = scenario["size"]
        for contender, each in scenario["medians"].items():
            curves.setdefault(contender, []).append((size, each["rate"] * size / _MIB))
    sizes = {each["size"]: _size(each["size"]) for each in scenarios}
    speeds = {10.0**power: f"{10**power:,} MiB/s" for power in range(5)}
    return draw(curves, Axis(sizes, logarithmic=True), Axis(speeds, logarithmic=True))


def _size(size: int) -> str:
    for unit, name in ((_MIB, "MiB"), (2**10, "KiB")):
        if size >= unit:
            return f"{size // unit} {name}"
    return f"{size} B"


def _latency(scenario: Any) -> str:
    curves = {
        contender: [(place, each[name]) for place, name in enumerate(_PERCENTILES)]
        for contender, each in scenario["medians"].items()
    }
    highest = max(value for curve in curves.values() for _, value in curve)
    times = {10.0**power: f"{10**power:,} µs" for power in range(1, 8) if 10**power < highest * 10}
    percentiles = {float(place): each for place, each in enumerate(_PERCENTILES.values())}
    return draw(curves, Axis(percentiles), Axis(times, logarithmic=True))
