"""Plans and outcomes for a terminal: lines of styled text, complete without colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from textwrap import wrap
from typing import Literal

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.escape import for_terminal
from reconciler.planning.document import GuardResult, PlanDocument
from reconciler.report.count import counted
from reconciler.report.shorten import around_difference, end_of, shortened
from reconciler.report.view import (
    ALLOW_MASS_CHANGE,
    ChangeView,
    FieldView,
    brought_by,
    change_view,
    headline,
    kept_by,
    label,
    left_alone,
    pruned_by,
    removed_by,
    summary,
    takers_of,
    unknown_orphans,
)

Style = Literal["plain", "good", "changed", "bad", "faint", "strong"]

_SIGNS: dict[str, tuple[str, Style]] = {
    "create": ("+", "good"),
    "update": ("~", "changed"),
    "delete": ("-", "bad"),
    "conflict": ("!", "bad"),
    Result.CREATED: ("+", "good"),
    Result.UPDATED: ("~", "changed"),
    Result.DELETED: ("-", "changed"),
    Result.UNCHANGED: ("=", "faint"),
    Result.FAILED: ("x", "bad"),
    Result.UNKNOWN: ("?", "bad"),
    Result.SKIPPED: ("-", "faint"),
}
_INDENT = "      "
_USUAL_WIDTH = 80
_SHORTEST_VALUE = 20
_WIDEST_NAME = 24
_WIDEST_BEFORE = 24
_WIDEST_HEAD = 120
"""Columns, of however many: a place is not looked for farther from the name that it belongs to."""
_MOST_ORPHANS = 20
_MOST_WHOLE = 100
"""Changes: where there are more, those that create are named, and their fields left out."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line, ready to print."""

    text: str
    style: Style = "plain"


BLANK = Line("")


@dataclass(frozen=True, slots=True)
class Paper:
    """What the text is for.

    Args:
        width: columns.
        arrow: between two values.
        is_endless: whether long values are shown as they are, on lines as long as they take.
    """

    width: int = _USUAL_WIDTH
    arrow: str = "->"
    is_endless: bool = False


def plan_lines(document: PlanDocument, paper: Paper) -> Iterator[Line]:
    """A plan: where, every change with its fields, promotions, the guard; counts and digest last.

    What is in conflict comes after the other changes: a terminal shows the end.
    """
    yield from _prose(headline(document), paper, "strong")
    yield BLANK
    is_long = len(document.changes) > _MOST_WHOLE and not paper.is_endless
    yield from _named_changes(document, paper) if is_long else _whole_changes(document, paper)
    if document.promotions:
        yield Line("Promotions", "strong")
        for promotion in document.promotions:
            yield Line(f"  > {for_terminal(str(promotion)).replace('->', paper.arrow)}")
        yield BLANK
    yield from _orphan_lines(document, paper)
    if document.guard.violations:
        yield from _guard_lines(document.guard, paper)
    if not document.changes:
        yield Line("Nothing to do: everything declared is registered as declared.", "good")
    if defaults := ", ".join(document.source.defaults):
        yield from _prose(f"Defaults, from reconciler.toml: {defaults}", paper, "faint")
    if others := left_alone(document):
        yield from _prose(f"Left alone: {others}", paper, "faint")
    if is_long and document.counts["create"]:
        yield Line("Of what is to be created, only names are shown: --full shows all of it.", "faint")
    yield Line(f"Plan: {summary(document)}", "strong" if document.changes else "plain")
    if document.changes:
        yield Line(f"Digest: {document.digest}", "faint")


def apply_lines(document: ApplyDocument, paper: Paper) -> Iterator[Line]:
    """An apply: the plan, what became of each change, counts last."""
    yield from plan_lines(document.plan, paper)
    yield BLANK
    for outcome in document.outcomes:
        yield from outcome_lines(outcome)
    yield applied_line(document.outcomes)
    if document.exit_code is None:
        missing = document.planned - len(document.outcomes)
        yield Line(f"The run was killed: of {missing} of {document.planned} changes nothing is known", "bad")


def outcome_lines(outcome: OutcomeDocument) -> Iterator[Line]:
    """One outcome, as it becomes known."""
    sign, style = _SIGNS[outcome.result]
    change = outcome.change
    head = f"  {sign} {outcome.result:<9} {for_terminal(label(change))}"
    numbered = outcome.version is not None and change.version is None
    became = for_terminal(f"is {change.artifact}:{outcome.version}") if numbered else ""
    is_short = len(head) + len(became) < _USUAL_WIDTH
    yield Line(f"{head} {became}" if became and is_short else head, style)
    if became and not is_short:
        yield Line(f"{_INDENT}{became}", style)
    if outcome.message:
        yield Line(f"{_INDENT}{for_terminal(outcome.message)}")
    if outcome.hint:
        yield Line(f"{_INDENT}{for_terminal(outcome.hint)}", "faint")


def applied_line(outcomes: Collection[OutcomeDocument]) -> Line:
    """The counts of an apply, in one line."""
    counts = Counter(outcome.result for outcome in outcomes)
    parts = [f"{counts[result]:,} {result}" for result in Result if counts[result]]
    bad = counts[Result.FAILED] or counts[Result.UNKNOWN]
    return Line(f"Apply: {', '.join(parts) or 'nothing to do'}", "bad" if bad else "strong")


