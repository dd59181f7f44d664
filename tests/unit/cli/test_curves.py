"""Curves are drawn where their axes say."""

from xml.etree import ElementTree as ET

from antiphon.cli.curves import Axis, draw

SVG = "{http://www.w3.org/2000/svg}"
LINEAR = Axis({0.0: "none", 50.0: "half", 100.0: "all"})


def points_of(picture: str) -> list[list[tuple[float, float]]]:
    lines = ET.fromstring(picture).iter(f"{SVG}polyline")
    return [
        [
            (float(x), float(y))
            for x, y in (pair.split(",") for pair in line.attrib["points"].split())
        ]
        for line in lines
    ]


def test_the_ends_of_the_axes_are_the_corners() -> None:
    (curve,) = points_of(draw({"a": [(0, 0), (50, 50), (100, 100)]}, LINEAR, LINEAR))
    (left, bottom), (middle, half), (right, top) = curve
    assert left < middle < right
    assert bottom > half > top  # SVG counts from above
    assert middle - left == right - middle


def test_a_logarithmic_axis_gives_each_factor_the_same_room() -> None:
    axis = Axis({1.0: "1", 1000.0: "1000"}, logarithmic=True)
    (curve,) = points_of(draw({"a": [(1, 0), (10, 0), (100, 0)]}, axis, LINEAR))
    first, second, third = (x for x, _ in curve)
    assert abs((second - first) - (third - second)) < 0.2


def test_what_lies_beyond_is_drawn_at_the_end() -> None:
    inside, beyond = points_of(draw({"a": [(100, 0)], "b": [(900, -5)]}, LINEAR, LINEAR))
    assert inside == beyond


def test_titles_are_escaped() -> None:
    picture = draw({"<a & b>": [(0, 0), (1, 1)]}, LINEAR, LINEAR)
    texts = [each.text for each in ET.fromstring(picture).iter(f"{SVG}text")]
    assert "<a & b>" in texts
    assert {"none", "half", "all"} <= set(texts)
