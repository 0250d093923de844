"""A plan, or what became of it, as one HTML page that fetches nothing and can be read without its script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.escape import for_html
from reconciler.planning.document import PlanDocument
from reconciler.report.count import format_count
from reconciler.report.page.change import Entry, render_change
from reconciler.report.page.frame import PAGE_END, render_page_start
from reconciler.report.page.head import (
    render_bar,
    render_diagnostics,
    render_facts,
    render_guard,
    render_orphans,
    render_promotions,
)
from reconciler.report.page.timeline import render_timeline
from reconciler.report.view import (
    ChangeView,
    FieldView,
    format_summary,
    index_promotions,
    shorten_view,
    view_change,
)
from reconciler.report.web import WebPages, find_web_pages

_KINDS = (
    "conflict", "delete", "update", "create",
    Result.FAILED, Result.UNKNOWN, Result.SKIPPED,
    Result.DELETED, Result.CREATED, Result.UPDATED, Result.UNCHANGED,
)  # fmt: skip
"""What changes are counted and picked by, in the order of the bar."""
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
"""What changes are shown together by, in order, and their titles."""
_NOTHING_TO_DO = "Nothing to do: everything declared is registered as declared."
_TO_LOOK_AT = frozenset({"conflict", "delete", "failed"})
_URGENT = frozenset({"conflict", "delete"})
"""Actions that have a group of their own, whoever brings them."""
_MAX_OPEN_CHANGES = 100
"""Changes of a page: where there are more, only those to look at are open at first."""


Redact: TypeAlias = Callable[[str], str]
"""Takes out of a text what no reader is to see."""


@dataclass(frozen=True, slots=True)
class _Content:
    """What a page is about.

    Args:
        name: what it is.
        lead: what it says, in one line.
        plan: the plan.
        entries: begins a walk over its changes.
        clean: is given each text before it is taken apart.
        times: what is told of how long the changes took.
    """

    name: str
    lead: str
    plan: PlanDocument
    entries: Callable[[], Iterator[Entry]]
    clean: Redact
    times: Iterable[str] = ()

    @property
    def is_long(self) -> bool:
        """Whether there are too many changes to have them all open."""
        return len(self.plan.changes) > _MAX_OPEN_CHANGES


def render_plan_page(document: PlanDocument, clean: Redact = str) -> Iterator[str]:
    """A plan, piece by piece: where, guard, promotions, counts, conflicts, every other change, warnings.

    Its changes are walked over once to count them and once for each group; none is kept.

    Args:
        document: the plan.
        clean: is given each value whose words are told apart: later, what is to be kept out might not be
            found any more, as there are marks in it.
    """
    entries = partial(_list_planned, document)
    return _render_page(_Content("Plan", format_summary(document), document, entries, clean))


def render_apply_page(document: ApplyDocument, clean: Redact = str) -> Iterator[str]:
    """An apply, piece by piece: the same page, by what became of the changes, and how long each took.

    Of one that was held back it shows the plan.

    Args:
        document: the apply.
        clean: as for `render_plan_page`.
    """
    entries = partial(_list_applied, document) if document.outcomes else partial(_list_planned, document.plan)
    times = render_timeline(document.outcomes)
    return _render_page(_Content("Apply", _describe_result(document), document.plan, entries, clean, times))


def _list_planned(document: PlanDocument) -> Iterator[Entry]:
    return (Entry(number, change) for number, change in enumerate(document.changes, start=1))


def _list_applied(document: ApplyDocument) -> Iterator[Entry]:
    return (Entry(n, outcome.change, outcome) for n, outcome in enumerate(document.outcomes, start=1))


def _describe_result(document: ApplyDocument) -> str:
    """What became of an apply, in one line."""
    counts = Counter(outcome.result for outcome in document.outcomes)
    told = ", ".join(f"{counts[result]:,} {result}" for result in Result if counts[result])
    if document.exit_code is None:
        return f"the run was killed: {told or 'no outcome'} of {format_count(document.planned, 'change')}"
    return told or "nothing was applied"


def _render_page(content: _Content) -> Iterator[str]:
    plan, web = content.plan, find_web_pages(content.plan.source)
    counts = Counter((_choose_group(entry), entry.kind) for entry in content.entries())
    kinds = {kind: sum(n for (_, each), n in counts.items() if each == kind) for kind in _KINDS}
    kinds = {kind: count for kind, count in kinds.items() if count}
    lead = for_html(content.lead)
    yield render_page_start(f"{content.name}: {content.lead}", kinds)
    yield f'<header><h1>{content.name}</h1><p class="lead">{lead}</p>'
    yield from render_facts(plan, web)
    yield f'</header><main id="changes" tabindex="-1" class="{"many" if content.is_long else "few"}">'
    yield from render_guard(plan)
    yield from render_promotions(plan)
    if kinds:
        yield from render_bar(kinds)
    else:
        yield f'<p class="done">{_NOTHING_TO_DO}</p>'
    for group in _GROUPS:
        if found := {kind: counts[group, kind] for kind in kinds if counts[group, kind]}:
            yield from _render_section(content, web, group, found)
    yield from content.times
    yield from render_orphans(plan)
    yield from render_diagnostics(plan)
    yield "</main>"
    yield PAGE_END


def _render_section(
    content: _Content, web: WebPages | None, group: str, found: Mapping[str, int]
) -> Iterator[str]:
    """The changes of a group.

    Args:
        content: what the page is about.
        web: where its repository can be read.
        group: its name.
        found: how many changes there are in it, by kind.
    """
    classes = " ".join(f"has-{kind}" for kind in found)
    yield f'<section class="group {classes}" aria-labelledby="g-{group}">'
    yield f'<h2 id="g-{group}">{_GROUPS[group]} <small>{sum(found.values()):,}</small></h2>'
    promotions = index_promotions(content.plan)
    is_open = group in _TO_LOOK_AT or not content.is_long
    for entry in content.entries():
        if _choose_group(entry) == group:
            view = _redact_view(shorten_view(view_change(entry.change, promotions)), content.clean)
            yield from render_change(entry, view, web, is_open=is_open)
    yield "</section>"


def _redact_view(view: ChangeView, clean: Redact) -> ChangeView:
    fields = (
        FieldView(field.path, None if field.before is None else clean(field.before), clean(field.after))
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
