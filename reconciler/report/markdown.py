"""A plan as Markdown: a comment on a pull request, or the summary of a CI job.

Whatever is data stands in code spans and code blocks, where no reader finds anything but text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.plan.change import Plan
from reconciler.report.escape import as_code_block, as_code_span
from reconciler.report.view import NOTHING, ChangeView, brief_views, headline, left_alone, summary


def plan_markdown(plan: Plan) -> Iterator[str]:
    """A plan, block by block: counts, where, what is in conflict, every other change, promotions."""
    yield f"## Plan: {summary(plan)}\n"
    yield f"{as_code_span(headline(plan))}\n"
    views = list(brief_views(plan))
    yield from _section("Conflicts", (view for view in views if view.action == "conflict"))
    yield from _section("Changes", (view for view in views if view.action != "conflict"))
    if plan.promotions:
        yield "### Promotions\n"
        for promotion in plan.promotions:
            yield f"- {as_code_span(str(promotion))}"
        yield ""
    if not plan.changes:
        yield "Nothing to do: everything declared is registered as declared.\n"
    if others := left_alone(plan):
        yield f"Left alone: {others}"


def _section(title: str, views: Iterable[ChangeView]) -> Iterator[str]:
    for number, view in enumerate(views):
        if number == 0:
            yield f"### {title}\n"
        yield f"**{view.action}** {as_code_span(view.label)} ({as_code_span(view.place)})\n"
        yield as_code_block(_lines(view), "diff") + "\n"


def _lines(view: ChangeView) -> Iterator[str]:
    """A change as a diff: what is not there on one side has no line on it."""
    sign = "!" if view.action == "conflict" else "#"
    yield from (f"{sign} {text}" for text in (view.note, view.hint) if text)
    for field in view.fields:
        if field.before not in (None, NOTHING):
            yield f"- {field.path}: {field.before}"
        if field.after != NOTHING:
            yield f"+ {field.path}: {field.after}"
