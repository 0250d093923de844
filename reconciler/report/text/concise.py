"""Plans and applies with a line for each change, to be searched: `file:line: action identity: about it`."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.applying.document import ApplyDocument
from reconciler.applying.outcome import REACHED
from reconciler.escape import for_terminal
from reconciler.planning.document import PlanDocument
from reconciler.report.text.plan import Line
from reconciler.report.view import ChangeView, brief_views, label, orphan_text, removed_by


def plan_concise(document: PlanDocument) -> Iterator[Line]:
    """The lines: what the guard says, which begins with `guard: `, every change in its order, and orphans.

    A change without a manifest begins with `-: `. Nothing is printed of a plan that finds nothing to do.
    """
    for violation in document.guard.violations:
        allowed = "allowed: " if document.guard.is_waived else ""
        yield Line(for_terminal(f"guard: {allowed}{violation}"), "changed" if allowed else "bad")
    for view in brief_views(document):
        yield Line(for_terminal(_text(view)), "bad" if view.action == "conflict" else "plain")
    for orphan in document.orphans.found:
        yield Line(for_terminal(f"-: orphan {orphan_text(orphan)}"))


def apply_concise(document: ApplyDocument) -> Iterator[Line]:
    """The lines: one for each outcome, as it became known: `file:line: result identity: why; what to do`."""
    for outcome in document.outcomes:
        change = outcome.change
        told = "; ".join(text for text in (outcome.message, outcome.hint) if text)
        place = f"{change.place.file}:{change.place.line}" if change.place else "-"
        text = f"{place}: {outcome.result} {label(change)}{f': {told}' if told else ''}"
        yield Line(for_terminal(text), "plain" if outcome.result in REACHED else "bad")


def _text(view: ChangeView) -> str:
    about = [removed_by(view) if view.action == "delete" else "", view.note, view.hint]
    if view.action == "update":
        about.append(", ".join(field.path for field in view.fields))
    told = "; ".join(text for text in about if text)
    place = "-" if view.file is None else view.place
    return f"{place}: {view.action} {view.label}{f': {told}' if told else ''}"
