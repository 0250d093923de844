"""Plans and applies with one line per change, easy to search: `file:line: action identity: details`."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.applying.document import ApplyDocument
from reconciler.applying.outcome import REACHED
from reconciler.escape import for_terminal
from reconciler.planning.document import PlanDocument
from reconciler.report.effort import describe_retries
from reconciler.report.text.plan import Line
from reconciler.report.view import (
    ChangeView,
    describe_orphan,
    describe_removal,
    format_label,
    view_changes_briefly,
)


def render_concise_plan(document: PlanDocument) -> Iterator[Line]:
    """Lines of a plan: violations of the guard (`guard: ...`), the changes in order, and orphans.

    The line of a change without a manifest begins with `-: `. A plan with nothing to do has no lines.
    """
    for violation in document.guard.violations:
        allowed = "allowed: " if document.guard.is_waived else ""
        yield Line(for_terminal(f"guard: {allowed}{violation}"), "changed" if allowed else "bad")
    for view in view_changes_briefly(document):
        yield Line(for_terminal(_format_change(view)), "bad" if view.action == "conflict" else "plain")
    for orphan in document.orphans.found:
        yield Line(for_terminal(f"-: orphan {describe_orphan(orphan)}"))


def render_concise_apply(document: ApplyDocument) -> Iterator[Line]:
    """One line per outcome, in the order of the apply: `file:line: result identity: message; hint; tries`."""
    for outcome in document.outcomes:
        change = outcome.change
        parts = "; ".join(filter(None, (outcome.message, outcome.hint, describe_retries(outcome))))
        place = f"{change.place.file}:{change.place.line}" if change.place else "-"
        text = f"{place}: {outcome.result} {format_label(change)}{f': {parts}' if parts else ''}"
        yield Line(for_terminal(text), "plain" if outcome.result in REACHED else "bad")


def _format_change(view: ChangeView) -> str:
    about = [describe_removal(view) if view.action == "delete" else "", view.note, view.hint]
    if view.action == "update":
        about.append(", ".join(field.path for field in view.fields))
    parts = "; ".join(text for text in about if text)
    place = "-" if view.file is None else view.place
    return f"{place}: {view.action} {view.label}{f': {parts}' if parts else ''}"
