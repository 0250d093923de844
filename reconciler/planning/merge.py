"""The plans of shards, put together to the plan of the whole.

Each shard has read all manifests and looked at those of its artifacts. So all of them have
the same facts about the manifests, facts about artifacts add up, and facts about a whole ML repo are repeated
by each shard that asked it, which is why shards note those apart (`Share.extents`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from heapq import merge
from itertools import chain
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from reconciler.client.port import Extent
from reconciler.compare.selector import Shard
from reconciler.errors import SavedFileError
from reconciler.model import Artifact, Target, source_uri
from reconciler.phrases import name_first
from reconciler.planning.digest import compute_plan_digest
from reconciler.planning.document import (
    ChangeDocument,
    ChangeDocuments,
    OrphansDocument,
    PlanDocument,
    Scope,
    Share,
)
from reconciler.planning.guard import check_size, count_in_scope
from reconciler.planning.renames import NamedVersion, find_renames

Named: TypeAlias = tuple[str, PlanDocument]
"""A plan, and what people know it by: the name of its file."""

_MAX_SHARDS_NAMED = 10
"""Of the shards that are missing."""
_OF_ALL_MANIFESTS = frozenset({"other_documents", "other_files"})
"""Counts that each shard gives for the whole."""
_OF_ML_REPOS = frozenset({"undeclared"})
"""Counts of what is registered in the ML repos asked, whatever the shard."""
_by_artifact = attrgetter("artifact")


class _Gone(NamedTuple):
    """A version that is to be deleted."""

    artifact: Artifact
    in_use: tuple[str, ...]
    former: NamedVersion


class _Part(NamedTuple):
    """The plan of a shard, of which there may be 100,000 changes: they are walked over, and not held.

    Args:
        name: what people know it by.
        plan: it.
        share: which part it is.
        changes: its changes, in order.
        gone: what it deletes.
        without_manifest: the ML repos and ids of what changes without a manifest of its own.
    """

    name: str
    plan: PlanDocument
    share: Share
    changes: Collection[ChangeDocument]
    gone: Sequence[_Gone]
    without_manifest: Sequence[tuple[str, str | None]]


def merge_plans(named: Sequence[Named]) -> PlanDocument:
    """The plan of the whole, in which nothing but the number of pages read shows that it was made in parts.

    Args:
        named: the plan of each shard, in any order.

    Raises:
        SavedFileError: they are not all the shards of one plan.
    """
    parts = _sort_shards(named)
    _check_alike(parts)
    plans = [part.plan for part in parts]
    orphans = _merge_orphans(parts)
    changes = _Changes(parts, orphans)
    promotions = sorted(chain.from_iterable(plan.promotions for plan in plans), key=_by_artifact)
    extents = _merge_extents(parts)
    declared = sum((Counter(part.share.declared) for part in parts), Counter[str]())
    known = declared.total() + sum(map(_count_gone, parts))
    counts = _merge_counts(plans, max(sum(extent.versions for extent in extents.values()) - known, 0))
    target = _merge_targets(plans)
    registered = count_in_scope(declared, chain.from_iterable(part.without_manifest for part in parts))
    deleted = Counter(gone.artifact.ml_repo for part in parts for gone in part.gone)
    is_waived = all(plan.guard.is_waived for plan in plans)
    return replace(
        plans[0],
        target=target,
        scope=_merge_scope(parts, extents),
        counts=counts,
        changes=changes,
        promotions=tuple(promotions),
        # A share of a shard is no share of the whole: the guard judges anew.
        guard=check_size(counts, registered, deleted, parts[0].share.limits, is_waived=is_waived),
        digest=compute_plan_digest(target, changes),
        orphans=orphans,
        share=None,
        made=max(filter(None, (plan.made for plan in plans)), default=None),
    )


def _merge_targets(plans: Sequence[PlanDocument]) -> Target:
    """What the shards have asked; one of nothing has asked nobody."""
    targets = [plan.target for plan in plans]
    # Where flavours differ, each is of the same registry.
    return next((target for target in targets if target.tenant is not None), targets[0])


def _sort_shards(named: Iterable[Named]) -> list[_Part]:
    """The parts by their numbers, each of which is there once.

    Raises:
        SavedFileError: one is there twice, or not at all, or is of another whole.
    """
    parts: dict[int, _Part] = {}
    for name, plan in named:
        if plan.share is None:
            raise SavedFileError(f"{name} is no shard, and is whole by itself", "show it alone")
        shard = plan.share.shard
        if (first := next(iter(parts.values()), None)) and first.share.shard.of != shard.of:
            message = f"{first.name} is shard {first.share.shard}, and {name} is shard {shard}"
            raise SavedFileError(f"{message}: they are of different numbers of shards", _PLAN_ANEW)
        if other := parts.get(shard.number):
            raise SavedFileError(f"{name} and {other.name} are both shard {shard}", "give each shard once")
        parts[shard.number] = _make_part(name, plan, plan.share)
    _check_complete(parts)
    return [part for _, part in sorted(parts.items())]


def _make_part(name: str, plan: PlanDocument, share: Share) -> _Part:
    """A part, of whose changes all that is wanted is found while they are walked over once.

    Raises:
        SavedFileError: one of them is of another shard.
    """
    gone: list[_Gone] = []
    without_manifest: list[tuple[str, str | None]] = []
    last, is_ordered = None, True
    for change in plan.changes:
        if not share.shard.includes(change.artifact):
            raise SavedFileError(f"{name}: {change.artifact} is not in shard {share.shard}", _PLAN_ANEW)
        if change.action == "delete":
            former = NamedVersion(change.label, change.version, source_uri(change.before or {}))
            gone.append(_Gone(change.artifact, change.in_use, former))
        if change.file is None:
            without_manifest.append((change.artifact.ml_repo, change.id))
        rank = _rank_change(change)
        is_ordered = is_ordered and (last is None or last <= rank)
        last = rank
    # The changes of a plan are in order; those of a report are as their outcomes became known.
    changes = plan.changes if is_ordered else sorted(plan.changes, key=_rank_change)
    return _Part(name, plan, share, changes, gone, without_manifest)


def _rank_change(change: ChangeDocument) -> tuple[bool, Artifact]:
    """Where a change is in a plan, in which deletions are last."""
    return change.action == "delete", change.artifact


_PLAN_ANEW = "plan all shards anew: --shard 1/N to --shard N/N, with the same --ref"


def _check_complete(parts: Mapping[int, _Part]) -> None:
    of = next(iter(parts.values())).share.shard.of
    missing = [str(Shard(number, of)) for number in range(1, of + 1) if number not in parts]
    if missing:
        what = "shard" if len(missing) == 1 else "shards"
        message = f"missing: {what} {name_first(missing, _MAX_SHARDS_NAMED)}"
        raise SavedFileError(message, "give the files of all shards")


def _check_alike(parts: Sequence[_Part]) -> None:
    """See that all are of one plan.

    Raises:
        SavedFileError: what was read, or asked, or by what, is not the same in all; or nobody can tell.
    """
    first = parts[0]
    facts = _list_facts(first)
    tenant: _Part | None = None
    for part in parts:
        if part.plan.source.is_dirty:
            hint = "commit first, or plan a commit: --ref HEAD"
            raise SavedFileError(f"{part.name} is of an edited work tree, which no commit names", hint)
        for what, fact in _list_facts(part).items():
            if fact != facts[what]:
                raise SavedFileError(f"{first.name} and {part.name} are of different {what}", _PLAN_ANEW)
        # A shard of nothing has asked nobody whose it is.
        if part.plan.target.tenant is not None:
            tenant = tenant or part
            if part.plan.target.tenant != tenant.plan.target.tenant:
                raise SavedFileError(f"{tenant.name} and {part.name} are of different tenants", _PLAN_ANEW)


def _list_facts(part: _Part) -> dict[str, object]:
    """The facts that have to be the same in all parts, by their names for people."""
    source, target, scope = part.plan.source, part.plan.target, part.plan.scope
    return {
        "versions of reconciler": part.plan.tool_version,
        "commits": (source.commit, source.in_work_tree),
        "paths": source.paths,
        "bases": source.base,
        "hosts": target.host,
        "selections": part.share.globs,
        "limits of the guard": part.share.limits,
        "manifests": (
            scope.manifests + scope.not_selected,
            part.plan.diagnostics,
            [part.plan.counts[name] for name in _OF_ALL_MANIFESTS],
        ),
    }


def _merge_extents(parts: Iterable[_Part]) -> dict[str, Extent]:
    """How much of each ML repo was looked at, where several shards may have listed the same."""
    found: dict[str, Extent] = {}
    for part in parts:
        for name, extent in part.share.extents.items():
            versions, listed = found.get(name, Extent(0, 0))
            most = max(versions, extent.versions)  # they did not all ask at the same moment
            found[name] = Extent(most, min(listed + extent.listed, most))
    return found


def _count_gone(part: _Part) -> int:
    """How many registered versions manifests of a shard once were about, in the ML repos that are counted."""
    gone = [*(gone.artifact for gone in part.gone), *(orphan.artifact for orphan in part.plan.orphans.found)]
    counted = sum(artifact.ml_repo in part.share.extents for artifact in gone)
    return counted + part.plan.scope.orphans_not_selected


def _merge_orphans(parts: Sequence[_Part]) -> OrphansDocument:
    """What all of them leave alone; where one does not know, nobody does.

    Raises:
        SavedFileError: some delete what others leave alone.
    """
    documents = [part.plan.orphans for part in parts]
    unknown = next((orphans for orphans in documents if orphans.unknown), OrphansDocument())
    found = sorted(chain.from_iterable(orphans.found for orphans in documents), key=_by_artifact)
    deleted = list(chain.from_iterable(part.gone for part in parts))
    for are_used, option in ((False, "--prune"), (True, "--prune-used")):
        left = any(bool(orphan.in_use) is are_used for orphan in found)
        if left and any(bool(gone.in_use) is are_used for gone in deleted):
            raise SavedFileError(f"some shards were planned with {option}, and others without", _PLAN_ANEW)
    return replace(unknown, found=tuple(found))


class _Changes(ChangeDocuments):
    """The changes of all parts in the order of one plan, each made anew when it is come to.

    Deletions wait for any conflict, and creations tell of former names, those in other parts as well.
    """

    def __init__(self, parts: Sequence[_Part], orphans: OrphansDocument) -> None:
        self._parts = [part.changes for part in parts]
        gone = [NamedVersion(orphan.label, orphan.version, orphan.uri) for orphan in orphans.found]
        gone += (
            each.former for each in sorted(chain.from_iterable(part.gone for part in parts), key=_by_artifact)
        )
        created = (change for change in chain.from_iterable(self._parts) if change.action == "create")
        self._former = find_renames(
            (NamedVersion(change.label, change.version, source_uri(change.after)) for change in created), gone
        )

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def __iter__(self) -> Iterator[ChangeDocument]:
        waits_for = ""
        for change in merge(*self._parts, key=_rank_change):
            if change.action == "conflict":
                waits_for = waits_for or change.label
            if change.action == "delete":
                yield replace(change, waits_for=waits_for)
            elif change.action == "create":
                yield replace(change, renamed_from=self._former.get(change.label, ""))
            else:
                yield change


def _merge_counts(plans: Sequence[PlanDocument], undeclared: int) -> dict[str, int]:
    added: Counter[str] = Counter()
    for plan in plans:
        added.update(plan.counts)
    given = {name: plans[0].counts[name] for name in _OF_ALL_MANIFESTS}
    given |= dict.fromkeys(_OF_ML_REPOS, undeclared)
    return {name: given.get(name, added[name]) for name in plans[0].counts}


def _merge_scope(parts: Sequence[_Part], extents: Mapping[str, Extent]) -> Scope:
    scopes = [part.plan.scope for part in parts]
    manifests = sum(scope.manifests for scope in scopes)
    return Scope(
        ml_repos=tuple(sorted(set(chain.from_iterable(scope.ml_repos for scope in scopes)))),
        pages=sum(scope.pages for scope in scopes),
        rows=sum(extent.listed for extent in extents.values()),
        manifests=manifests,
        not_selected=scopes[0].manifests + scopes[0].not_selected - manifests,
        orphans_not_selected=sum(scope.orphans_not_selected for scope in scopes),
    )
