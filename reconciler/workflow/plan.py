"""What would have to change for the control plane to have what git declares."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from reconciler.client.listing import observe_artifact, observe_artifacts
from reconciler.client.port import Lister, Observation, Reader
from reconciler.client.requests.patience import Deadline, Patience
from reconciler.compare.declared import DeclaredArtifacts
from reconciler.compare.demand import ManifestDemand
from reconciler.compare.drift import ArtifactDrift, Drift, take_whole_artifact
from reconciler.compare.matcher import Matcher
from reconciler.compare.selector import EVERYTHING, Selector
from reconciler.compare.undeclared import UndeclaredVersions
from reconciler.errors import InvalidManifestsError, Problem, SettingsError
from reconciler.manifest.load import Declaration, Loading
from reconciler.model import Target
from reconciler.planning.change import Conflict, Plan
from reconciler.planning.describe import describe_plan
from reconciler.planning.document import PlanDocument, Share
from reconciler.planning.orphans import Pruning
from reconciler.planning.planner import make_plan
from reconciler.source.snapshot import Snapshot
from reconciler.spans import enter_in_stage, open_stage
from reconciler.workflow.control_plane import ControlPlane
from reconciler.workflow.expected_host import check_expected_host
from reconciler.workflow.options import PlanOptions
from reconciler.workflow.orphans import NoOwnership, Ownership, Search
from reconciler.workflow.read import Selection, find_ownership, is_dirty, select_snapshot
from reconciler.workflow.validate import check_is_any_found

if TYPE_CHECKING:
    from reconciler.manifest.memory import Memory
    from reconciler.workflow.branch.comparison import BaseComparison

_by_artifact = attrgetter("artifact")
BeginPlanning: TypeAlias = Callable[
    [Callable[[Lister], Reader]], Coroutine[Any, Any, tuple[Declaration, Plan]]
]
"""Begins to plan; is given a function that makes a watched reader of a reader."""


class PlanWatcher(Protocol):
    """Runs the call that makes a plan, and shows how far it is."""

    def watch_planning(self, loading: Loading, begin: BeginPlanning) -> tuple[Declaration, Plan]:
        """Run the call that plans to its end."""


async def plan(
    loading: Loading,
    reader: Reader,
    selector: Selector = EVERYTHING,
    ownership: Callable[[], Ownership | NoOwnership] | None = None,
    pruning: Pruning = Pruning.NONE,
) -> tuple[Declaration, Plan]:
    """Compare what git declares with what is registered, which is listed while manifests are still read.

    Args:
        loading: reads the manifests; all of them have to be valid.
        reader: the control plane.
        selector: chooses those that the plan is about.
        ownership: finds where to look for orphans; without it, none are looked for.
        pruning: which orphans are to be deleted.

    Raises:
        InvalidManifestsError: the manifests have errors.
        SettingsError: the manifests are for another control plane, or what is to be deleted is not known.
        SourceError: there is no document, or one can not be read, or not again.
        ControlPlaneError: what is registered can not be read.
    """
    search = Search(ownership, selector, loading, pruning)
    try:
        check_expected_host(loading.settings.expect_host, reader.host)
        with open_stage("history"):
            await search.read_history(loading.snapshot)
        declaration, drift = await _find_drift(loading, reader, selector)
    finally:
        loading.stop()
    with open_stage("plan") as span:
        decided = _decide(declaration, drift, loading, selector)
        completed = await search.complete(decided, declaration, drift.undeclared, reader)
        _check_selected(declaration, selector, completed)
        span.count(**Counter[str](change.action for change in completed.changes))
    return declaration, completed


def _decide(declaration: Declaration, drift: Drift, loading: Loading, selector: Selector) -> Plan:
    """The plan, but for what is no longer declared."""
    selected = replace(declaration, manifests=tuple(filter(selector, declaration.manifests)))
    if len(selected.manifests) < len(declaration.manifests):
        drift = drift.raise_highest(declaration.manifests)
    groups = [artifact.outlines for artifact in drift.artifacts]
    decided = make_plan(selected, drift, loading.read_documents(groups))
    if in_the_way := {c.declared.place: c.parts for c in decided.changes if isinstance(c, Conflict)}:
        decided = decided.with_places(loading.places.find_places(in_the_way))
    scope = replace(decided.scope, not_selected=len(declaration.manifests) - len(selected.manifests))
    share = _make_share(selector, drift, decided)
    return replace(decided, scope=scope, share=share, made=datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and what it was made of.

    Args:
        document: describes it.
        snapshot: the files that it was made of.
        warnings: those of the comparison with a base, which the document has as well.
        undoing: how many changes would undo what the base has brought since the branch left it.
    """

    document: PlanDocument
    snapshot: Snapshot
    warnings: tuple[Problem, ...] = ()
    undoing: int = 0


