"""What people see, where it is not a terminal."""

import pytest

from antiphon.cli.fleet import Report
from antiphon.cli.show import Progress, show


def test_a_report_fits_a_terminal_and_names_what_was_lost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = Report(1000)
    report.replies = 998
    report.served = {"worker-1": 900, "worker-2": 8, "worker-3": 90}
    report.killed, report.slow = "worker-2", "worker-3"
    report.hops = [("client sends", ["Hello", "", "[red]"])]
    show(report)
    text = capsys.readouterr().out
    assert "998 of 1000 requests answered in 0.0 s: 2 requests were LOST." in text
    assert "client sends  [Hello][][[red]]" in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_progress_is_a_line_a_quarter(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(quiet=False) as progress:
        for done in range(101):
            progress.update(done, 100, "half" if done == 50 else "")
    assert capsys.readouterr().out.splitlines() == [
        "starting a broker, workers and clients",
        "25 of 100 requests answered",
        "half",
        "50 of 100 requests answered",
        "75 of 100 requests answered",
        "100 of 100 requests answered",
    ]


def test_quiet_progress_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(quiet=True) as progress:
        progress.update(1, 1, "note")
    assert capsys.readouterr().out == ""
