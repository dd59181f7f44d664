"""Diagrams that are drawn from what they show, as SVG.

``frames`` draws messages as rows of frames, one message a line::

    ```{frames}
    REQ to REP: "" | "Hello"
    ```

``topology`` draws a description as ``antiphon lint`` reads it, and fails the build if it has
errors.
"""

from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from antiphon.topology import ERROR, SocketPlan, Topology, lint, read_topology

__all__ = ("setup",)

_FONT = "font-family='ui-monospace, Menlo, Consolas, monospace' font-size='14'"
_LETTER = 8.5
_HEIGHT = 34
_GAP = 6
_COLOURS = {"address": "#7aa2f7", "delimiter": "#9aa0a6", "body": "#73c991"}


def _svg(width: float, height: float, inside: list[str], label: str) -> str:
    size = f"width='{width:.0f}' height='{height:.0f}' viewBox='0 0 {width:.0f} {height:.0f}'"
    head = f"<svg xmlns='http://www.w3.org/2000/svg' role='img' aria-label='{escape(label)}' {size}"
    return f"{head} style='max-width:100%;height:auto'>{''.join(inside)}</svg>"


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' fill='currentColor' {_FONT}>"
        f"{escape(text)}</text>"
    )


def _box(x: float, y: float, width: float, height: float, colour: str) -> str:
    return (
        f"<rect x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:.1f}' rx='4' "
        f"fill='{colour}' fill-opacity='0.25' stroke='{colour}'/>"
    )


def draw_frames(lines: list[str]) -> str:
    """Return an SVG of messages, each ``label: frame | frame | ...``; ``""`` is a delimiter."""
    rows = [line.partition(": ") for line in lines if line.strip()]
    labels = max(len(label) for label, _, _ in rows) * _LETTER + 16
    inside: list[str] = []
    widest = 0.0
    for index, (label, _, message) in enumerate(rows):
        y = index * (_HEIGHT + _GAP) + 2
        inside.append(_text(labels - 12, y + 22, label, "end"))
        x = labels
        frames = [frame.strip() for frame in message.split("|")]
        kinds = _kinds(frames)
        for frame, kind in zip(frames, kinds, strict=True):
            shown = "(empty)" if frame == '""' else frame
            width = len(shown) * _LETTER + 20
            inside += [
                _box(x, y, width, _HEIGHT, _COLOURS[kind]),
                _text(x + width / 2, y + 22, shown),
            ]
            x += width + 3
        widest = max(widest, x)
    return _svg(widest + 4, len(rows) * (_HEIGHT + _GAP) + 4, inside, "; ".join(lines))


def _kinds(frames: list[str]) -> list[str]:
    if '""' not in frames[:-1]:
        return ["body"] * len(frames)
    delimiter = frames.index('""')
    rest = len(frames) - delimiter - 1
    return ["address"] * delimiter + ["delimiter"] + ["body"] * rest


def draw_topology(topology: Topology) -> str:
    """Return an SVG of sockets: those that only connect left and right of those that bind."""
    binders = [plan for plan in topology.sockets if plan.binds]
    others = [plan for plan in topology.sockets if not plan.binds]
    left, right = others[: (len(others) + 1) // 2], others[(len(others) + 1) // 2 :]
    places: dict[str, tuple[float, float]] = {}
    inside: list[str] = []
    tallest = max(len(left), len(binders), len(right))
    for column, plans in enumerate((left, binders, right)):
        for row, plan in enumerate(plans):
            y = (row + (tallest - len(plans)) / 2) * 90 + 10
            places[plan.name] = (10 + column * 280, y)
            inside += _draw_socket(plan, *places[plan.name])
    for plan in others:
        for endpoint in plan.connects:
            inside += [_arrow(places, plan, b) for b in binders if _meets(b, endpoint.port)]
    width = 3 * 280 if right else 2 * 280
    label = ", ".join(plan.name for plan in topology.sockets)
    return _svg(width - 60, tallest * 90, inside, label)


def _meets(binder: SocketPlan, port: int) -> bool:
    return any(endpoint.port == port for endpoint in binder.binds)


def _draw_socket(plan: SocketPlan, x: float, y: float) -> list[str]:
    name = plan.name if plan.count == 1 else f"{plan.name} x {plan.count}"
    where = plan.binds[0].text if plan.binds else ""
    drawn = [
        _box(x, y, 200, 64 if where else 48, _COLOURS["address"]),
        _text(x + 100, y + 20, name),
        _text(x + 100, y + 38, plan.type),
    ]
    return [*drawn, _text(x + 100, y + 56, where)] if where else drawn


def _arrow(places: dict[str, tuple[float, float]], plan: SocketPlan, binder: SocketPlan) -> str:
    (from_x, from_y), (to_x, to_y) = places[plan.name], places[binder.name]
    start, end = (from_x + 200, to_x - 3) if from_x < to_x else (from_x, to_x + 203)
    return (
        f"<line x1='{start}' y1='{from_y + 24}' x2='{end}' y2='{to_y + 28}' "
        "stroke='currentColor' stroke-width='1.5'/>"
        f"<circle cx='{end}' cy='{to_y + 28}' r='4' fill='currentColor'/>"
    )


class _Diagram(SphinxDirective):
    has_content = True

    def draw(self) -> str:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", self.draw(), format="html")]


class _Frames(_Diagram):
    def draw(self) -> str:
        return draw_frames(list(self.content))


class _Topology(_Diagram):
    def draw(self) -> str:
        topology = read_topology("\n".join(self.content))
        errors = [finding.message for finding in lint(topology) if finding.severity == ERROR]
        if errors:
            raise self.error("; ".join(errors))
        return draw_topology(topology)


def setup(app: Sphinx) -> dict[str, bool]:
    """Give the directives to Sphinx."""
    app.add_directive("frames", _Frames)
    app.add_directive("topology", _Topology)
    return {"parallel_read_safe": True}
