"""The measurements run, and say what they compared."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "antiphon", "bench", *options],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=55,
    )


@pytest.mark.parametrize(
    ("scenario", "contenders"),
    [
        ("broker", {"libzmq (C)", "antiphon", "antiphon interpreted", "pyzmq"}),
        ("roundtrip", {"pyzmq", "antiphon", "antiphon interpreted", "plain sockets"}),
        ("roundtrip-inproc", {"pyzmq", "antiphon", "antiphon interpreted"}),
        ("asyncio", {"zmq.asyncio", "antiphon", "antiphon interpreted", "pyzmq, blocking"}),
        ("one-way-1KiB", {"pyzmq", "antiphon", "antiphon interpreted", "plain sockets"}),
        ("one-way-curve", {"pyzmq", "antiphon", "antiphon interpreted"}),
        ("services", {"antiphon", "antiphon interpreted", "pyzmq"}),
        ("import", {"pyzmq", "antiphon", "antiphon interpreted"}),
        ("match", {"antiphon, 1,000 topics", "antiphon, 1,000,000 topics"}),
    ],
)
def test_a_scenario_runs_every_contender(
    scenario: str, contenders: set[str], tmp_path: Path
) -> None:
    file = tmp_path / "figures.json"
    done = bench("--only", scenario, "--rounds", "1", "--quick", "--json", str(file))
    assert not done.returncode, done.stderr
    measured = json.loads(file.read_text())["scenarios"][scenario]
    assert contenders <= set(measured["medians"])
    for figures in measured["medians"].values():
        assert figures
        assert all(value >= 0 for value in figures.values())
    for bound in measured["bounds"]:
        if bound["ratio"] is not None:
            assert f"{bound['ratio']:.2f} (wanted {bound['wanted']}" in done.stdout


def test_the_file_says_what_was_measured_where(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    pictures = tmp_path / "pictures"
    options = ("--only", "roundtrip-inproc", "--rounds", "1", "--quick")
    done = bench(*options, "--json", str(file), "--plot", str(pictures))
    assert not done.returncode, done.stderr
    figures = json.loads(file.read_text())
    assert figures["command"] == "antiphon bench --rounds 1 --quick --only roundtrip-inproc"
    assert figures["machine"]["cpus"] == os.cpu_count()
    assert figures["build"]["python"] == sys.version.split()[0]
    assert figures["commit"]
    assert (pictures / "roundtrip-inproc.svg").read_text().count("<polyline") >= 3
