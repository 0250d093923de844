"""The counts of a plan as GitLab reads them from an artifact of the report type `terraform`."""

from __future__ import annotations

from reconciler.planning.document import PlanDocument


def make_plan_widget(document: PlanDocument) -> dict[str, int]:
    """How many versions are to be created, updated and deleted: shown beside a merge request."""
    return {action: document.counts.get(action, 0) for action in ("create", "update", "delete")}
