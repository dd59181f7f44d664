"""What a scenario is: contenders that run in turn, and bounds on their ratios."""

import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

__all__ = ("Bound", "Contender", "Figures", "Runs", "Scenario", "Unavailable", "measure", "medians")

#: What one run gives, by name: ``rate`` in 1/s; ``p50_us``, ``p90_us``, ``p99_us``, ``p999_us``;
#: ``cpu_us`` of all processes per request; ``kib`` per peer; ``ns`` per step; ``ms``.
Figures = Mapping[str, float]


class Unavailable(Exception):  # noqa: N818 - it is no error
    """A peer is not there; the text says what to install."""


class Run(Protocol):
    """One run of a contender with ``requests`` requests."""

    def __call__(self, requests: int, /) -> Figures:
        """Run it and return its figures; raises Unavailable."""


@dataclass(frozen=True)
class Contender:
    """One side of a comparison."""

    name: str
    run: Run


@dataclass(frozen=True)
class Bound:
    """What a ratio of two contenders' figures should reach, or without a peer one's own figure."""

    figure: str
    ours: str
    peer: str = ""
    at_least: float | None = None
    at_most: float | None = None

    def ratio(self, results: Mapping[str, Figures]) -> float | None:
        """Return ours through the peer's, or None when one of them did not run."""
        if self.ours not in results or (self.peer and self.peer not in results):
            return None
        ours = results[self.ours][self.figure]
        return ours / results[self.peer][self.figure] if self.peer else ours

    def each(self, runs: "Runs") -> list[float]:
        """Return the ratio of each round."""
        if self.ours not in runs or (self.peer and self.peer not in runs):
            return []
        ours = [run[self.figure] for run in runs[self.ours]]
        if not self.peer:
            return ours
        peers = [run[self.figure] for run in runs[self.peer]]
        return [one / other for one, other in zip(ours, peers, strict=True)]

    def holds(self, ratio: float) -> bool:
        """Tell whether ``ratio`` is good enough."""
        if self.at_least is not None:
            return ratio >= self.at_least
        return self.at_most is None or ratio <= self.at_most

    def __str__(self) -> str:
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return f"<= {self.at_most:g}"


@dataclass(frozen=True)
class Scenario:
    """A load, who takes it, and what we want of it."""

    name: str
    title: str
    requests: int
    contenders: tuple[Contender, ...]
    bounds: tuple[Bound, ...]
    #: What is counted, in the singular.
    unit: str = "request"
    #: The scenarios that differ only in the size of messages, and that size in bytes.
    family: str = ""
    size: int = 0


#: The runs of each contender, by name.
Runs = dict[str, list[Figures]]


def measure(
    scenario: Scenario, rounds: int, requests: int, skip: Callable[[str, str], None]
) -> Iterator[Runs]:
    """Run all contenders in turn, ``rounds`` times; yields all runs so far after each one.

    ``skip`` is told the name of a contender that is not there, and why.
    """
    runs: Runs = {}
    missing: set[str] = set()
    for _ in range(rounds):
        for contender in scenario.contenders:
            if contender.name not in missing:
                try:
                    figures = contender.run(requests)
                except Unavailable as reason:
                    missing.add(contender.name)
                    skip(contender.name, str(reason))
                else:
                    runs.setdefault(contender.name, []).append(figures)
            yield runs


def medians(runs: Runs) -> dict[str, Figures]:
    """Return the median of each figure of each contender."""
    return {
        name: {figure: statistics.median(run[figure] for run in each) for figure in each[0]}
        for name, each in runs.items()
    }
