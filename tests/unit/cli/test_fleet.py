import pytest

from antiphon.cli import fleet as module
from antiphon.cli.fleet import Fleet, FleetError, Report
from antiphon.cli.show import Progress


def test_silence_ends_the_demo_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.0)
    with (
        pytest.raises(FleetError, match="no worker or client has said anything for 0 s"),
        Fleet(1, 3, 1) as fleet,
    ):
        fleet.run(Progress(quiet=True))


def test_a_report_without_replies_has_figures_too() -> None:
    report = Report(3)
    assert report.lost == 3
    assert report.percentile(50) == 0.0
    assert report.as_dict()["latency_ms"]["p99"] == 0.0


def test_percentiles_are_of_the_sorted_latencies() -> None:
    report = Report(4)
    report.latencies = [4.0, 1.0, 3.0, 2.0]
    assert [report.percentile(percent) for percent in (0, 50, 99, 100)] == [1.0, 3.0, 4.0, 4.0]
