"""Plans and outcomes for a terminal: lines of styled text, complete without colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from reconciler.apply.outcome import Outcome, Result
from reconciler.plan.change import Plan
from reconciler.report.escape import for_terminal
from reconciler.report.shorten import around_difference, shortened
from reconciler.report.view import (
    ChangeView,
    FieldView,
    change_views,
    headline,
    label,
    left_alone,
    summary,
)

Style = Literal["plain", "good", "changed", "bad", "faint", "strong"]

_SIGNS: dict[str, tuple[str, Style]] = {
    "create": ("+", "good"),
    "update": ("~", "changed"),
    "conflict": ("!", "bad"),
    Result.CREATED: ("+", "good"),
    Result.UPDATED: ("~", "changed"),
    Result.UNCHANGED: ("=", "faint"),
    Result.FAILED: ("x", "bad"),
    Result.UNKNOWN: ("?", "bad"),
    Result.SKIPPED: ("-", "faint"),
}
_INDENT = "      "
_SHORTEST_VALUE = 20
_WIDEST_NAME = 24


@dataclass(frozen=True, slots=True)
class Line:
    """One line, ready to print."""

    text: str
    style: Style = "plain"


BLANK = Line("")


@dataclass(frozen=True, slots=True)
class Paper:
    """What the text is for: how wide, and whether the arrow may be one character."""

    width: int = 80
    arrow: str = "->"


def plan_lines(plan: Plan, paper: Paper) -> Iterator[Line]:
    """A plan: where, every change with its fields, promotions, counts last."""
    yield Line(for_terminal(headline(plan)), "strong")
    yield BLANK
    for view in change_views(plan):
        yield from _change_lines(view, paper)
    if plan.promotions:
        yield Line("Promotions", "strong")
        for promotion in plan.promotions:
            yield Line(f"  > {for_terminal(str(promotion)).replace('->', paper.arrow)}")
        yield BLANK
    if not plan.changes:
        yield Line("Nothing to do: everything declared is registered as declared.", "good")
    yield Line(f"Plan: {summary(plan)}", "strong" if plan.changes else "plain")
    if others := left_alone(plan):
        yield Line(f"Left alone: {others}", "faint")


def outcome_lines(outcome: Outcome) -> Iterator[Line]:
    """One outcome, as it becomes known."""
    sign, style = _SIGNS[outcome.result]
    change = outcome.change
    name = label(change)
    if outcome.version is not None and change.version is None:
        name += f" is {change.artifact}:{outcome.version}"
    yield Line(f"  {sign} {outcome.result:<9} {for_terminal(name)}", style)
    if outcome.message:
        yield Line(f"{_INDENT}{for_terminal(outcome.message)}")
    if outcome.hint:
        yield Line(f"{_INDENT}{for_terminal(outcome.hint)}", "faint")


def applied_line(outcomes: Sequence[Outcome]) -> Line:
    """The counts of an apply, in one line."""
    counts = Counter(outcome.result for outcome in outcomes)
    parts = [f"{counts[result]} {result}" for result in Result if counts[result]]
    bad = counts[Result.FAILED] or counts[Result.UNKNOWN]
    return Line("Apply: " + ", ".join(parts), "bad" if bad else "strong")


def _change_lines(view: ChangeView, paper: Paper) -> Iterator[Line]:
    sign, style = _SIGNS[view.action]
    head = f"  {sign} {view.action:<9} {for_terminal(view.label)}"
    place = for_terminal(view.place)
    gap = paper.width - len(head) - len(place)
    yield Line(f"{head}{' ' * gap}{place}" if gap > 1 else head, style)
    if gap <= 1:
        yield Line(f"{_INDENT}{place}", "faint")
    names = [for_terminal(field.path) for field in view.fields]
    column = max((len(name) for name in names if len(name) <= _WIDEST_NAME), default=0)
    for name, field in zip(names, view.fields, strict=True):
        for text in _field_texts(name, field, column, paper):
            yield Line(_INDENT + text)
    for text in (view.note, view.hint):
        if text:
            yield Line(f"{_INDENT}{for_terminal(text)}", style)
    yield BLANK


def _field_texts(name: str, field: FieldView, column: int, paper: Paper) -> Iterator[str]:
    """A field on one line; a name too long for the column stands alone, the values below it."""
    if len(name) > column:
        yield name
        name = ""
    start = f"{name:<{column}}  "
    room = max(paper.width - len(_INDENT) - len(start), _SHORTEST_VALUE)
    after = for_terminal(field.after)
    if field.before is None:
        yield start + shortened(after, room)
        return
    before = for_terminal(field.before)
    room -= len(paper.arrow) + 2
    if len(before) + len(after) > room:
        before, after = around_difference(before, after, room)
    yield f"{start}{before} {paper.arrow} {after}"
