"""The figures for people: tables in Markdown, which the README can take as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from tests.bench.contenders import CAREFUL
from tests.bench.results import Measured, Results, reached

_FIGURES = (
    "work", "who", "seconds", "least to most", "of careful", "CPU s", "MiB", "requests", "connections",
    "at once",
)  # fmt: skip
_GOALS = ("work", "against", "goal", "figure", "reached")


def everything(results: Results) -> Iterator[str]:
    """Both tables; that of the goals where any was measured."""
    yield from figures(results)
    if any(reached(results)):
        yield ""
        yield from goals(results)


def figures(results: Results) -> Iterator[str]:
    """Everything that was measured; seconds are medians, and MiB those of all processes together."""
    return _table(_FIGURES, (_figures(row, results) for row in results.rows))


def goals(results: Results) -> Iterator[str]:
    """The goals that were measured, and whether they are reached."""
    return _table(_GOALS, reached(results))


def _figures(row: Measured, results: Results) -> tuple[str, ...]:
    careful = results.find(row.work, CAREFUL)
    asked = (row.requests, row.connections, row.peak_in_flight) if row.requests else ("", "", "")
    return (
        str(row.work),
        row.who,
        _seconds(row.seconds),
        f"{_seconds(min(row.wall))} to {_seconds(max(row.wall))}",
        f"{row.seconds / careful.seconds:.2f} x" if careful else "",
        _seconds(median(row.cpu)),
        f"{row.mib_together:.0f}",
        *map(str, asked),
    )


def _seconds(seconds: float) -> str:
    """With three digits that count."""
    return f"{seconds:.3f}" if seconds < 1 else f"{seconds:.3g}" if seconds < 100 else f"{seconds:.0f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    for line in lines:
        yield f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |"
