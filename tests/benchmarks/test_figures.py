"""The README and the docs say what the committed figures say."""

import json
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOL = runpy.run_path(str(ROOT / "tools" / "write_figures.py"))
RESULTS = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", list(TOOL["PAGES"]))
def test_pages_agree_with_the_figures(page: str) -> None:
    written = (ROOT / page).read_text(encoding="utf-8")
    assert written == TOOL["rewritten"](page, RESULTS), "run tools/write_figures.py"


def test_figures_are_of_whole_runs_of_the_compiled_build() -> None:
    assert RESULTS["build"]["compiled"]
    assert RESULTS["rounds"] >= 5
    assert "--quick" not in RESULTS["command"]


@pytest.mark.parametrize(
    ("figure", "value", "text"),
    [
        ("rate", 1234567.0, "1,230,000"),
        ("rate", 89049.0, "89,000"),
        ("rate", 12.34, "12.3"),
        ("p50_us", 64.26, "64.3"),
        ("p50_us", 4627.2, "4,627"),
    ],
)
def test_numbers_have_three_digits_that_say_something(figure: str, value: float, text: str) -> None:
    assert TOOL["number"](figure, value) == text
