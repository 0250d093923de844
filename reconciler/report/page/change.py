"""One change on a page, as the template `change.html.j2` shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.applying.document import OutcomeDocument
from reconciler.diff import make_json_patch
from reconciler.escape import as_json_line, for_terminal
from reconciler.phrases import format_count
from reconciler.planning.document import ChangeDocument
from reconciler.report.effort import describe_requests, format_duration
from reconciler.report.page.sentence import MAX_TEXT_CHARACTERS, Inline, Sentence, make_code, make_commit
from reconciler.report.page.words import Piece, Pieces, compare_words
from reconciler.report.shorten import shorten_end
from reconciler.report.view import NOTHING, ChangeView, FieldView
from reconciler.report.web import WebPages

_MAX_PATCH_CHARACTERS = 20_000
_MAX_LEFT_ALONE = 8
_DATE_CHARACTERS = len("2026-01-31")
_COMMIT_CHARACTERS = 10
_COLUMNS = {"create": ("Value",), "conflict": ("Registered", "Declared")}


@dataclass(frozen=True, slots=True)
class Entry:
    """A change, its number on the page, and its outcome if it was applied."""

    number: int
    change: ChangeDocument
    outcome: OutcomeDocument | None = None

    @property
    def kind(self) -> str:
        """The result of the outcome, else the action: changes are counted and filtered by it."""
        return self.outcome.result if self.outcome else self.change.action


class Cell(NamedTuple):
    """One side of a field: its class in the style sheet, and its text in pieces."""

    side: str
    pieces: Pieces


class ChangeItem(NamedTuple):
    """What the template shows of a change.

    Args:
        kind: what it is counted and filtered by.
        number: its number on the page.
        name: its identity, and that of the version that was created.
        action: what was to be done and how long it took; empty if the change was not applied.
        place: where the manifest is.
        facts: commit, author and address, if they are known.
        notes: pairs of a class and a text.
        columns: the titles of the columns of fields.
        rows: the path and the cells of each field.
        left_alone: what the change does not touch; empty if there is nothing.
        patch: the operations of the JSON patch; `None` if there is no patch to apply.
        patch_title: how many operations there are.
        patch_note: shown instead of operations that are too long.
        is_open: whether more than its name is visible without a click.
    """

    kind: str
    number: int
    name: str
    action: str
    place: str
    facts: Sequence[Sentence]
    notes: Sequence[tuple[str, str]]
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    left_alone: Sequence[str | Inline]
    patch: Sequence[str] | None
    patch_title: str
    patch_note: str
    is_open: bool


def make_change_item(entry: Entry, view: ChangeView, web: WebPages | None, *, is_open: bool) -> ChangeItem:
    """One change.

    Args:
        entry: the change.
        view: its texts, of bounded length.
        web: the web pages of its repository.
        is_open: whether more than its name is visible without a click.
    """
    change, outcome = entry.change, entry.outcome
    name, action = view.label, ""
    if outcome:
        took = f" in {format_duration(outcome.seconds)}" if outcome.seconds is not None else ""
        action = f"{change.action}{took}, "
        if outcome.version is not None and change.version is None:
            name += f" is {change.artifact}:{outcome.version}"
    patch = None
    if change.action != "conflict":
        patch = [as_json_line(operation) for operation in make_json_patch(change.before, change.after)]
    length = sum(map(len, patch or ()))
    is_too_long = length > _MAX_PATCH_CHARACTERS
    return ChangeItem(
        entry.kind,
        entry.number,
        name,
        action,
        view.place,
        list(_list_facts(change, web)),
        list(_list_notes(view, outcome)),
        ("Field", *_COLUMNS.get(view.action, ("Before", "After"))),
        [(field.path, _make_cells(field)) for field in view.fields],
        list(_list_left_alone(change)),
        patch,
        format_count(len(patch or ()), "operation"),
        f"{length} characters, which are too many for a page: they stand in the plan as JSON" * is_too_long,
        is_open,
    )


def _list_facts(change: ChangeDocument, web: WebPages | None) -> Iterator[Sentence]:
    place = change.place
    if web and place and (address := web.link_line(place.file, place.line)):
        yield [Inline("manifest", address, is_code=False)]
    if change.commit is not None:
        done = "removed" if change.action == "delete" else "last changed"
        by = (" by ", make_code(change.author)) if change.author else ()
        on = (f" on {change.date[:_DATE_CHARACTERS]}",) if change.date else ()
        yield [f"{done} in ", make_commit(change.commit, web, _COMMIT_CHARACTERS), *by, *on]
    if change.fqn is not None:
        yield [make_code(change.fqn)]


def _list_notes(view: ChangeView, outcome: OutcomeDocument | None) -> Iterator[tuple[str, str]]:
    notes = [("note", view.note), ("hint", view.hint)]
    if outcome:
        # The outcome of a conflict repeats what the plan says of it.
        notes += [("note", outcome.message), ("hint", outcome.hint), ("hint", describe_requests(outcome))]
    return ((kind, shorten_end(text, MAX_TEXT_CHARACTERS)) for kind, text in dict.fromkeys(notes) if text)


def _make_cells(field: FieldView) -> Sequence[Cell]:
    if field.before is None:
        return (_make_cell("value", field.after, (Piece(field.after, is_changed=False),)),)
    # Escaped first, so that no mark comes between the characters of an escape.
    before, after = compare_words(for_terminal(field.before), for_terminal(field.after))
    return _make_cell("before", field.before, before), _make_cell("after", field.after, after)


def _make_cell(side: str, value: str, pieces: Pieces) -> Cell:
    return Cell("none", (Piece(NOTHING, is_changed=False),)) if value == NOTHING else Cell(side, pieces)


def _list_left_alone(change: ChangeDocument) -> Iterator[str | Inline]:
    shown = change.left_alone[:_MAX_LEFT_ALONE]
    for number, left in enumerate(shown):
        yield ", " if number else "Left alone: "
        yield from (make_code(left.path), f" ({left.reason})")
    if len(change.left_alone) > len(shown):
        yield f", and {len(change.left_alone) - len(shown):,} more"
