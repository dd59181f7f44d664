"""In turn against longest idle: the same tasks, and a picture of how long they took (L1)."""

import xml.etree.ElementTree as ET
from pathlib import Path

from .conftest import Endpoints
from .programs import run


def test_whoever_is_idle_serves_mixed_tasks_better(endpoint: Endpoints, tmp_path: Path) -> None:
    picture = tmp_path / "latencies.svg"
    lines = run("fairness", endpoint("tasks"), "--tasks", 300, "--svg", picture)
    assert lines[0].split() == ["milliseconds", "p50", "p90", "p99", "max"]
    in_turn, longest_idle = ([float(word) for word in line.split()[-4:]] for line in lines[1:3])
    assert sum(longest_idle) < sum(in_turn)
    assert lines[3] == f"the picture is in {picture}"
    root = ET.parse(picture).getroot()
    curves = root.findall("{http://www.w3.org/2000/svg}polyline")
    assert [len(curve.get("points", "").split()) for curve in curves] == [301, 301]
