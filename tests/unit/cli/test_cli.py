"""The command line as a user sees it, in processes of their own."""

import json
import subprocess
import sys

import antiphon


def run(*arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "antiphon", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def test_version_says_which_build_it_is() -> None:
    done = run("--version")
    assert done.returncode == 0
    info = antiphon.build_info()
    assert info.version in done.stdout
    assert ("(compiled" if info.compiled else "(interpreted") in done.stdout


def test_help_has_an_example() -> None:
    for command in ("broker", "demo"):
        done = run(command, "--help")
        assert done.returncode == 0
        assert f"Example: antiphon {command}" in done.stdout.replace("\n", " ")


def test_wrong_use_is_one_clear_line_and_status_2() -> None:
    anywhere = "tcp://127.0.0.1:*"
    done = run("broker", "--frontend", "nonsense", "--backend", anywhere)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "nonsense" in done.stderr
    done = run("broker", "--frontend", anywhere, "--backend", anywhere, "--retries", "many")
    assert done.returncode == 2
    assert "many" in done.stderr


def test_the_demo_loses_no_request_though_a_worker_is_killed() -> None:
    done = run("demo", "--clients", "3", "--workers", "3", "--requests", "40", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["requests"] == report["replies"] == 121
    assert report["lost"] == 0
    assert sum(report["served"].values()) == 120
    hops = {hop["hop"]: hop["frames"] for hop in report["hops"]}
    assert hops["frontend in"] == ["CLIENT", "", "Hello"]
    assert hops["backend out"] == ["WORKER", "", "CLIENT", "", "Hello"]
    assert hops["worker gets"] == ["CLIENT", "", "Hello"]
    assert hops["frontend out"] == ["CLIENT", "", "OK WORKER"]


def test_the_demo_is_plain_when_piped() -> None:
    done = run("demo", "--clients", "2", "--workers", "3", "--requests", "10")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "no request was lost" in done.stdout.replace("\n", " ")
