"""Plans and outcomes for a terminal: lines of styled text, complete without colour."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from textwrap import wrap
from typing import Literal

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.escape import for_terminal
from reconciler.phrases import format_count
from reconciler.planning.document import GuardResult, PlanDocument
from reconciler.report.effort import describe_retries, describe_slowest
from reconciler.report.shorten import shorten_around_difference, shorten_end, shorten_start
from reconciler.report.view import (
    ALLOW_MASS_CHANGE,
    ChangeView,
    FieldView,
    describe_comparison,
    describe_left_alone,
    describe_origin,
    describe_pruning,
    describe_removal,
    describe_results,
    explain_kept_orphan,
    explain_unknown_orphans,
    format_label,
    format_summary,
    index_promotions,
    view_change,
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
_USUAL_COLUMNS = 80
_MIN_VALUE_CHARACTERS = 20
_MAX_NAME_CHARACTERS = 24
_MAX_BEFORE_CHARACTERS = 24
_MAX_HEAD_COLUMNS = 120
"""However wide the terminal is: a place farther to the right is not seen to belong to its change."""
_MAX_ORPHANS = 20
_MAX_WHOLE_CHANGES = 100
"""Of plans with more changes, the fields of creations are left out."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line, ready to print."""

    text: str
    style: Style = "plain"


BLANK = Line("")


@dataclass(frozen=True, slots=True)
class TextLayout:
    """How text is laid out.

    Args:
        width: columns.
        arrow: what stands between an old and a new value.
        shows_all: whether every change is shown, and long values uncut.
    """

    width: int = _USUAL_COLUMNS
    arrow: str = "->"
    shows_all: bool = False


def render_plan_lines(document: PlanDocument, layout: TextLayout) -> Iterator[Line]:
    """A plan: what is compared, the changes, promotions, orphans, guard; counts and digest last.

    Conflicts come after the other changes, because a terminal shows the end.
    """
    yield from _wrap_sentence(describe_comparison(document), layout, "strong")
    yield BLANK
    is_long = len(document.changes) > _MAX_WHOLE_CHANGES and not layout.shows_all
    yield from _render_named_changes(document, layout) if is_long else _render_whole_changes(document, layout)
    if document.promotions:
        yield Line("Promotions", "strong")
        for promotion in document.promotions:
            yield Line(f"  > {for_terminal(str(promotion)).replace('->', layout.arrow)}")
        yield BLANK
    yield from _render_orphans(document, layout)
    if document.guard.violations:
        yield from _render_guard(document.guard, layout)
    if not document.changes:
        yield Line("Nothing to do: everything declared is registered as declared.", "good")
    if defaults := ", ".join(document.source.defaults):
        yield from _wrap_sentence(f"Defaults, from reconciler.toml: {defaults}", layout, "faint")
    if others := describe_left_alone(document):
        yield from _wrap_sentence(f"Left alone: {others}", layout, "faint")
    if is_long and document.counts["create"]:
        yield Line("Of what is to be created, only names are shown: --full shows all of it.", "faint")
    yield Line(f"Plan: {format_summary(document)}", "strong" if document.changes else "plain")
    if document.changes:
        yield Line(f"Digest: {document.digest}", "faint")


def render_apply_lines(document: ApplyDocument, layout: TextLayout) -> Iterator[Line]:
    """An apply: the plan, the outcome of each change, their counts, and what took longest."""
    yield from render_plan_lines(document.plan, layout)
    yield BLANK
    for outcome in document.outcomes:
        yield from render_outcome_lines(outcome)
    yield render_apply_counts(document.outcomes)
    if slowest := list(describe_slowest(document.outcomes)):
        yield Line("Slowest", "strong")
        yield from (Line(for_terminal(text)) for text in slowest)
    if document.exit_code is None:
        missing = document.planned - len(document.outcomes)
        yield Line(f"The run was killed: of {missing} of {document.planned} changes nothing is known", "bad")


def render_outcome_lines(outcome: OutcomeDocument) -> Iterator[Line]:
    """One outcome: its identity, and below it the message, the hint, and how often it had to be tried."""
    sign, style = _SIGNS[outcome.result]
    change = outcome.change
    head = f"  {sign} {outcome.result:<9} {for_terminal(format_label(change))}"
    numbered = outcome.version is not None and change.version is None
    became = for_terminal(f"is {change.artifact}:{outcome.version}") if numbered else ""
    is_short = len(head) + len(became) < _USUAL_COLUMNS
    yield Line(f"{head} {became}" if became and is_short else head, style)
    if became and not is_short:
        yield Line(f"{_INDENT}{became}", style)
    if outcome.message:
        yield Line(f"{_INDENT}{for_terminal(outcome.message)}")
    for text in filter(None, (outcome.hint, describe_retries(outcome))):
        yield Line(f"{_INDENT}{for_terminal(text)}", "faint")


def render_apply_counts(outcomes: Collection[OutcomeDocument]) -> Line:
    """The counts of an apply, in one line."""
    is_bad = any(outcome.result in {Result.FAILED, Result.UNKNOWN} for outcome in outcomes)
    return Line(f"Apply: {describe_results(outcomes) or 'nothing to do'}", "bad" if is_bad else "strong")


