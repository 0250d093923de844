"""A plan as Markdown: a comment on a pull request, or the summary of a CI job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from reconciler.planning.document import ChangeDocument, PlanDocument
from reconciler.report.markdown import budget
from reconciler.report.markdown.change import Look, format_code, make_change_forms
from reconciler.report.markdown.fitting import FittedSection, Form, Kind, Section, count_bytes, fit_sections
from reconciler.report.markdown.marker import make_marker
from reconciler.report.shorten import shorten_end
from reconciler.report.view import (
    describe_comparison,
    describe_left_alone,
    describe_orphan,
    describe_pruning,
    explain_unknown_orphans,
    format_summary,
    index_promotions,
    shorten_view,
    view_change,
)
from reconciler.report.web import find_web_pages

_MAX_OPEN_CHANGES = 10
"""Where there are more changes, they are folded."""
_MAX_COUNTS_CHARACTERS = 200
_MAX_DIGEST_CHARACTERS = 64
_NOTE_BYTES = 300
"""Room for the note that says what is left out."""
_URGENT = frozenset({"conflict", "delete"})
"""Actions with a section of their own, whatever their origin."""
_TITLES = {
    "conflict": "Conflicts",
    "delete": "Deletes",
    "": "Changes",
    "branch": "Brought by this branch",
    "pending": "Pending since before this branch",
    "drift": "Drift: changed elsewhere",
    "unknown": "Not known whose: this clone lacks the history that tells",
}
"""Titles of the sections by action or origin, in order."""
_PHRASES = {
    "create": "to create", "update": "to update", "delete": "to delete", "conflict": "in conflict",
}  # fmt: skip


def render_plan_markdown(document: PlanDocument, most_bytes: int = budget.MAX_COMMENT_BYTES) -> Iterator[str]:
    """A plan in at most so many bytes of UTF-8: guard and conflicts first, promotions and orphans last.

    The first line is a marker for programs (module `marker`).

    Changes are shown with all their fields, folded if there are many. Where that does not fit, a section
    shows the first fields only, then one line per change, then counts per ML repo. The less important
    sections are shortened first, no block is cut in the middle, and a note says what is left out.

    Args:
        document: the plan; its changes are iterated twice.
        most_bytes: line ends included.

    Raises:
        ValueError: `most_bytes` is less than `budget.MIN_BYTES`.
    """
    if most_bytes < budget.MIN_BYTES:
        raise ValueError(f"a plan takes {budget.MIN_BYTES} bytes at least")
    tail = "".join(f"{line}\n\n" for line in _list_last_lines(document)).removesuffix("\n")
    room = (
        most_bytes - count_bytes(_render_head(document, is_complete=False)) - _NOTE_BYTES - count_bytes(tail)
    )
    changes = _make_change_sections(document, room)
    sections = [
        make_guard_section(document, room),
        *changes,
        _make_list_section("### Promotions", document.promotions, room),
        _make_orphans_section(document, room),
        _make_list_section("### Warnings", document.diagnostics, room),
    ]
    fitted = fit_sections([section for section in sections if len(section)], room)
    is_complete = all(section.is_whole for section in fitted)
    body = "".join(section.text for section in fitted)
    note = "" if is_complete else _render_note(fitted)
    text = f"{_render_head(document, is_complete=is_complete)}{note}{body}{tail}"
    yield from text.removesuffix("\n").split("\n")


def _render_head(document: PlanDocument, *, is_complete: bool) -> str:
    head = (
        f"{make_marker(document, 'plan', is_complete=is_complete)}\n\n"
        f"## Plan: {shorten_end(format_summary(document), _MAX_COUNTS_CHARACTERS)}\n\n"
        f"{format_code(describe_comparison(document))}\n\n"
    )
    if not document.changes:
        head += "Nothing to do: everything declared is registered as declared.\n\n"
    return head


def _render_note(fitted: Sequence[FittedSection]) -> str:
    """The note about what is left out, and how to see it; at most `_NOTE_BYTES`."""
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


def _list_last_lines(document: PlanDocument) -> Iterator[str]:
    if document.source.defaults:
        yield f"Defaults, from `reconciler.toml`: {', '.join(map(format_code, document.source.defaults))}."
    if others := describe_left_alone(document):
        yield f"Left alone: {others}."
    if why := explain_unknown_orphans(document):
        yield f"Orphans: {format_code(why)}"
    yield f"Digest {format_code(document.digest, _MAX_DIGEST_CHARACTERS)}"


def _make_change_sections(document: PlanDocument, room: int) -> list[Section]:
    """The sections of changes, filled as far as there is room."""
    totals: dict[str, Counter[Kind]] = {key: Counter() for key in _TITLES}
    for change in document.changes:
        totals[_choose_section(change)][_make_kind(change)] += 1
    web = find_web_pages(document.source)
    sections: dict[str, Section] = {}
    looks: dict[str, Look] = {}
    for key, title in _TITLES.items():
        number = totals[key].total()
        is_open = (number if key in _URGENT else len(document.changes)) <= _MAX_OPEN_CHANGES
        forms = (Form.WHOLE, Form.BRIEF, Form.LINE)
        sections[key] = Section(f"### {title} ({number:,})", totals[key], forms, room)
        looks[key] = Look(is_open, key in _URGENT, web)
    promotions = index_promotions(document)
    for change in document.changes:
        key = _choose_section(change)
        if not sections[key].is_full:
            view = shorten_view(view_change(change, promotions))
            sections[key].add(_make_kind(change), make_change_forms(view, looks[key]))
        elif all(section.is_full or not len(section) for section in sections.values()):
            break
    return list(sections.values())


def _choose_section(change: ChangeDocument) -> str:
    """The section of a change."""
    return change.action if change.action in _URGENT else change.origin or ""


def _make_kind(change: ChangeDocument) -> Kind:
    return Kind(change.artifact.ml_repo, _PHRASES[change.action])


def make_guard_section(document: PlanDocument, room: int) -> Section:
    """The section with all violations of the guard."""
    if document.guard.is_waived:
        title = (
            "### Guard: allowed\n\n> [!WARNING]\n> Too much at once, and allowed with `--allow-mass-change`."
        )
    else:
        title = (
            "### Guard: not to be applied\n\n> [!CAUTION]\n"
            "> Too much at once: `apply` refuses this unless it is given `--allow-mass-change`."
        )
    return _make_list_section(title, document.guard.violations, room)


def _make_orphans_section(document: PlanDocument, room: int) -> Section:
    how = describe_pruning(document).replace("--prune", "`--prune`", 1)
    title = "### Orphans: registered and no longer declared" + (f"\n\n{how}." if how else "")
    return _make_list_section(title, tuple(map(describe_orphan, document.orphans.found)), room)


def _make_list_section(title: str, items: Sequence[object], room: int) -> Section:
    """A section with one line per item, which is its text."""
    section = Section(title, Counter({Kind(): len(items)}), (Form.LINE,), room)
    for item in items:
        section.add(Kind(), {Form.LINE: partial(_render_item, item)})
    return section


def _render_item(item: object) -> str:
    return f"- {format_code(str(item))}\n"
