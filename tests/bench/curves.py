"""Two drawings side by side: the time and the memory of a plan, over the number of manifests.

Both axes are logarithmic, so that what grows as fast as the repository is a line of the same slope. The
colours are readable on white and on black, and all else follows the reader's setting.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from tests.bench.contenders import CAREFUL, FLOOR, SIMPLE, TOOL, TOOL_AGAIN, VENDOR
from tests.bench.results import Measured, Results

_COLOURS = {
    TOOL.name: "#2f81f7",
    TOOL_AGAIN.name: "#1b9e8a",
    CAREFUL.name: "#d2691e",
    SIMPLE.name: "#c2448b",
    FLOOR.name: "#7d8590",
    VENDOR.name: "#8957e5",
}
_STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #57606a }
.title { font-weight: 600; fill: #1f2328 }
.grid { stroke: #8886; stroke-width: 1 }
.line { fill: none; stroke-width: 2; stroke-linejoin: round }
@media (prefers-color-scheme: dark) { text { fill: #9198a1 } .title { fill: #f0f6fc } }"""
_WIDTH, _HEIGHT = 880, 340
_GAP = 15.0
"""Pixels between two names."""
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Axis:
    """A logarithmic axis: its ends, and where on the drawing they are."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value is."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)

    def decades(self) -> Iterator[float]:
        """The powers of ten on it."""
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        yield from (10.0**power for power in range(first, last + 1))


def drawn(results: Results) -> str:
    """The drawing as SVG; nothing but axes where no plan was measured."""
    plans = [row for row in results.rows if row.kind == "plan" and not row.latency_ms]
    parts = [
        *_panel("seconds", plans, lambda row: row.seconds, left=50.0),
        *_panel("MiB", plans, lambda row: row.mib_together, left=490.0),
    ]
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'role="img" aria-label="Time and memory of a plan over the number of manifests">\n'
        f"<style>\n{_STYLE}\n</style>\n{body}\n</svg>\n"
    )


def _panel(
    unit: str, rows: Sequence[Measured], figure: Callable[[Measured], float], left: float
) -> Iterator[str]:
    across = _Axis(*_ends([row.count for row in rows]), left, left + 250.0)
    up = _Axis(*_ends([figure(row) for row in rows]), _HEIGHT - 40.0, 40.0)
    yield _text("title", left, 20, f"plan, nothing to do: {unit}")
    for value in up.decades():
        yield _grid(across.start, up.at(value), across.end, up.at(value))
        yield _text("", left - 6, up.at(value) + 4, f"{value:,g}", anchor="end")
    for value in across.decades():
        yield _grid(across.at(value), up.start, across.at(value), up.end)
        yield _text("", across.at(value), up.start + 18, f"{value:,.0f}", anchor="middle")
    yield _text("", across.end, up.start + 34, "manifests", anchor="end")
    ends: list[tuple[float, str]] = []
    for who, colour in _COLOURS.items():
        points = sorted((row.count, figure(row)) for row in rows if row.who == who)
        if points:
            placed = [(across.at(count), up.at(value)) for count, value in points]
            yield from _line(placed, colour)
            ends.append((placed[-1][1], who))
    for y, who in _spread(sorted(ends)):
        yield _text("", across.end + 10, y + 4, who, fill=_COLOURS[who])


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """Powers of ten around all values; a decade at least."""
    low = 10.0 ** math.floor(math.log10(min(values, default=1.0)))
    high = 10.0 ** math.ceil(math.log10(max(values, default=10.0)) - 1e-9)
    return low, max(high, low * 10)


def _spread(ends: Sequence[tuple[float, str]]) -> Iterator[tuple[float, str]]:
    """Names at the ends of their lines, moved down where they would lie on each other."""
    free = -math.inf
    for y, who in ends:
        free = max(y, free + _GAP)
        yield free, who


def _line(points: Sequence[Point], colour: str) -> Iterator[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline class="line" points="{path}" stroke="{colour}"/>'
    yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points)


def _grid(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(kind: str, x: float, y: float, text: str, *, anchor: str = "start", fill: str = "") -> str:
    """Text at a point; a colour of its own has to be a style, to outrank that of all text."""
    attributes = f' class="{kind}"' if kind else ""
    attributes += f' style="fill: {fill}"' if fill else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{attributes}>{escape(text)}</text>'
