"""What stands in the way of a plan, as problems, for the formats that tell problems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.codes import Code
from reconciler.errors import Place, Problem
from reconciler.planning.document import PlanDocument
from reconciler.report.view import ALLOW_MASS_CHANGE, change_view, label, removed_by

NOWHERE = Place("", 0, 0)
"""Of what is wrong with a plan as a whole."""


def plan_problems(document: PlanDocument) -> Sequence[Problem]:
    """What the guard says, conflicts, deletions, and warnings about manifests, in order of place."""
    return sorted([*_guard(document), *_conflicts(document), *_deletions(document), *document.diagnostics])


def _guard(document: PlanDocument) -> Iterator[Problem]:
    guard = document.guard
    for violation in guard.violations:
        if guard.is_waived:
            yield Problem(NOWHERE, Code.GUARD, f"{violation}, which is allowed", severity="warning")
        else:
            yield Problem(NOWHERE, Code.GUARD, violation, ALLOW_MASS_CHANGE)


def _conflicts(document: PlanDocument) -> Iterator[Problem]:
    for change in document.changes:
        if change.action == "conflict":
            place = NOWHERE if change.file is None else Place(change.file, change.line or 1, 1)
            yield Problem(place, Code.CONFLICT, f"{label(change)}: {change.reason}", change.hint)


def _deletions(document: PlanDocument) -> Iterator[Problem]:
    """What is to be deleted, of which no file is left: the commit that removed the manifest is named."""
    for change in document.changes:
        if change.action == "delete":
            view = change_view(change, {})
            told = "; ".join(filter(None, (removed_by(view), view.note)))
            yield Problem(
                NOWHERE, Code.DELETION, f"{view.label} would be deleted: {told}", severity="warning"
            )
