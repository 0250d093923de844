"""What was approved before a plan is applied: a saved plan, a digest, or whatever there is to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from reconciler.phrases import format_count
from reconciler.planning.approval import find_expected_mismatches, find_mismatches
from reconciler.planning.document import PlanDocument
from reconciler.planning.orphans import Pruning


@dataclass(frozen=True, slots=True)
class Approval:
    """What was approved: one plan, one digest, or whatever there is to do.

    Args:
        plan: the approved one.
        digest: how the digest of the approved plan begins, or all that the output `approval` holds.
    """

    plan: PlanDocument | None = None
    digest: str | None = None

    def adapt_guard(self, document: PlanDocument) -> PlanDocument:
        """The plan; of a shard, with the guard of the approved plan, which may be that of all shards."""
        if self.plan is None or document.share is None:
            return document
        return replace(document, guard=replace(self.plan.guard, is_waived=document.guard.is_waived))

    def iterate_mismatches(self, document: PlanDocument, pruning: Pruning) -> Iterator[str]:
        """How a plan, made with this pruning, differs from what was approved, in sentences."""
        if self.plan:
            in_use = sum(change.action == "delete" and bool(change.in_use) for change in self.plan.changes)
            if in_use and pruning is not Pruning.ALL:
                yield f"it deletes {format_count(in_use, 'version')} in use: give --prune-used too"
            elif self.plan.counts["delete"] and pruning is Pruning.NONE:
                yield f"it deletes {format_count(self.plan.counts['delete'], 'version')}: give --prune too"
            yield from find_mismatches(self.plan, document)
        elif self.digest:
            yield from find_expected_mismatches(self.digest, document)


ANYTHING = Approval()
"""Whatever there is to do."""