@contextmanager
def run_plan(
    asked: PlanOptions,
    opening: AbstractContextManager[ControlPlane],
    watcher: PlanWatcher,
    compare: Callable[[Selection], BaseComparison | None],
    remember: Callable[[Snapshot], Memory | None],
) -> Iterator[Planned]:
    """Plan what a work tree or a commit declares; its files can be read within `with`.

    Args:
        asked: what the plan is about.
        opening: opens the control plane, once it is known what is read.
        watcher: runs the calls and shows how far they are.
        compare: gives what the plan is compared with, if it is to be compared.
        remember: gives the cache of what was read, if there is to be one.

    Raises:
        ReconcilerError: as `plan`; or git does not give what is to be read, or compared.
    """
    deadline = Deadline(asked.seconds)
    asked = replace(asked, selection=replace(asked.selection, seconds=deadline.left))
    compared = compare(asked.selection)
    with enter_in_stage("read", select_snapshot(asked.selection)) as snapshot, opening as plane:
        loading = Loading(snapshot, remember(snapshot))
        since = compared.known_commit if compared else None
        decided, document = make_proposal(asked, loading, plane.reader(deadline, Patience()), watcher, since)
        if compared:
            document, warnings, undoing = compared.attribute_changes(
                document, decided, loading.load_declaration()
            )
            yield Planned(document, snapshot, warnings, undoing)
        else:
            yield Planned(document, snapshot)


def make_proposal(
    asked: PlanOptions,
    loading: Loading,
    opening: AbstractAsyncContextManager[Lister],
    watcher: PlanWatcher,
    since: str | None = None,
) -> tuple[Plan, PlanDocument]:
    """Make a plan and its document, which says whether the files differ from the commit.

    Its arguments are those of `decide_plan`.

    Raises:
        ReconcilerError: as `plan`; or git does not give the files of the commit.
    """
    decided = decide_plan(asked, loading, opening, watcher, since)
    document = describe_plan(decided, allows_mass_change=asked.allows_mass_change)
    if decided.changes and is_dirty(asked.selection, loading.snapshot):
        document = replace(document, source=replace(document.source, is_dirty=True))
    return decided, document


def decide_plan(
    asked: PlanOptions,
    loading: Loading,
    opening: AbstractAsyncContextManager[Lister],
    watcher: PlanWatcher,
    since: str | None = None,
) -> Plan:
    """Plan what is asked for.

    Args:
        asked: what the plan is about.
        loading: reads the manifests.
        opening: the control plane, opened for reading.
        watcher: runs the calls and shows how far they are.
        since: the full id of the commit that a branch is compared with, if it is.

    Raises:
        ReconcilerError: as `plan`.
    """
    ownership = partial(find_ownership, asked.selection, loading.snapshot, asked.owned_by, since)

    async def begin(watch: Callable[[Lister], Reader]) -> tuple[Declaration, Plan]:
        async with opening as reader:
            return await plan(loading, watch(reader), asked.selector, ownership, asked.pruning)

    try:
        _, decided = watcher.watch_planning(loading, begin)
    finally:
        loading.stop()
    return decided


