"""What stands in the way of a plan, or stood in that of an apply, for the formats that tell problems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.applying.outcome import REACHED, Result
from reconciler.codes import Code
from reconciler.errors import Place, Problem
from reconciler.planning.document import PlanDocument
from reconciler.report.view import ALLOW_MASS_CHANGE, change_view, label, removed_by

NOWHERE = Place("", 0, 0)
"""Of what is wrong with a plan as a whole."""


def plan_problems(document: PlanDocument) -> Sequence[Problem]:
    """What the guard says, conflicts, deletions, and warnings about manifests, in order of place."""
    return sorted([*_guard(document), *_conflicts(document), *_deletions(document), *document.diagnostics])


def apply_problems(document: ApplyDocument) -> Sequence[Problem]:
    """What the plan says, and each outcome but success, in order of place."""
    of_plan = (*_guard(document.plan), *document.plan.diagnostics)
    return sorted([*of_plan, *_outcomes(document.outcomes)])


def _outcomes(outcomes: Iterable[OutcomeDocument]) -> Iterator[Problem]:
    for outcome in outcomes:
        if outcome.result not in REACHED:
            change = outcome.change
            code = Code.OUTCOME_UNKNOWN if outcome.result is Result.UNKNOWN else Code.NOT_APPLIED
            message = f"{change.action} {label(change)}: {outcome.result}, {outcome.message}"
            severity: Literal["error", "warning"] = "warning" if outcome.result is Result.SKIPPED else "error"
            yield Problem(change.place or NOWHERE, code, message, outcome.hint, severity)


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
            yield Problem(
                change.place or NOWHERE, Code.CONFLICT, f"{label(change)}: {change.reason}", change.hint
            )


def _deletions(document: PlanDocument) -> Iterator[Problem]:
    """What is to be deleted, of which no file is left: the commit that removed the manifest is named."""
    for change in document.changes:
        if change.action == "delete":
            view = change_view(change, {})
            told = "; ".join(filter(None, (removed_by(view), view.note)))
            yield Problem(
                NOWHERE, Code.DELETION, f"{view.label} would be deleted: {told}", severity="warning"
            )
