"""Looking for a moment before sleeping, and ever more rarely where that is in vain."""

from itertools import pairwise

import pytest

from antiphon.spinning import Spinner

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


def make(
    source: Source, monkeypatch: pytest.MonkeyPatch, processors: int = 2, moment: float = 0.0001
) -> Spinner:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(processors)), raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: processors)
    return Spinner(source, 8, moment)


def test_what_comes_in_a_moment_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(3)
    spinner = make(source, monkeypatch, moment=60.0)
    assert [spinner.poll(1.0) for _ in range(4)] == [[EVENT]] * 4
    assert source.seen == 12


def test_it_looks_more_and_more_rarely_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(NEVER)
    spinner = make(source, monkeypatch)
    spins: list[int] = []
    for number in range(260):
        before = source.seen
        assert spinner.poll(1.0) == []
        if source.seen > before:
            spins.append(number)
    rests = [after - before - 1 for before, after in pairwise(spins)]
    assert rests == [2, 4, 8, 16, 32, 64, 64]


def test_it_takes_heart_again_when_something_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(NEVER)
    spinner = make(source, monkeypatch)
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


def test_who_may_not_wait_looks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(NEVER)
    assert make(source, monkeypatch).poll(0.0) == []
    assert source.seen == 1


def test_on_one_processor_it_never_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(1)
    assert make(source, monkeypatch, processors=1).poll(1.0) == []
    assert source.seen == 0
