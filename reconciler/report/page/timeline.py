"""How long the changes of an apply took, as the template `timeline.html.j2` shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from operator import attrgetter
from typing import NamedTuple

from reconciler.applying.document import OutcomeDocument
from reconciler.phrases import format_count
from reconciler.report.effort import format_duration
from reconciler.report.view import format_label

_MAX_ROWS = 60
_CHART_WIDTH = 1000
_MIN_BAR_WIDTH = 4


class Bar(NamedTuple):
    """One row: a change by its number on the page, and its bar in units of the chart's width."""

    result: str
    number: int
    label: str
    took: str
    start: int
    width: int


class Timeline(NamedTuple):
    """The changes that were sent, or the slowest of them.

    Args:
        lead: totals, in one line.
        end: how long all of it took.
        bars: in order of time.
        width: of the chart.
    """

    lead: str
    end: str
    bars: Sequence[Bar]
    width: int = _CHART_WIDTH


class _Span(NamedTuple):
    """When one change was sent, and its number on the page."""

    began: float
    number: int
    seconds: float
    outcome: OutcomeDocument


@dataclass(slots=True)
class _Totals:
    """Totals of the spans, counted while these are iterated."""

    changes: int = 0
    seconds: float = 0.0
    ended: float = 0.0

    def count(self, spans: Iterable[_Span]) -> Iterator[_Span]:
        for span in spans:
            self.changes += 1
            self.seconds += span.seconds
            self.ended = max(self.ended, span.began + span.seconds)
            yield span


def make_timeline(outcomes: Iterable[OutcomeDocument]) -> Timeline | None:
    """The timeline of an apply; `None` if no change was sent.

    Args:
        outcomes: in the order of their numbers; iterated once.
    """
    totals = _Totals()
    slowest = nlargest(_MAX_ROWS, totals.count(_find_spans(outcomes)), key=attrgetter("seconds"))
    if not slowest:
        return None
    left_out = f" The {len(slowest):,} slowest:" if totals.changes > len(slowest) else ""
    average = format_duration(totals.seconds / totals.changes)
    ended = format_duration(totals.ended)
    lead = f"{format_count(totals.changes, 'change')} in {ended}, on average {average} each.{left_out}"
    return Timeline(lead, ended, [_make_bar(span, totals.ended or 1.0) for span in sorted(slowest)])


def _find_spans(outcomes: Iterable[OutcomeDocument]) -> Iterator[_Span]:
    for number, outcome in enumerate(outcomes, start=1):
        if outcome.began is not None and outcome.seconds is not None:
            yield _Span(outcome.began, number, outcome.seconds, outcome)


def _make_bar(span: _Span, whole: float) -> Bar:
    width = max(round(_CHART_WIDTH * span.seconds / whole), _MIN_BAR_WIDTH)
    start = min(round(_CHART_WIDTH * span.began / whole), _CHART_WIDTH - width)
    name, took = format_label(span.outcome.change), format_duration(span.seconds)
    return Bar(span.outcome.result, span.number, name, took, start, width)
