"""The measurements run, and say what they compared."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("scenario", ["broker", "roundtrip", "asyncio"])
def test_a_scenario_runs_every_contender(scenario: str, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    options = ["--only", scenario, "--rounds", "1", "--quick", "--json", str(file)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *options],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert not done.returncode, done.stderr
    measured = json.loads(file.read_text())["scenarios"][scenario]
    assert "without" not in done.stdout
    assert len(measured["medians"]) >= 3
    assert all(figures["rate"] > 0 for figures in measured["medians"].values())
    for bound in measured["bounds"]:
        assert bound["ratio"] > 0
        assert f"{bound['ratio']:.2f} (wanted {bound['wanted']}" in done.stdout
