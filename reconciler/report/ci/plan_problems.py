"""Plans and applies as lists of problems, for the formats that know only problems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.applying.outcome import REACHED, Result
from reconciler.codes import Code
from reconciler.errors import Place, Problem
from reconciler.planning.document import PlanDocument
from reconciler.report.view import ALLOW_MASS_CHANGE, describe_removal, format_label, view_change

NOWHERE = Place("", 0, 0)
"""The place of a problem of the whole plan."""


def find_plan_problems(document: PlanDocument) -> Sequence[Problem]:
    """Violations of the guard, conflicts, deletions, and warnings about manifests, sorted by place."""
    return sorted(
        [
            *_find_violations(document),
            *_find_conflicts(document),
            *_find_deletions(document),
            *document.diagnostics,
        ]
    )


def find_apply_problems(document: ApplyDocument) -> Sequence[Problem]:
    """Violations of the guard, warnings about manifests, and outcomes that failed, sorted by place."""
    of_plan = (*_find_violations(document.plan), *document.plan.diagnostics)
    return sorted([*of_plan, *_find_failures(document.outcomes)])


def _find_failures(outcomes: Iterable[OutcomeDocument]) -> Iterator[Problem]:
    for outcome in outcomes:
        if outcome.result not in REACHED:
            change = outcome.change
            code = Code.OUTCOME_UNKNOWN if outcome.result is Result.UNKNOWN else Code.NOT_APPLIED
            message = f"{change.action} {format_label(change)}: {outcome.result}, {outcome.message}"
            severity: Literal["error", "warning"] = "warning" if outcome.result is Result.SKIPPED else "error"
            yield Problem(change.place or NOWHERE, code, message, outcome.hint, severity)


def _find_violations(document: PlanDocument) -> Iterator[Problem]:
    guard = document.guard
    for violation in guard.violations:
        if guard.is_waived:
            yield Problem(NOWHERE, Code.GUARD, f"{violation}, which is allowed", severity="warning")
        else:
            yield Problem(NOWHERE, Code.GUARD, violation, ALLOW_MASS_CHANGE)


def _find_conflicts(document: PlanDocument) -> Iterator[Problem]:
    for change in document.changes:
        if change.action == "conflict":
            yield Problem(
                change.place or NOWHERE,
                Code.CONFLICT,
                f"{format_label(change)}: {change.reason}",
                change.hint,
            )


def _find_deletions(document: PlanDocument) -> Iterator[Problem]:
    """A warning per deletion, which names the commit that removed the manifest: no file is left."""
    for change in document.changes:
        if change.action == "delete":
            view = view_change(change, {})
            parts = "; ".join(filter(None, (describe_removal(view), view.note)))
            yield Problem(
                NOWHERE, Code.DELETION, f"{view.label} would be deleted: {parts}", severity="warning"
            )
