"""Curves as SVG: what ``antiphon bench --plot`` draws, and the examples."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

__all__ = ("Axis", "draw")

_WIDTH: Final = 760.0
_HEIGHT: Final = 400.0
_LEFT: Final = 90.0
_RIGHT: Final = 220.0
_TOP: Final = 20.0
_BOTTOM: Final = 40.0
_COLOURS: Final = ("#d1495b", "#2e7d5b", "#3d6fb4", "#b8860b", "#7a4fa3", "#5c6670", "#c2703d")
_TEXT: Final = "font-family='sans-serif' font-size='13' fill='#444'"


@dataclass(frozen=True)
class Axis:
    """Where an axis has its ticks and what they say; the first and last are its ends."""

    ticks: Mapping[float, str]
    logarithmic: bool = False

    def part(self, value: float) -> float:
        """Return where a value lies between the ends, from 0 to 1; those beyond are at an end."""
        low, high = self._at(min(self.ticks)), self._at(max(self.ticks))
        return min(max((self._at(value) - low) / (high - low), 0.0), 1.0)

    def _at(self, value: float) -> float:
        return math.log(max(value, 1e-9)) if self.logarithmic else value


def draw(curves: Mapping[str, Sequence[tuple[float, float]]], across: Axis, up: Axis) -> str:
    """Return an SVG of curves by their titles, each a list of points from left to right.

    The axes need two ticks or more each.
    """

    def place(x: float, y: float) -> tuple[float, float]:
        width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        return _LEFT + across.part(x) * width, _HEIGHT - _BOTTOM - up.part(y) * height

    parts = [f"<rect width='{_WIDTH:g}' height='{_HEIGHT:g}' fill='white'/>"]
    for value, label in up.ticks.items():
        x, y = place(min(across.ticks), value)
        parts.append(f"<path d='M{x:.1f} {y:.1f}H{_WIDTH - _RIGHT:g}' stroke='#ddd'/>")
        parts.append(_text(x - 8, y + 4, label, "end"))
    for value, label in across.ticks.items():
        x, y = place(value, min(up.ticks))
        parts.append(_text(x, y + 20, label, "middle"))
    for number, (title, points) in enumerate(curves.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        line = " ".join("{:.1f},{:.1f}".format(*place(*point)) for point in points)
        parts.append(f"<polyline points='{line}' fill='none' stroke='{colour}' stroke-width='2'/>")
        x, y = _WIDTH - _RIGHT + 12, _TOP + 12 + 20 * number
        parts.append(f"<path d='M{x:g} {y - 4:g}h14' stroke='{colour}' stroke-width='3'/>")
        parts.append(_text(x + 20, y, title, "start"))
    size = f"viewBox='0 0 {_WIDTH:g} {_HEIGHT:g}' width='{_WIDTH:g}' height='{_HEIGHT:g}'"
    return f"<svg xmlns='http://www.w3.org/2000/svg' {size}>{''.join(parts)}</svg>\n"


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' {_TEXT}>{escape(text)}</text>"
