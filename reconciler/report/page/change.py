"""One change on a page: what, where, why, its fields with the words that differ, and its patch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.applying.document import OutcomeDocument
from reconciler.diff import make_json_patch
from reconciler.escape import as_json_line, for_html, for_terminal
from reconciler.planning.document import ChangeDocument
from reconciler.report.count import format_count
from reconciler.report.page.head import MAX_TEXT_CHARACTERS, render_code, render_link
from reconciler.report.page.timeline import format_duration
from reconciler.report.page.words import Pieces, compare_words
from reconciler.report.shorten import shorten_end
from reconciler.report.view import NOTHING, ChangeView, FieldView
from reconciler.report.web import WebPages

_MAX_PATCH_CHARACTERS = 20_000
_MAX_LEFT_ALONE = 8
_DATE_CHARACTERS = len("2026-01-31")
_COMMIT_CHARACTERS = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """A change, its number on the page, and what became of it where it was applied."""

    number: int
    change: ChangeDocument
    outcome: OutcomeDocument | None = None

    @property
    def kind(self) -> str:
        """What the page counts and picks it by: what became of it, else what is to be done."""
        return self.outcome.result if self.outcome else self.change.action


def render_change(entry: Entry, view: ChangeView, web: WebPages | None, *, is_open: bool) -> Iterator[str]:
    """One change.

    Args:
        entry: the change.
        view: what there is to show of it, with texts of bounded length.
        web: where its repository can be read.
        is_open: whether more than its name is shown at first.
    """
    change = entry.change
    yield f'<article class="{entry.kind}" id="c{entry.number}"><details{" open" * is_open}><summary>'
    yield f"<h3><b>{entry.kind}</b> <code>{for_html(_format_name(entry, view))}</code></h3>"
    yield f'<span class="at">{_render_place(entry, view)}</span></summary>'
    if facts := list(_list_facts(change, web)):
        yield f'<p class="meta">{" ".join(f"<span>{fact}</span>" for fact in facts)}</p>'
    yield from _render_notes(entry, view)
    if view.fields:
        yield from _render_table(view)
    if change.left_alone:
        yield f'<p class="quiet">{_render_left_alone(change)}</p>'
    if change.action != "conflict":
        yield from _render_patch(change)
    yield "</details></article>"


def _format_name(entry: Entry, view: ChangeView) -> str:
    change, outcome = entry.change, entry.outcome
    if outcome is None or outcome.version is None or change.version is not None:
        return view.label
    return f"{view.label} is {change.artifact}:{outcome.version}"


def _render_place(entry: Entry, view: ChangeView) -> str:
    """Where the manifest stands; of an apply, also what was to be done and how long it took."""
    place = f"<code>{for_html(view.place)}</code>"
    outcome = entry.outcome
    if outcome is None:
        return place
    took = f" in {format_duration(outcome.seconds)}" if outcome.seconds is not None else ""
    return f"{entry.change.action}{took}, {place}"


def _list_facts(change: ChangeDocument, web: WebPages | None) -> Iterator[str]:
    """Who is behind a change, as pieces of HTML."""
    place = change.place
    if web and place and (address := web.link_line(place.file, place.line)):
        yield render_link(address, "manifest")
    if change.commit is not None:
        name = render_code(change.commit[:_COMMIT_CHARACTERS])
        address = web.link_commit(change.commit) if web else None
        by = f" by {render_code(change.author)}" if change.author else ""
        done = "removed" if change.action == "delete" else "last changed"
        yield f"{done} in {render_link(address, name) if address else name}{by}{_format_date(change)}"
    if change.fqn is not None:
        yield render_code(change.fqn)


def _format_date(change: ChangeDocument) -> str:
    return f" on {for_html(change.date[:_DATE_CHARACTERS])}" if change.date else ""


def _render_notes(entry: Entry, view: ChangeView) -> Iterator[str]:
    told = [("note", view.note), ("hint", view.hint)]
    if entry.outcome:
        # What a conflict is skipped for is what the plan says of it.
        told += [("note", entry.outcome.message), ("hint", entry.outcome.hint)]
    for kind, text in dict.fromkeys(told):
        if text:
            yield f'<p class="{kind}">{for_html(shorten_end(text, MAX_TEXT_CHARACTERS))}</p>'


def _render_table(view: ChangeView) -> Iterator[str]:
    sides = {"create": ("Value",), "conflict": ("Registered", "Declared")}.get(
        view.action, ("Before", "After")
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Field", *sides))
    yield f"<table><thead><tr>{heads}</tr></thead><tbody>"
    for field in view.fields:
        yield f'<tr><th scope="row">{for_html(field.path)}</th>{_render_cells(field)}</tr>'
    yield "</tbody></table>"


def _render_cells(field: FieldView) -> str:
    if field.before is None:
        return _render_cell("value", for_html(field.after), field.after)
    # What is escaped for a browser to show is told apart first, as no mark may come between its parts.
    before, after = compare_words(for_terminal(field.before), for_terminal(field.after))
    return _render_cell("before", _render_pieces(before, "del"), field.before) + _render_cell(
        "after", _render_pieces(after, "ins"), field.after
    )


def _render_cell(side: str, content: str, value: str) -> str:
    if value == NOTHING:
        return f'<td class="none">{NOTHING}</td>'
    return f'<td class="{side}">{content}</td>'


def _render_pieces(pieces: Pieces, tag: str) -> str:
    return "".join(
        f"<{tag}>{for_html(piece.text)}</{tag}>" if piece.is_changed else for_html(piece.text)
        for piece in pieces
    )


def _render_left_alone(change: ChangeDocument) -> str:
    shown = change.left_alone[:_MAX_LEFT_ALONE]
    texts = [f"{render_code(left.path)} ({left.reason})" for left in shown]
    if len(change.left_alone) > len(shown):
        texts.append(f"and {len(change.left_alone) - len(shown):,} more")
    return f"Left alone: {', '.join(texts)}"


def _render_patch(change: ChangeDocument) -> Iterator[str]:
    operations = [as_json_line(operation) for operation in make_json_patch(change.before, change.after)]
    if (length := sum(map(len, operations))) > _MAX_PATCH_CHARACTERS:
        text = f"{length} characters, which are too many for a page: they stand in the plan as JSON"
    else:
        text = ",\n ".join(map(for_html, operations)).join("[]")
    yield f'<details class="raw"><summary>JSON patch, {format_count(len(operations), "operation")}</summary>'
    yield f"<pre>{text}</pre></details>"
