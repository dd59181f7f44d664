"""``antiphon bench``: its names, wrong use, and what it says where there are no benchmarks."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def bench(
    *options: str, folder: Path = ROOT, path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    env = dict(os.environ)
    if path is not None:
        env["PYTHONPATH"] = str(path)
    return subprocess.run(
        [sys.executable, "-m", "antiphon", "bench", *options],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=50,
    )


def test_it_lists_its_scenarios() -> None:
    done = bench("--list")
    assert not done.returncode, done.stderr
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert {"broker", "roundtrip", "one-way-16B", "one-way-64MiB", "peers", "import"} <= set(names)


def test_a_family_is_all_its_sizes() -> None:
    done = bench("--list", "--only", "one-way")
    assert {line.split("  ")[0].rstrip("0123456789KMiB") for line in done.stdout.splitlines()} == {
        "one-way-"
    }


def test_a_name_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    done = bench("--only", "brokr")
    assert done.returncode == 2
    assert "--only there is no scenario 'brokr': there are broker, " in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_outside_of_the_source_tree_it_says_where_the_benchmarks_are(tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "src" / "antiphon", tmp_path / "antiphon", ignore=shutil.ignore_patterns("*.so")
    )
    done = bench("--list", folder=tmp_path, path=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "antiphon bench: the benchmarks are in Antiphon's source tree: run it there\n"
    )
