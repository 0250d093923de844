"""Plans and outcomes for programs: JSON documents with a version of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from reconciler import __version__
from reconciler.apply.outcome import Outcome
from reconciler.diff import json_patch
from reconciler.manifest.secrets import masked
from reconciler.model import Document, Json
from reconciler.plan.change import Change, Conflict, Plan, Promotion

FORMAT_VERSION = "0.1"
"""Of the plan document. A reader ignores fields that it does not know."""


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan as JSON types."""
    return {
        **_heading(plan),
        "counts": {**plan.counts, "other_documents": plan.others, "undeclared": plan.undeclared},
        "promotions": [_promotion(promotion) for promotion in plan.promotions],
        "changes": [_change(change) for change in plan.changes],
    }


def apply_document(plan: Plan, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The plan, and what became of each of its changes."""
    return {**plan_document(plan), "outcomes": [_outcome(outcome) for outcome in outcomes]}


def apply_begin_line(plan: Plan) -> dict[str, Any]:
    """The first line of a report: what is about to be applied, and where."""
    return {"event": "begin", **_heading(plan), "changes": len(plan.changes)}


def outcome_line(outcome: Outcome) -> dict[str, Any]:
    """A line of a report: one outcome."""
    return {"event": "outcome", **_outcome(outcome)}


def apply_end_line(outcomes: Sequence[Outcome], exit_code: int) -> dict[str, Any]:
    """The last line of a report; without it, the run was killed."""
    counts = Counter(outcome.result for outcome in outcomes)
    return {"event": "end", "counts": dict(sorted(counts.items())), "exit_code": exit_code}


def _heading(plan: Plan) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": __version__,
        "source": {"commit": plan.commit, "work_tree": plan.in_work_tree},
        "control_plane": {"host": plan.host, "api": plan.api},
    }


def _identity(change: Change) -> dict[str, Any]:
    return {"ml_repo": change.artifact.ml_repo, "name": change.artifact.name, "version": change.version}


def _change(change: Change) -> dict[str, Any]:
    place = change.declared.place if change.declared else None
    before = _masked(change.registered.document) if change.registered else None
    after = _masked(change.after)
    document = {
        "action": change.action,
        **_identity(change),
        "file": place.file if place else None,
        "line": place.line if place else None,
        "before": before,
        "after": after,
        "patch": json_patch(before, after),
    }
    if isinstance(change, Conflict):
        document |= {"reason": change.reason, "hint": change.hint}
    return document


def _masked(document: Document) -> dict[str, Json]:
    return {field: masked(value, (field,)) for field, value in document.items()}


def _promotion(promotion: Promotion) -> dict[str, Any]:
    return {
        "ml_repo": promotion.artifact.ml_repo,
        "name": promotion.artifact.name,
        "alias": promotion.alias,
        "from": promotion.source,
        "to": promotion.target,
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "result": outcome.result,
        **_identity(outcome.change),
        "version": outcome.version if outcome.version is not None else outcome.change.version,
        "action": outcome.change.action,
        "message": outcome.message,
        "hint": outcome.hint,
    }
