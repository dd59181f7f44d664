import json
from pathlib import Path

import pytest

from antiphon.cli.commands import run

BROKEN = """
[[socket]]
name = "a"
type = "REQ"
bind = "tcp://*:1"

[[socket]]
name = "b"
type = "REQ"
connect = "tcp://x:1"
"""


def linted(path: Path, *options: str) -> object:
    with pytest.raises(SystemExit) as caught:
        run(["lint", str(path), *options])
    return caught.value.code


def test_a_topology_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "good.toml"
    path.write_text(BROKEN.replace('"REQ"', '"REP"', 1))
    assert linted(path) == 0
    assert capsys.readouterr().out == f"{path}: 2 sockets, 0 errors, 0 warnings\n"


def test_each_finding_is_a_line_and_errors_a_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(BROKEN)
    assert linted(path) == 1
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("error: b and a meet at tcp://x:1: REQ cannot talk to REQ")
    assert first.endswith("(illegal-pair)")
    assert last.endswith("1 errors, 0 warnings")


def test_findings_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(BROKEN)
    assert linted(path, "--json") == 1
    (line,) = capsys.readouterr().out.splitlines()
    finding = json.loads(line)
    assert (finding["severity"], finding["rule"]) == ("error", "illegal-pair")
    assert finding["sockets"] == ["b", "a"]


@pytest.mark.parametrize("content", [b"", b"[[", b"\xff", None])
def test_what_cannot_be_read_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    path = tmp_path / "t.toml"
    if content is not None:
        path.write_bytes(content)
    assert linted(path) == 2
    error = capsys.readouterr().err
    assert error.startswith("antiphon lint: ")
    assert str(path) in error
    assert error.count("\n") == 1


def test_a_missing_path_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(["lint"])
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert "topology is missing: it takes the path of a file" in error
