"""Looking for a moment before sleeping, and ever more rarely where that is in vain."""

import os
from itertools import pairwise
from pathlib import Path

import pytest

from antiphon.spinning import Spinner, processors

EVENT = (3, 1)


class Source:
    """A poll object whose events come after so many looks, each time."""

    def __init__(self, looks: int) -> None:
        self.looks = looks
        self.seen = 0

    def poll(self, timeout: float, max_events: int) -> list[tuple[int, int]]:
        assert (timeout, max_events) == (0.0, 8)
        self.seen += 1
        return [EVENT] if self.seen % self.looks == 0 else []


NEVER = 10**9


def make(source: Source, usable: float = 2, moment: float = 0.0001) -> Spinner:
    return Spinner(source, 8, moment, usable)


def test_what_comes_in_a_moment_is_returned() -> None:
    source = Source(3)
    spinner = make(source, moment=60.0)
    assert [spinner.poll(1.0) for _ in range(4)] == [[EVENT]] * 4
    assert source.seen == 12


def test_it_looks_more_and_more_rarely_in_vain() -> None:
    source = Source(NEVER)
    spinner = make(source)
    spins: list[int] = []
    for number in range(260):
        before = source.seen
        assert spinner.poll(1.0) == []
        if source.seen > before:
            spins.append(number)
    rests = [after - before - 1 for before, after in pairwise(spins)]
    assert rests == [2, 4, 8, 16, 32, 64, 64]


def test_it_takes_heart_again_when_something_comes() -> None:
    source = Source(NEVER)
    spinner = make(source)
    for _ in range(1 + 2 + 1 + 4):
        assert spinner.poll(1.0) == []
    source.looks = 1
    assert spinner.poll(1.0) == [EVENT]
    source.looks = NEVER
    seen = [source.seen]
    for _ in range(4):
        spinner.poll(1.0)
        seen.append(source.seen)
    assert [after > before for before, after in pairwise(seen)] == [
        True,
        False,
        False,
        True,
    ]


def test_who_may_not_wait_looks_once() -> None:
    source = Source(NEVER)
    assert make(source).poll(0.0) == []
    assert source.seen == 1


def test_with_less_than_two_processors_it_never_looks() -> None:
    source = Source(1)
    assert make(source, usable=1.5).poll(1.0) == []
    assert source.seen == 0


@pytest.mark.parametrize(
    ("files", "usable"),
    [
        ({}, 8),
        ({"cpu.max": "max 100000\n"}, 8),
        ({"cpu.max": "150000 100000\n"}, 1.5),
        ({"cpu.max": "1600000 100000\n"}, 8),
        ({"cpu.max": "nonsense\n"}, 8),
        ({"cpu.max": "1 0\n"}, 8),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 8),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 0.5),
    ],
)
def test_the_quota_of_a_container_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, files: dict[str, str], usable: float
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert processors(str(tmp_path)) == usable
