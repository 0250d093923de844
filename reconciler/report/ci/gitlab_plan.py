"""The counts of a plan as GitLab reads them from an artifact of the report type `terraform`."""

from __future__ import annotations

from reconciler.planning.document import PlanDocument


def plan_widget(document: PlanDocument) -> dict[str, int]:
    """What the widget of a merge request shows: how many are to be created, updated and deleted."""
    return {action: document.counts.get(action, 0) for action in ("create", "update", "delete")}
