"""One change on a page: what, where, why, its fields with the words that differ, and its patch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.applying.document import OutcomeDocument
from reconciler.diff import make_json_patch
from reconciler.escape import as_json_line, for_html, for_terminal
from reconciler.planning.document import ChangeDocument
from reconciler.report.count import counted
from reconciler.report.page.head import LONGEST_TEXT, code, link
from reconciler.report.page.timeline import duration
from reconciler.report.page.words import Pieces, word_differences
from reconciler.report.shorten import shortened
from reconciler.report.view import NOTHING, ChangeView, FieldView
from reconciler.report.web import Web

_LONGEST_PATCH = 20_000
_MOST_LEFT_ALONE = 8
_DAY = len("2026-01-31")
_SHORT_COMMIT = 10


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


def change_article(entry: Entry, view: ChangeView, web: Web | None, *, is_open: bool) -> Iterator[str]:
    """One change.

    Args:
        entry: the change.
        view: what there is to show of it, with texts of bounded length.
        web: where its repository can be read.
        is_open: whether more than its name is shown at first.
    """
    change = entry.change
    yield f'<article class="{entry.kind}" id="c{entry.number}"><details{" open" * is_open}><summary>'
    yield f"<h3><b>{entry.kind}</b> <code>{for_html(_name(entry, view))}</code></h3>"
    yield f'<span class="at">{_at(entry, view)}</span></summary>'
    if facts := list(_facts(change, web)):
        yield f'<p class="meta">{" ".join(f"<span>{fact}</span>" for fact in facts)}</p>'
    yield from _notes(entry, view)
    if view.fields:
        yield from _table(view)
    if change.left_alone:
        yield f'<p class="quiet">{_left_alone(change)}</p>'
    if change.action != "conflict":
        yield from _patch(change)
    yield "</details></article>"


def _name(entry: Entry, view: ChangeView) -> str:
    change, outcome = entry.change, entry.outcome
    if outcome is None or outcome.version is None or change.version is not None:
        return view.label
    return f"{view.label} is {change.artifact}:{outcome.version}"


def _at(entry: Entry, view: ChangeView) -> str:
    """Where the manifest stands; of an apply, also what was to be done and how long it took."""
    place = f"<code>{for_html(view.place)}</code>"
    outcome = entry.outcome
    if outcome is None:
        return place
    took = f" in {duration(outcome.seconds)}" if outcome.seconds is not None else ""
    return f"{entry.change.action}{took}, {place}"


def _facts(change: ChangeDocument, web: Web | None) -> Iterator[str]:
    """Who is behind a change, as pieces of HTML."""
    place = change.place
    if web and place and (address := web.of_line(place.file, place.line)):
        yield link(address, "manifest")
    if change.commit is not None:
        name = code(change.commit[:_SHORT_COMMIT])
        address = web.of_commit(change.commit) if web else None
        by = f" by {code(change.author)}" if change.author else ""
        done = "removed" if change.action == "delete" else "last changed"
        yield f"{done} in {link(address, name) if address else name}{by}{_on(change)}"
    if change.fqn is not None:
        yield code(change.fqn)


def _on(change: ChangeDocument) -> str:
    return f" on {for_html(change.date[:_DAY])}" if change.date else ""


def _notes(entry: Entry, view: ChangeView) -> Iterator[str]:
    told = [("note", view.note), ("hint", view.hint)]
    if entry.outcome:
        # What a conflict is skipped for is what the plan says of it.
        told += [("note", entry.outcome.message), ("hint", entry.outcome.hint)]
    for kind, text in dict.fromkeys(told):
        if text:
            yield f'<p class="{kind}">{for_html(shortened(text, LONGEST_TEXT))}</p>'


def _table(view: ChangeView) -> Iterator[str]:
    sides = {"create": ("Value",), "conflict": ("Registered", "Declared")}.get(
        view.action, ("Before", "After")
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Field", *sides))
    yield f"<table><thead><tr>{heads}</tr></thead><tbody>"
    for field in view.fields:
        yield f'<tr><th scope="row">{for_html(field.path)}</th>{_cells(field)}</tr>'
    yield "</tbody></table>"


def _cells(field: FieldView) -> str:
    if field.before is None:
        return _cell("value", for_html(field.after), field.after)
    # What is escaped for a browser to show is told apart first, as no mark may come between its parts.
    before, after = word_differences(for_terminal(field.before), for_terminal(field.after))
    return _cell("before", _marked(before, "del"), field.before) + _cell(
        "after", _marked(after, "ins"), field.after
    )


def _cell(side: str, content: str, value: str) -> str:
    if value == NOTHING:
        return f'<td class="none">{NOTHING}</td>'
    return f'<td class="{side}">{content}</td>'


def _marked(pieces: Pieces, tag: str) -> str:
    return "".join(
        f"<{tag}>{for_html(piece.text)}</{tag}>" if piece.is_changed else for_html(piece.text)
        for piece in pieces
    )


def _left_alone(change: ChangeDocument) -> str:
    shown = change.left_alone[:_MOST_LEFT_ALONE]
    texts = [f"{code(left.path)} ({left.reason})" for left in shown]
    if len(change.left_alone) > len(shown):
        texts.append(f"and {len(change.left_alone) - len(shown):,} more")
    return f"Left alone: {', '.join(texts)}"


def _patch(change: ChangeDocument) -> Iterator[str]:
    operations = [as_json_line(operation) for operation in make_json_patch(change.before, change.after)]
    if (length := sum(map(len, operations))) > _LONGEST_PATCH:
        text = f"{length} characters, which are too many for a page: they stand in the plan as JSON"
    else:
        text = ",\n ".join(map(for_html, operations)).join("[]")
    yield f'<details class="raw"><summary>JSON patch, {counted(len(operations), "operation")}</summary>'
    yield f"<pre>{text}</pre></details>"