async def _find_drift(loading: Loading, reader: Reader, selector: Selector) -> tuple[Declaration, Drift]:
    """What is declared, and how what is registered differs from it."""
    demand = ManifestDemand(loading, selector)
    declared = asyncio.ensure_future(_read_manifests(demand))
    observed = asyncio.ensure_future(_observe(reader, demand, loading))
    try:
        # Problems of the manifests are raised first, whatever the control plane answers.
        declaration = await declared
        check_is_any_found(declaration)
        if not declaration.is_valid:
            raise InvalidManifestsError(declaration.problems)
        observation = await observed
        with open_stage("compare") as span:
            drift = await _collect_drift(observation, reader, demand.declared, selector)
            span.count(unchanged=sum(drift.unchanged.values()), drifted_artifacts=len(drift.artifacts))
        return declaration, drift
    finally:
        for task in (declared, observed):
            task.cancel()
        await asyncio.gather(declared, observed, return_exceptions=True)


async def _read_manifests(demand: ManifestDemand) -> Declaration:
    with open_stage("validate") as span:
        declaration = await demand.read_manifests()
        span.count(manifests=len(declaration.manifests), problems=len(declaration.problems))
        return declaration


async def _observe(reader: Reader, demand: ManifestDemand, loading: Loading) -> Observation[Matcher]:
    def make_matcher(ml_repo: str, name: str | None) -> Matcher:
        return Matcher(demand.declared, ml_repo, name, loading.settings.comparison, loading.read_again)

    with open_stage("observe") as span:
        observation = await observe_artifacts(reader, demand, make_matcher)
        rows, pages = (sum(map(attrgetter(each), observation.readings)) for each in ("rows", "pages"))
        span.count(ml_repos=len(observation.extents), rows=rows, pages=pages)
        return observation


async def _collect_drift(
    observation: Observation[Matcher], reader: Reader, declared: DeclaredArtifacts, selector: Selector
) -> Drift:
    """The drift in everything that was listed."""
    artifacts: list[ArtifactDrift] = []
    unchanged: Counter[str] = Counter()
    for listing in observation.readings:
        matcher = listing.collector
        matcher.finish()
        artifacts += matcher.iterate_drift(listing)
        unchanged[matcher.ml_repo] += matcher.unchanged
        for artifact in matcher.ambiguous_artifacts:
            sighting = await observe_artifact(reader, artifact, listing.ml_repo_id)
            artifacts.append(take_whole_artifact(artifact, declared.get(artifact).outlines, sighting))
    return Drift(
        target=Target(observation.host, observation.api, observation.tenant),
        artifacts=tuple(sorted(artifacts, key=_by_artifact)),
        unchanged=unchanged,
        extents=observation.extents,
        pages=sum(listing.pages for listing in observation.readings),
        undeclared=_collect_undeclared(observation, selector),
    )


def _collect_undeclared(observation: Observation[Matcher], selector: Selector) -> UndeclaredVersions:
    """The versions listed that none of the manifests compared is about, but for those of other shards."""
    matchers = [listing.collector for listing in observation.readings]
    numbers = chain.from_iterable(matcher.iterate_undeclared() for matcher in matchers)
    return UndeclaredVersions(
        numbers={artifact: found for artifact, found in numbers if selector.is_in_shard(artifact)},
        ml_repo_ids={listing.collector.ml_repo: listing.ml_repo_id for listing in observation.readings},
        listed=[matcher.artifact for matcher in matchers if matcher.artifact],
        whole=[matcher.ml_repo for matcher in matchers if not matcher.artifact],
    )


def _make_share(selector: Selector, drift: Drift, decided: Plan) -> Share | None:
    if selector.shard is None:
        return None
    return Share(selector.shard, selector.globs, drift.extents, decided.declared, decided.limits)


def _check_selected(declaration: Declaration, selector: Selector, completed: Plan) -> None:
    """Check that globs select something; a shard may be empty.

    Raises:
        SettingsError: they select nothing that is declared, and no orphan.
    """
    orphans = completed.orphans
    if not selector.globs or completed.deletes or orphans.found:
        return
    if not any(map(Selector(selector.globs), declaration.manifests)):
        message = "nothing that is declared is selected"
        if orphans.unknown:
            message += f", and orphans are not known: {orphans.unknown}"
        hint = "check --select: globs are of identities, e.g. 'fraud/*' or 'fraud/scorer:4'"
        raise SettingsError(message, hint)
