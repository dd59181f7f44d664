"""Every code block of the documentation does what its page says.

The Python blocks of a page are one program; a text block that follows one is what that prints, and
other output is in blocks of ``none``. Commands exit with 0, and descriptions of topologies are in
order.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from antiphon.topology import lint, read_topology

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)
PAGES.append(ROOT / "README.md")
_BLOCK = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = "---- end of a block ----"


class Block(NamedTuple):
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    return [Block(*found) for found in _BLOCK.findall(page.read_text())]


def pages_with(language: str) -> list[Path]:
    return [page for page in PAGES if any(b.language == language for b in blocks(page))]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def lines(text: str) -> list[str]:
    """Return the lines of a text, without the spaces at their ends that nobody sees."""
    return [line.rstrip() for line in text.splitlines()]


def run(command: list[str], program: str = "") -> str:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        command,
        input=program,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        cwd=ROOT,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("page", pages_with("python"), ids=name_of)
def test_python_prints_what_follows(page: Path) -> None:
    program: list[str] = []
    expected: list[str | None] = []
    for block in blocks(page):
        if block.language == "python":
            # In one piece: the log has a thread of its own that writes, too.
            program.append(f"{block.text}\nprint({_MARK + chr(10)!r}, end='', flush=True)\n")
            expected.append(None)
        elif block.language == "text" and expected:
            expected[-1] = block.text
    printed = run([sys.executable, "-"], "".join(program)).split(f"{_MARK}\n")[:-1]
    for text, wanted in zip(printed, expected, strict=True):
        assert wanted is None or lines(text) == lines(wanted)


@pytest.mark.parametrize("page", pages_with("console"), ids=name_of)
def test_commands_succeed(page: Path) -> None:
    for block in blocks(page):
        if block.language == "console":
            for line in block.text.splitlines():
                if line.startswith("$ antiphon") and "*" not in line:
                    run(["bash", "-c", line.removeprefix("$ ")])


@pytest.mark.parametrize("page", pages_with("toml"), ids=name_of)
def test_topologies_are_in_order(page: Path) -> None:
    for block in blocks(page):
        if block.language == "toml" and "[[socket]]" in block.text:
            assert lint(read_topology(block.text)) == []


_NAMED = re.compile(r"`((?:tests|examples|fuzz)/[\w/.]*)(?:::(\w+))?`")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_and_tests_that_are_named_are_there(page: Path) -> None:
    for path, test in _NAMED.findall(page.read_text()):
        assert (ROOT / path).exists(), path
        if test:
            assert f"def {test}(" in (ROOT / path).read_text(), f"{path} has no {test}"
