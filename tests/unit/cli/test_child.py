"""Child processes of this one: what they print, how they end, and how they are ended."""

import queue
import signal
from collections.abc import Callable, Iterator

import pytest

from antiphon.cli import child as module
from antiphon.cli.child import Child, Line, describe_status, end_all

PATIENCE = 20

Make = Callable[[str], tuple[Child, "queue.Queue[Line]"]]


@pytest.fixture
def make() -> Iterator[Make]:
    children: list[Child] = []

    def make(program: str) -> tuple[Child, "queue.Queue[Line]"]:
        lines: queue.Queue[Line] = queue.Queue()
        children.append(Child("it", ["-S", "-c", program], lines))
        return children[-1], lines

    yield make
    end_all(children, signal.SIGKILL)


def test_what_a_child_prints_comes_before_its_end(make: Make) -> None:
    _, lines = make("print('one'); print('two'); raise SystemExit(3)")
    assert [lines.get(timeout=PATIENCE) for _ in range(3)] == [
        Line("it", "one"),
        Line("it", "two"),
        Line("it", "", 3),
    ]


def test_all_are_ended_and_may_be_again(make: Make) -> None:
    child, lines = make("import signal; print('here', flush=True); signal.pause()")
    lines.get(timeout=PATIENCE)
    for _ in range(2):
        end_all([child], signal.SIGTERM)
    assert child.may_end
    assert lines.get_nowait() == Line("it", "", -signal.SIGTERM)


def test_a_stubborn_child_is_killed(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.0)
    child, lines = make(
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('here', flush=True); signal.pause()"
    )
    lines.get(timeout=PATIENCE)
    end_all([child], signal.SIGTERM)
    assert lines.get_nowait().status == -signal.SIGKILL


def test_an_exit_status_is_described() -> None:
    assert describe_status(2) == "exit status 2"
    assert describe_status(-9) == "killed by SIGKILL"
