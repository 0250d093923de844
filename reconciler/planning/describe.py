"""From a plan to its document: credentials masked, changes described as they are walked over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import cast

from reconciler import __version__
from reconciler.manifest.rules.secrets import mask_secrets
from reconciler.model import Document, source_uri
from reconciler.planning.change import Change, Conflict, Create, Delete, Plan
from reconciler.planning.digest import compute_plan_digest
from reconciler.planning.document import (
    ChangeDocument,
    ChangeDocuments,
    OrphanDocument,
    OrphansDocument,
    PlanDocument,
    PromotionDocument,
)
from reconciler.planning.guard import check_size, count_in_scope
from reconciler.planning.left_alone import find_left_alone
from reconciler.planning.orphans import Orphan, Orphans
from reconciler.planning.renames import NamedVersion, find_renames


def describe_plan(plan: Plan, *, allows_mass_change: bool = False) -> PlanDocument:
    """Describe a plan for people and programs.

    Args:
        plan: the plan.
        allows_mass_change: whether the caller waives the guard.
    """
    without_manifest = ((c.artifact.ml_repo, c.registered.id) for c in plan.changes if c.place is None)
    registered = count_in_scope(plan.declared, without_manifest)
    deleted = Counter(change.artifact.ml_repo for change in plan.deletes)
    return PlanDocument(
        tool_version=__version__,
        source=plan.source,
        target=plan.target,
        scope=plan.scope,
        counts={
            **plan.counts,
            "other_documents": plan.others,
            "other_files": plan.other_files,
            "undeclared": plan.undeclared,
        },
        changes=_Changes(plan),
        promotions=tuple(map(_mask_promotion, plan.promotions)),
        diagnostics=plan.warnings,
        guard=check_size(plan.counts, registered, deleted, plan.limits, is_waived=allows_mass_change),
        digest=compute_plan_digest(plan.target, map(describe_change, plan.changes)),
        share=plan.share,
        orphans=_describe_orphans(plan.orphans),
        made=f"{plan.made:%Y-%m-%dT%H:%M:%SZ}" if plan.made else None,
    )


def describe_change(change: Change) -> ChangeDocument:
    """Describe one change, but for what it leaves alone and what it waits for."""
    place, registered = change.place, change.registered
    orphan = change.orphan if isinstance(change, Delete) else None
    removal = orphan.removal if orphan else None
    reason, hint = (change.reason, change.hint) if isinstance(change, Conflict) else ("", "")
    return ChangeDocument(
        action=change.action,
        artifact=change.artifact,
        version=change.version,
        id=registered.id if registered else None,
        fqn=registered.fqn if registered else None,
        file=place.file if place else None,
        line=place.line if place else None,
        before=_mask_document(registered.document) if registered else None,
        after=_mask_document(change.after),
        reason=reason,
        hint=hint,
        at=change.at if isinstance(change, Conflict) else None,
        commit=removal.commit if removal else None,
        author=removal.author if removal else None,
        date=removal.date if removal else None,
        in_use=tuple(map(_mask_text, orphan.in_use)) if orphan else (),
    )


class Describer:
    """Describes changes of a plan whole: with what each leaves alone, and what it waits for."""

    def __init__(self, plan: Plan) -> None:
        self._ignore = plan.comparison.ignore
        self._conflict = plan.conflict
        self._former = _find_former_names(plan)
        self._conflicts = {lane.artifact: lane.conflict for lane in plan.lanes if lane.conflict}

    def describe(self, change: Change) -> ChangeDocument:
        """Describe one change; deletions wait for every conflict, others for that of their artifact."""
        waits_for = self._conflict if isinstance(change, Delete) else self._conflicts.get(change.artifact)
        return replace(
            describe_change(change),
            left_alone=tuple(find_left_alone(change, self._ignore)),
            waits_for=describe_change(waits_for).label
            if waits_for and not isinstance(change, Conflict)
            else "",
            renamed_from=self._former.get(change.label, "") if self._former else "",
        )


class _Changes(ChangeDocuments):
    """The changes of a plan, each described when it is come to."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._describer = Describer(plan)

    def __len__(self) -> int:
        return len(self._plan.changes)

    def __iter__(self) -> Iterator[ChangeDocument]:
        return map(self._describer.describe, self._plan.changes)


def _find_former_names(plan: Plan) -> Mapping[str, str]:
    """What versions to be created were called once, by what they are called now."""
    created = (change.declared for change in plan.changes if isinstance(change, Create))
    gone = chain(plan.orphans.found, (change.orphan for change in plan.deletes))
    return find_renames(
        (NamedVersion(each.label, each.version, each.uri) for each in created),
        (NamedVersion(each.label, each.registered.version, each.registered.uri) for each in gone),
    )


def _describe_orphans(orphans: Orphans) -> OrphansDocument:
    return OrphansDocument(tuple(map(_describe_orphan, orphans.found)), orphans.unknown, orphans.hint)


def _describe_orphan(orphan: Orphan) -> OrphanDocument:
    row, removal = orphan.registered, orphan.removal
    return OrphanDocument(
        artifact=row.artifact,
        version=row.version,
        id=row.id,
        fqn=row.fqn,
        uri=source_uri(_mask_document(row.document)),
        commit=removal.commit if removal else None,
        author=removal.author if removal else None,
        date=removal.date if removal else None,
        in_use=tuple(map(_mask_text, orphan.in_use)),
    )


def _mask_promotion(promotion: PromotionDocument) -> PromotionDocument:
    return replace(promotion, alias=_mask_text(promotion.alias))


def _mask_text(text: str) -> str:
    return str(mask_secrets(text))


def _mask_document(document: Document) -> Document:
    return cast("Document", mask_secrets(document))