def _render_orphans(document: PlanDocument, layout: TextLayout) -> Iterator[Line]:
    """The orphans, or why they are not known."""
    orphans = document.orphans.found
    if why := explain_unknown_orphans(document):
        yield from _wrap_sentence(f"Orphans: {why}", layout, "faint")
        yield BLANK
    if not orphans:
        return
    heading = ("Orphans: registered and no longer declared", describe_pruning(document))
    yield from _wrap_sentence("; ".join(filter(None, heading)), layout, "strong")
    most = len(orphans) if layout.shows_all else _MAX_ORPHANS
    for orphan in orphans[:most]:
        yield Line(f"  ? {for_terminal(orphan.label)}", "changed")
        for text in (describe_removal(orphan), *explain_kept_orphan(orphan)):
            yield from _wrap_sentence(text, layout, "faint", _INDENT)
    if len(orphans) > most:
        yield Line(f"  and {format_count(len(orphans) - most, 'more orphan')}: --full shows all", "faint")
    yield BLANK


def _render_guard(guard: GuardResult, layout: TextLayout) -> Iterator[Line]:
    style: Style = "bad" if guard.blocks else "changed"
    yield Line(f"Guard: {'too much at once, nothing is applied' if guard.blocks else 'waived'}", style)
    for violation in guard.violations:
        yield from _wrap_sentence(f"! {violation}", layout, style, "  ")
    if guard.blocks:
        yield from _wrap_sentence(ALLOW_MASS_CHANGE, layout, style, _INDENT)
    yield BLANK


def _wrap_sentence(text: str, layout: TextLayout, style: Style, indent: str = "") -> Iterator[Line]:
    """A sentence, wrapped at the layout's width; single words are never broken."""
    escaped = for_terminal(text)
    if layout.shows_all or len(indent) + len(escaped) <= layout.width:
        yield Line(f"{indent}{escaped}", style)
        return
    wrapped = wrap(
        escaped,
        layout.width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    yield from (Line(line, style) for line in wrapped)


def _render_whole_changes(document: PlanDocument, layout: TextLayout) -> Iterator[Line]:
    for view in _view_conflicts_last(document):
        yield from _render_change(view, layout)
        yield BLANK


def _render_named_changes(document: PlanDocument, layout: TextLayout) -> Iterator[Line]:
    """Changes without blank lines between them, creations without their fields."""
    for view in _view_conflicts_last(document):
        if view.action == "create":
            yield from _render_head(view, layout)
            yield from _render_notes(view, layout)
        else:
            yield from _render_change(view, layout)
    yield BLANK


def _view_conflicts_last(document: PlanDocument) -> Iterator[ChangeView]:
    promotions = index_promotions(document)
    conflicts = (change for change in document.changes if change.action == "conflict")
    others = (change for change in document.changes if change.action != "conflict")
    ordered = chain(others, conflicts if document.counts["conflict"] else ())
    return (view_change(change, promotions) for change in ordered)


def _render_change(view: ChangeView, layout: TextLayout) -> Iterator[Line]:
    """A change with its fields."""
    yield from _render_head(view, layout)
    if bringer := for_terminal(describe_origin(view)):
        room = max(layout.width - len(_INDENT), len(bringer) * layout.shows_all)
        yield Line(f"{_INDENT}{shorten_end(bringer, room)}", "faint")
    yield from (Line(_INDENT + text) for text in _format_fields(view.fields, layout))
    yield from _render_notes(view, layout)


def _render_head(view: ChangeView, layout: TextLayout) -> Iterator[Line]:
    """The action and the identity, with the place of the manifest at the right or on a line of its own."""
    sign, style = _SIGNS[view.action]
    head = f"  {sign} {view.action:<9} {for_terminal(view.label)}"
    place = for_terminal(view.place)
    gap = min(layout.width, _MAX_HEAD_COLUMNS) - len(head) - len(place)
    yield Line(f"{head}{' ' * gap}{place}" if gap > 1 else head, style)
    if gap <= 1:
        room = max(layout.width - len(_INDENT), len(place) * layout.shows_all)
        yield Line(f"{_INDENT}{shorten_start(place, room)}", "faint")


def _render_notes(view: ChangeView, layout: TextLayout) -> Iterator[Line]:
    for text in (view.note, view.hint):
        if text:
            yield from _wrap_sentence(text, layout, _SIGNS[view.action][1], _INDENT)


def _format_fields(fields: Sequence[FieldView], layout: TextLayout) -> Iterator[str]:
    """Fields, one per line; after a name that is too long for its column the values follow below."""
    names = [for_terminal(field.path) for field in fields]
    column = max((len(name) for name in names if len(name) <= _MAX_NAME_CHARACTERS), default=0)
    room = max(layout.width - len(_INDENT) - column - 2, _MIN_VALUE_CHARACTERS)
    values = [_shorten_values(field, room, layout) for field in fields]
    of_before = max((len(before) for before, _ in values if len(before) <= _MAX_BEFORE_CHARACTERS), default=0)
    for name, field, (before, after) in zip(names, fields, values, strict=True):
        if len(name) > column:
            yield name
        start = f"{name if len(name) <= column else '':<{column}}  "
        if field.before is None:
            yield start + after
            continue
        width = of_before if of_before + len(after) <= room - len(layout.arrow) - 2 else 0
        yield f"{start}{before:<{width}} {layout.arrow} {after}"


def _shorten_values(field: FieldView, room: int, layout: TextLayout) -> tuple[str, str]:
    """Both sides of a field in `room` characters together."""
    before, after = for_terminal(field.before or ""), for_terminal(field.after)
    if layout.shows_all:
        return before, after
    if field.before is None:
        return "", shorten_end(after, room)
    room -= len(layout.arrow) + 2
    return (
        shorten_around_difference(before, after, room) if len(before) + len(after) > room else (before, after)
    )
