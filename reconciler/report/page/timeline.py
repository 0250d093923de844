"""How long the changes of an apply took, on a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import nlargest
from operator import attrgetter

from reconciler.applying.document import OutcomeDocument
from reconciler.escape import for_html
from reconciler.report.count import format_count
from reconciler.report.view import format_label

_MAX_ROWS = 60
_CHART_WIDTH = 1000
_MIN_BAR_WIDTH = 4
_MINUTE_SECONDS = 60


def format_duration(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < _MINUTE_SECONDS:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // _MINUTE_SECONDS} min {int(seconds) % _MINUTE_SECONDS} s"


@dataclass(frozen=True, slots=True)
class Span:
    """When one change was under way, and its number on the page."""

    number: int
    outcome: OutcomeDocument
    began: float
    seconds: float

    @property
    def ended(self) -> float:
        """When its outcome was known."""
        return self.began + self.seconds


@dataclass(slots=True)
class _Totals:
    """What is counted while the spans go by."""

    changes: int = 0
    seconds: float = 0.0
    ended: float = field(default=0.0)

    def count(self, spans: Iterable[Span]) -> Iterator[Span]:
        for span in spans:
            self.changes += 1
            self.seconds += span.seconds
            self.ended = max(self.ended, span.ended)
            yield span


def render_timeline(outcomes: Iterable[OutcomeDocument]) -> Iterator[str]:
    """A section with a row for each change that had its turn, or for the slowest; nothing if none had.

    Args:
        outcomes: in the order of their numbers; walked over once.
    """
    totals = _Totals()
    slowest = nlargest(_MAX_ROWS, totals.count(_find_spans(outcomes)), key=attrgetter("seconds"))
    if not slowest:
        return
    yield '<section aria-labelledby="timeline"><h2 id="timeline">Timeline</h2>'
    left_out = f" The {len(slowest):,} slowest:" if totals.changes > len(slowest) else ""
    yield (
        f'<p class="quiet">{format_count(totals.changes, "change")} in {format_duration(totals.ended)}, '
        f"on average {format_duration(totals.seconds / totals.changes)} each.{left_out}</p>"
    )
    yield '<table class="times"><thead><tr><th scope="col">Change</th><th scope="col">Took</th>'
    yield f'<th scope="col">From 0 to {format_duration(totals.ended)}</th></tr></thead><tbody>'
    for span in sorted(slowest, key=attrgetter("began", "number")):
        yield _render_row(span, totals.ended or 1.0)
    yield "</tbody></table></section>"


def _find_spans(outcomes: Iterable[OutcomeDocument]) -> Iterator[Span]:
    for number, outcome in enumerate(outcomes, start=1):
        if outcome.began is not None and outcome.seconds is not None:
            yield Span(number, outcome, outcome.began, outcome.seconds)


def _render_row(span: Span, whole: float) -> str:
    width = max(round(_CHART_WIDTH * span.seconds / whole), _MIN_BAR_WIDTH)
    start = min(round(_CHART_WIDTH * span.began / whole), _CHART_WIDTH - width)
    return (
        f'<tr class="{span.outcome.result}"><th scope="row"><a href="#c{span.number}">'
        f"{for_html(format_label(span.outcome.change))}</a></th><td>{format_duration(span.seconds)}</td>"
        f'<td><svg viewBox="0 0 {_CHART_WIDTH} 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect x="{start}" y="2" width="{width}" height="6"/></svg></td></tr>'
    )
