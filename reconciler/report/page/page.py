"""A plan or an apply as one HTML page, which fetches nothing and can be read without its script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, TypeAlias

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.phrases import format_count
from reconciler.planning.document import PlanDocument
from reconciler.report.page.assets import make_assets
from reconciler.report.page.change import ChangeItem, Entry, make_change_item
from reconciler.report.page.head import list_facts
from reconciler.report.page.sentence import MAX_TEXT_CHARACTERS
from reconciler.report.page.timeline import Timeline, make_timeline
from reconciler.report.shorten import shorten_end
from reconciler.report.view import (
    ALLOW_MASS_CHANGE,
    ChangeView,
    FieldView,
    describe_orphan,
    describe_results,
    format_summary,
    index_promotions,
    shorten_view,
    view_change,
)
from reconciler.report.web import find_web_pages
from reconciler.templates import render_template

_KINDS = (
    "conflict", "delete", "update", "create",
    Result.FAILED, Result.UNKNOWN, Result.SKIPPED,
    Result.DELETED, Result.CREATED, Result.UPDATED, Result.UNCHANGED,
)  # fmt: skip
"""What changes are counted and filtered by, in the order of the bar."""
_GROUPS = {
    "conflict": "Conflicts",
    "delete": "Deletes",
    "failed": "Failed or unknown",
    "branch": "Brought by this branch",
    "pending": "Pending: declared at the base already, and not applied",
    "drift": "Drift: registered otherwise than declared at the base and now",
    "unknown": "Not known whose: this clone lacks the history that tells",
    "changes": "Changes",
    "skipped": "Skipped",
    "applied": "Applied",
}
"""The sections of changes in order, and their titles."""
_TO_LOOK_AT = frozenset({"conflict", "delete", "failed"})
"""Sections whose changes are open at first, however many changes there are."""
_URGENT = frozenset({"conflict", "delete"})
"""Actions with a section of their own, whatever their origin."""
_MAX_OPEN_CHANGES = 100
"""On a page with more changes, only those to look at are open at first."""
_MAX_OPEN_ITEMS = 12
"""Longer lists are closed at first."""

Redact: TypeAlias = Callable[[str], str]
"""Replaces secrets in a text."""


@dataclass(frozen=True, slots=True)
class _Page:
    """What a page is about.

    Args:
        name: `Plan` or `Apply`.
        lead: the result in one line.
        plan: the plan.
        entries: starts an iteration over the changes.
        redact: applied to values before they are cut into words.
        timeline: how long the changes took; `None` if nothing was applied.
    """

    name: str
    lead: str
    plan: PlanDocument
    entries: Callable[[], Iterator[Entry]]
    redact: Redact
    timeline: Timeline | None = None

    @property
    def is_long(self) -> bool:
        """Whether there are too many changes to have them all open."""
        return len(self.plan.changes) > _MAX_OPEN_CHANGES


class ListSection(NamedTuple):
    """A section with one line per text, closed at first if there are many."""

    title: str
    total: int
    texts: Iterable[str]
    is_long: bool


class ChangeSection(NamedTuple):
    """A section of changes; `classes` name the kinds of changes in it, for the filter."""

    name: str
    title: str
    classes: str
    total: int
    changes: Iterable[ChangeItem]


def render_plan_page(document: PlanDocument, redact: Redact = str) -> Iterator[str]:
    """The lines of the page of a plan.

    Its changes are iterated once to count them and once per section; none is kept.

    Args:
        document: the plan.
        redact: applied to each value before it is cut into words: with marks between them, a secret would
            not be found any more.
    """
    entries = partial(_list_planned, document)
    return _render_page(_Page("Plan", format_summary(document), document, entries, redact))


def render_apply_page(document: ApplyDocument, redact: Redact = str) -> Iterator[str]:
    """The lines of the page of an apply: changes by their outcome, and how long each took.

    If nothing was applied, it shows the changes of the plan.

    Args:
        document: the apply.
        redact: as for `render_plan_page`.
    """
    entries = partial(_list_applied, document) if document.outcomes else partial(_list_planned, document.plan)
    timeline = make_timeline(document.outcomes)
    return _render_page(_Page("Apply", _describe_result(document), document.plan, entries, redact, timeline))


def _list_planned(document: PlanDocument) -> Iterator[Entry]:
    return (Entry(number, change) for number, change in enumerate(document.changes, start=1))


def _list_applied(document: ApplyDocument) -> Iterator[Entry]:
    return (Entry(n, outcome.change, outcome) for n, outcome in enumerate(document.outcomes, start=1))


def _describe_result(document: ApplyDocument) -> str:
    """The results of an apply, in one line."""
    results = describe_results(document.outcomes)
    if document.exit_code is None:
        return f"the run was killed: {results or 'no outcome'} of {format_count(document.planned, 'change')}"
    return results or "nothing was applied"


def _render_page(page: _Page) -> Iterator[str]:
    plan = page.plan
    counts = Counter((_choose_group(entry), entry.kind) for entry in page.entries())
    kinds = {kind: sum(n for (_, each), n in counts.items() if each == kind) for kind in _KINDS}
    kinds = {kind: count for kind, count in kinds.items() if count}
    in_groups = {group: {kind: counts[group, kind] for kind in kinds} for group in _GROUPS}
    return render_template(
        __package__,
        "page.html.j2",
        page=page,
        assets=make_assets(kinds),
        facts=list_facts(plan, find_web_pages(plan.source)),
        tool_version=shorten_end(plan.tool_version, MAX_TEXT_CHARACTERS),
        guard_hint=ALLOW_MASS_CHANGE,
        counts={"all": sum(kinds.values()), **kinds} if kinds else {},
        promotions=_make_list("Promotions", map(str, plan.promotions), len(plan.promotions)),
        sections=_list_sections(page, in_groups),
        orphans=_make_list("Orphans", map(describe_orphan, plan.orphans.found), len(plan.orphans.found)),
        warnings=_make_list("Warnings", map(str, plan.diagnostics), len(plan.diagnostics)),
    )


def _make_list(title: str, texts: Iterable[str], count: int) -> ListSection:
    shortened = (shorten_end(text, MAX_TEXT_CHARACTERS) for text in texts)
    return ListSection(title, count, shortened, count > _MAX_OPEN_ITEMS)


def _list_sections(page: _Page, counts: Mapping[str, Mapping[str, int]]) -> Iterator[ChangeSection]:
    """A section per group that has changes.

    Args:
        page: what the page is about.
        counts: how many changes there are, by group and kind.
    """
    for group, title in _GROUPS.items():
        if count := sum(counts[group].values()):
            classes = " ".join(f"has-{kind}" for kind, number in counts[group].items() if number)
            yield ChangeSection(group, title, classes, count, _list_changes(page, group))


def _list_changes(page: _Page, group: str) -> Iterator[ChangeItem]:
    promotions, web = index_promotions(page.plan), find_web_pages(page.plan.source)
    is_open = group in _TO_LOOK_AT or not page.is_long
    for entry in page.entries():
        if _choose_group(entry) == group:
            view = _redact_view(shorten_view(view_change(entry.change, promotions)), page.redact)
            yield make_change_item(entry, view, web, is_open=is_open)


def _redact_view(view: ChangeView, redact: Redact) -> ChangeView:
    fields = (
        FieldView(field.path, None if field.before is None else redact(field.before), redact(field.after))
        for field in view.fields
    )
    return replace(view, fields=tuple(fields))


def _choose_group(entry: Entry) -> str:
    match entry.outcome:
        case None:
            action = entry.change.action
            return action if action in _URGENT else entry.change.origin or "changes"
        case OutcomeDocument(result=Result.FAILED | Result.UNKNOWN):
            return "failed"
        case OutcomeDocument(result=Result.SKIPPED):
            return "skipped"
        case _:
            return "applied"
