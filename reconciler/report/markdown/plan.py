"""A plan as Markdown: a comment on a pull request, or the summary of a CI job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from reconciler.planning.document import ChangeDocument, PlanDocument
from reconciler.report.markdown import budget
from reconciler.report.markdown.change import Manner, change_forms, code
from reconciler.report.markdown.fitting import Fitted, Form, Kind, Section, fit, size
from reconciler.report.markdown.marker import marker
from reconciler.report.shorten import shortened
from reconciler.report.view import (
    brief,
    change_view,
    headline,
    left_alone,
    orphan_text,
    pruned_by,
    summary,
    takers_of,
    unknown_orphans,
)
from reconciler.report.web import web_of

_OPEN = 10
"""Changes that are shown as a whole without a click."""
_LONGEST_COUNTS = 200
_LONGEST_DIGEST = 64
_FOR_A_NOTE = 300
"""Bytes of the note that says what is left out."""
_URGENT = frozenset({"conflict", "delete"})
"""Actions that have a section of their own, whoever brings them."""
_TITLES = {
    "conflict": "Conflicts",
    "delete": "Deletes",
    "": "Changes",
    "branch": "Brought by this branch",
    "pending": "Pending since before this branch",
    "drift": "Drift: changed elsewhere",
    "unknown": "Not known whose: this clone lacks the history that tells",
}
"""Of the sections, in their order, by action or origin."""
_PHRASES = {
    "create": "to create", "update": "to update", "delete": "to delete", "conflict": "in conflict",
}  # fmt: skip


def plan_markdown(document: PlanDocument, most_bytes: int = budget.FOR_A_COMMENT) -> Iterator[str]:
    """A plan in at most so many bytes of UTF-8: what is in the way of it first, promotions last.

    The first line is a marker for programs (`report.marker`).

    Changes are shown as a whole, folded where there are many. Where that does not fit, their first fields
    are shown, then a line for each, then only how many there are in each ML repo: the less important ones
    give way first, no block is cut in the middle, and a note says what is left out.

    Args:
        document: the plan; its changes are walked over twice.
        most_bytes: with a line end after each line.

    Raises:
        ValueError: `most_bytes` is less than `budget.LEAST`.
    """
    if most_bytes < budget.LEAST:
        raise ValueError(f"a plan takes {budget.LEAST} bytes at least")
    tail = "".join(f"{line}\n\n" for line in _tail(document)).removesuffix("\n")
    room = most_bytes - size(_head(document, is_complete=False)) - _FOR_A_NOTE - size(tail)
    changes = _changes(document, room)
    sections = [
        guard_section(document, room),
        *changes,
        _promotions(document, room),
        _orphans(document, room),
        _warnings(document, room),
    ]
    fitted = fit([section for section in sections if len(section)], room)
    is_complete = all(section.is_whole for section in fitted)
    body = "".join(section.text for section in fitted)
    note = "" if is_complete else _note(fitted)
    text = f"{_head(document, is_complete=is_complete)}{note}{body}{tail}"
    yield from text.removesuffix("\n").split("\n")


def _head(document: PlanDocument, *, is_complete: bool) -> str:
    head = (
        f"{marker(document, 'plan', is_complete=is_complete)}\n\n"
        f"## Plan: {shortened(summary(document), _LONGEST_COUNTS)}\n\n"
        f"{code(headline(document))}\n\n"
    )
    if not document.changes:
        head += "Nothing to do: everything declared is registered as declared.\n\n"
    return head


def _note(fitted: Sequence[Fitted]) -> str:
    """What is left out, and where to see it; in fewer bytes than `_FOR_A_NOTE`."""
    form = max(section.form for section in fitted if not section.is_whole)
    unlisted = sum(section.unlisted for section in fitted)
    how = {
        Form.BRIEF: "some changes are shown with their first fields only",
        Form.LINE: "some changes have one line each",
        Form.COUNTED: f"{unlisted:,} entries are only counted",
    }[form]
    return (
        f"> [!NOTE]\n> Not all of this plan fits here: {how}.\n"
        "> See all of it with `reconciler plan`, or as a page with `reconciler plan --format html`.\n\n"
    )


def _tail(document: PlanDocument) -> Iterator[str]:
    if document.source.defaults:
        yield f"Defaults, from `reconciler.toml`: {', '.join(map(code, document.source.defaults))}."
    if others := left_alone(document):
        yield f"Left alone: {others}."
    if why := unknown_orphans(document):
        yield f"Orphans: {code(why)}"
    yield f"Digest {code(document.digest, _LONGEST_DIGEST)}"


def _changes(document: PlanDocument, room: int) -> list[Section]:
    """The sections of changes, filled with what may be shown."""
    totals: dict[str, Counter[Kind]] = {key: Counter() for key in _TITLES}
    for change in document.changes:
        totals[_key(change)][_kind(change)] += 1
    web = web_of(document.source)
    sections: dict[str, Section] = {}
    manners: dict[str, Manner] = {}
    for key, title in _TITLES.items():
        number = totals[key].total()
        is_open = (number if key in _URGENT else len(document.changes)) <= _OPEN
        forms = (Form.WHOLE, Form.BRIEF, Form.LINE)
        sections[key] = Section(f"### {title} ({number:,})", totals[key], forms, room)
        manners[key] = Manner(is_open, key in _URGENT, web)
    takers = takers_of(document)
    for change in document.changes:
        key = _key(change)
        if not sections[key].is_full:
            view = brief(change_view(change, takers))
            sections[key].add(_kind(change), change_forms(view, manners[key]))
        elif all(section.is_full or not len(section) for section in sections.values()):
            break
    return list(sections.values())


def _key(change: ChangeDocument) -> str:
    """The section of a change."""
    return change.action if change.action in _URGENT else change.origin or ""


def _kind(change: ChangeDocument) -> Kind:
    return Kind(change.artifact.ml_repo, _PHRASES[change.action])


def guard_section(document: PlanDocument, room: int) -> Section:
    """What the guard says of a plan, all of it."""
    if document.guard.is_waived:
        title = (
            "### Guard: allowed\n\n> [!WARNING]\n> Too much at once, and allowed with `--allow-mass-change`."
        )
    else:
        title = (
            "### Guard: not to be applied\n\n> [!CAUTION]\n"
            "> Too much at once: `apply` refuses this unless it is given `--allow-mass-change`."
        )
    return _listed(title, document.guard.violations, room)


def _promotions(document: PlanDocument, room: int) -> Section:
    return _listed("### Promotions", tuple(map(str, document.promotions)), room)


def _orphans(document: PlanDocument, room: int) -> Section:
    how = pruned_by(document).replace("--prune", "`--prune`", 1)
    title = "### Orphans: registered and no longer declared" + (f"\n\n{how}." if how else "")
    return _listed(title, tuple(map(orphan_text, document.orphans.found)), room)


def _warnings(document: PlanDocument, room: int) -> Section:
    return _listed("### Warnings", tuple(map(str, document.diagnostics)), room)


def _listed(title: str, texts: Sequence[str], room: int) -> Section:
    """A section of things that have a line each."""
    section = Section(title, Counter({Kind(): len(texts)}), (Form.LINE,), room)
    for text in texts:
        section.add(Kind(), {Form.LINE: partial(_item, text)})
    return section


def _item(text: str) -> str:
    return f"- {code(text)}\n"