def _orphan_lines(document: PlanDocument, paper: Paper) -> Iterator[Line]:
    """What was declared once, is registered, and stays; or why that is not known."""
    orphans = document.orphans.found
    if why := unknown_orphans(document):
        yield from _prose(f"Orphans: {why}", paper, "faint")
        yield BLANK
    if not orphans:
        return
    heading = ("Orphans: registered and no longer declared", pruned_by(document))
    yield from _prose("; ".join(filter(None, heading)), paper, "strong")
    most = len(orphans) if paper.is_endless else _MOST_ORPHANS
    for orphan in orphans[:most]:
        yield Line(f"  ? {for_terminal(orphan.label)}", "changed")
        for told in (removed_by(orphan), *kept_by(orphan)):
            yield from _prose(told, paper, "faint", _INDENT)
    if len(orphans) > most:
        yield Line(f"  and {counted(len(orphans) - most, 'more orphan')}: --full shows all", "faint")
    yield BLANK


def _guard_lines(guard: GuardResult, paper: Paper) -> Iterator[Line]:
    style: Style = "bad" if guard.blocks else "changed"
    yield Line(f"Guard: {'too much at once, nothing is applied' if guard.blocks else 'waived'}", style)
    for violation in guard.violations:
        yield from _prose(f"! {violation}", paper, style, "  ")
    if guard.blocks:
        yield from _prose(ALLOW_MASS_CHANGE, paper, style, _INDENT)
    yield BLANK


def _prose(text: str, paper: Paper, style: Style, indent: str = "") -> Iterator[Line]:
    """A sentence, on further lines where it is too long for one; a single word may still be."""
    escaped = for_terminal(text)
    if paper.is_endless or len(indent) + len(escaped) <= paper.width:
        yield Line(f"{indent}{escaped}", style)
        return
    wrapped = wrap(
        escaped,
        paper.width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    yield from (Line(line, style) for line in wrapped)


def _whole_changes(document: PlanDocument, paper: Paper) -> Iterator[Line]:
    for view in _conflicts_last(document):
        yield from _change_lines(view, paper)
        yield BLANK


def _named_changes(document: PlanDocument, paper: Paper) -> Iterator[Line]:
    """Many changes, one below the other; of those that create, the names."""
    for view in _conflicts_last(document):
        if view.action == "create":
            yield from _head_lines(view, paper)
            yield from _note_lines(view, paper)
        else:
            yield from _change_lines(view, paper)
    yield BLANK


def _conflicts_last(document: PlanDocument) -> Iterator[ChangeView]:
    takers = takers_of(document)
    conflicts = (change for change in document.changes if change.action == "conflict")
    others = (change for change in document.changes if change.action != "conflict")
    ordered = chain(others, conflicts if document.counts["conflict"] else ())
    return (change_view(change, takers) for change in ordered)


def _change_lines(view: ChangeView, paper: Paper) -> Iterator[Line]:
    """A change with its fields."""
    yield from _head_lines(view, paper)
    if bringer := for_terminal(brought_by(view)):
        room = max(paper.width - len(_INDENT), len(bringer) * paper.is_endless)
        yield Line(f"{_INDENT}{shortened(bringer, room)}", "faint")
    yield from (Line(_INDENT + text) for text in _field_texts(view.fields, paper))
    yield from _note_lines(view, paper)


def _head_lines(view: ChangeView, paper: Paper) -> Iterator[Line]:
    """What a change does to which version, and where its manifest stands."""
    sign, style = _SIGNS[view.action]
    head = f"  {sign} {view.action:<9} {for_terminal(view.label)}"
    place = for_terminal(view.place)
    gap = min(paper.width, _WIDEST_HEAD) - len(head) - len(place)
    yield Line(f"{head}{' ' * gap}{place}" if gap > 1 else head, style)
    if gap <= 1:
        room = max(paper.width - len(_INDENT), len(place) * paper.is_endless)
        yield Line(f"{_INDENT}{end_of(place, room)}", "faint")


def _note_lines(view: ChangeView, paper: Paper) -> Iterator[Line]:
    for text in (view.note, view.hint):
        if text:
            yield from _prose(text, paper, _SIGNS[view.action][1], _INDENT)


def _field_texts(fields: Sequence[FieldView], paper: Paper) -> Iterator[str]:
    """Fields, one a line; a name too long for its column stands alone, the values below it."""
    names = [for_terminal(field.path) for field in fields]
    column = max((len(name) for name in names if len(name) <= _WIDEST_NAME), default=0)
    room = max(paper.width - len(_INDENT) - column - 2, _SHORTEST_VALUE)
    values = [_values(field, room, paper) for field in fields]
    of_before = max((len(before) for before, _ in values if len(before) <= _WIDEST_BEFORE), default=0)
    for name, field, (before, after) in zip(names, fields, values, strict=True):
        if len(name) > column:
            yield name
        start = f"{name if len(name) <= column else '':<{column}}  "
        if field.before is None:
            yield start + after
            continue
        width = of_before if of_before + len(after) <= room - len(paper.arrow) - 2 else 0
        yield f"{start}{before:<{width}} {paper.arrow} {after}"


def _values(field: FieldView, room: int, paper: Paper) -> tuple[str, str]:
    """Both sides of a field, as much of them as there is room for."""
    before, after = for_terminal(field.before or ""), for_terminal(field.after)
    if paper.is_endless:
        return before, after
    if field.before is None:
        return "", shortened(after, room)
    room -= len(paper.arrow) + 2
    return around_difference(before, after, room) if len(before) + len(after) > room else (before, after)
