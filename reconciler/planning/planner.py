"""From what is declared and what is registered to a plan: one verdict for each identity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from reconciler.codes import Code
from reconciler.compare.desired import find_immutable_differences, join_field_names, make_desired_document
from reconciler.compare.drift import ArtifactDrift, Drift
from reconciler.compare.match import Match, RegisteredVersions
from reconciler.diff import are_same
from reconciler.errors import InvalidManifestsError, Problem
from reconciler.manifest.load import Declaration
from reconciler.manifest.settings import Settings
from reconciler.model import PARKING_ALIAS, Declared, Registered, write_pointer
from reconciler.packing import Packer
from reconciler.planning.change import Change, Conflict, Create, Lane, Plan, Update
from reconciler.planning.document import PromotionDocument, Scope, Source
from reconciler.planning.order import order_changes
from reconciler.source.snapshot import EVERYTHING


def make_plan(declaration: Declaration, drift: Drift, documents: Iterable[Sequence[Declared]]) -> Plan:
    """Decide what is to become of everything that is not registered as declared.

    Args:
        declaration: what git declares.
        drift: what of it is registered as declared, and what there is to look at.
        documents: the manifests of each of its artifacts, as a whole; walked over once and not kept.

    Raises:
        InvalidManifestsError: two manifests turn out to be about one registered version.
    """
    decided = _decide(declaration, drift, documents)
    return Plan(
        lanes=tuple(decided.lanes),
        promotions=tuple(decided.promotions),
        unchanged=decided.unchanged,
        others=declaration.others,
        other_files=declaration.other_files,
        declared=+decided.matched,
        undeclared=drift.registered - decided.matched.total(),
        warnings=declaration.problems,
        source=_describe_source(declaration),
        target=drift.target,
        scope=_describe_scope(declaration, drift),
        comparison=declaration.settings.comparison,
        limits=declaration.settings.guard,
    )


@dataclass(slots=True)
class _Decided:
    """What was decided of the artifacts so far.

    Attributes:
        lanes: of those that have changes.
        promotions: among these.
        unchanged: how many manifests are registered as declared.
        matched: how many registered versions manifests are about, by ML repo.
    """

    unchanged: int
    matched: Counter[str]
    lanes: list[Lane] = field(default_factory=list)
    promotions: list[PromotionDocument] = field(default_factory=list)


def _decide(declaration: Declaration, drift: Drift, documents: Iterable[Sequence[Declared]]) -> _Decided:
    """Decide on each artifact that differs; arguments and errors are those of `make_plan`."""
    decided = _Decided(sum(drift.unchanged.values()), Counter(drift.unchanged))
    problems: list[Problem] = []
    packer = Packer()
    for drifted, manifests in zip(drift.artifacts, documents, strict=True):
        versions = RegisteredVersions(drifted.seen.versions)
        matches = [versions.match(declared) for declared in manifests]
        problems += _find_shared_versions(matches)
        judge = _Judge(drifted, matches, declaration.settings, packer)
        verdicts = judge.make_changes()
        if verdicts:
            decided.lanes.append(Lane(drifted.artifact, order_changes(verdicts), drifted.seen))
        decided.promotions += judge.find_promotions(verdicts)
        decided.unchanged += len(matches) - sum(change.place is not None for change in verdicts)
        about = {version.version for match in matches for version in match.candidates}
        decided.matched[drifted.artifact.ml_repo] += len(about)
    if problems:
        raise InvalidManifestsError(tuple(sorted(problems)))
    return decided


def _describe_source(declaration: Declaration) -> Source:
    snapshot = declaration.snapshot
    return Source(
        repository=snapshot.remote,
        commit=snapshot.commit,
        paths=() if snapshot.scopes == EVERYTHING else tuple(map(str, snapshot.scopes)),
        in_work_tree=snapshot.in_work_tree,
        is_dirty=False,
        defaults=tuple(write_pointer(path) for path, _ in declaration.settings.comparison.default_parts),
    )


def _describe_scope(declaration: Declaration, drift: Drift) -> Scope:
    return Scope(
        ml_repos=tuple(sorted({outline.artifact.ml_repo for outline in declaration.manifests})),
        pages=drift.pages,
        rows=drift.rows,
        manifests=len(declaration.manifests),
    )


class _Judge:
    """Finds the verdicts of one artifact."""

    def __init__(
        self, drifted: ArtifactDrift, matches: Sequence[Match], settings: Settings, packer: Packer
    ) -> None:
        self._artifact = drifted.artifact
        self._highest = drifted.highest
        self._matches = matches
        self._registered = drifted.seen.versions
        self._settings = settings
        self._packer = packer

    def make_changes(self) -> list[Change]:
        """Every change of the artifact, in no particular order."""
        settled: list[Conflict | Create] = []
        updates: dict[int, Update] = {}
        for found in self._matches:
            change = self._judge_manifest(found)
            if isinstance(change, Update):
                updates[change.version] = change
            elif change:
                settled.append(change)
        self._release_aliases(updates, settled)
        return [*settled, *(update for update in updates.values() if _has_changes(update))]

    def find_promotions(self, verdicts: Iterable[Change]) -> Iterator[PromotionDocument]:
        """The aliases that move between versions, by alias."""
        holders = {version.alias: version.version for version in self._registered if version.alias}
        if not holders:
            return
        moves = []
        for change in verdicts:
            alias = change.after.get("version_alias")
            if isinstance(change, Conflict) or not isinstance(alias, str):
                continue
            source = holders.get(alias)
            if source is not None and source != change.version:
                moves.append(PromotionDocument(self._artifact, alias, source, change.version))
        yield from sorted(moves, key=lambda promotion: promotion.alias)

    def _judge_manifest(self, found: Match) -> Create | Update | Conflict | None:
        """The verdict on one manifest; an update also where nothing differs yet."""
        declared, registered = found.declared, found.registered
        after = make_desired_document(declared, registered, self._settings.comparison)
        if len(found.candidates) > 1:
            versions = ", ".join(str(version.version) for version in found.candidates)
            reason = f"{len(found.candidates):,} registered versions have this source.uri: {versions}"
            hint = "say which one is meant: give version"
            return Conflict(declared, None, after, reason, hint, (("source", "uri"),))
        if registered is None:
            return Create.of(declared, self._packer)
        if parts := find_immutable_differences(registered.document, after):
            reason = f"{join_field_names(parts)} of a registered version can not change"
            hint = f"declare it as a new version: {self._highest + 1} is free"
            return Conflict(declared, registered, after, reason, hint, parts)
        return Update(declared, registered, after)

    def _release_aliases(self, updates: dict[int, Update], settled: Iterable[Conflict | Create]) -> None:
        """Have every version that is to lose its alias give it up.

        A version loses the alias that another one declares, unless its own manifest says what becomes
        of it; and one of ours that an interrupted run left behind.
        """
        if not self._registered:
            return
        wanted = {
            alias: taker.version
            for taker in (*updates.values(), *settled)
            if not isinstance(taker, Conflict) and (alias := _find_wanted_alias(taker))
        }
        for holder in self._registered:
            alias = holder.alias
            if not alias or not (alias in wanted or alias.startswith(PARKING_ALIAS)):
                continue
            update = updates.get(holder.version)
            if update and update.after.get("version_alias") != alias:
                continue
            if wanted.get(alias, 0) == holder.version or self._is_in_conflict(holder, settled):
                continue
            document = update.after if update else holder.document
            declared = update.declared if update else None
            updates[holder.version] = Update(declared, holder, {**document, "version_alias": None})

    def _is_in_conflict(self, holder: Registered, settled: Iterable[Conflict | Create]) -> bool:
        return any(isinstance(change, Conflict) and change.registered is holder for change in settled)


def _find_wanted_alias(change: Create | Update) -> str | None:
    """The alias that a manifest declares, unless it is left to others."""
    alias = change.declared.alias if change.declared else None
    return alias if alias == change.after.get("version_alias") else None


def _has_changes(update: Update) -> bool:
    return not are_same(update.registered.document, update.after)


def _find_shared_versions(matches: Iterable[Match]) -> Iterator[Problem]:
    """Manifests that name one registered version in different ways, e.g. by number and by alias."""
    first: dict[str, Declared] = {}
    for found in sorted(matches, key=lambda found: found.declared.place):
        registered, declared = found.registered, found.declared
        if registered is None:
            continue
        earlier = first.setdefault(registered.id, declared)
        if earlier is not declared:
            message = f"{declared.label} and {earlier.label} are one registered version, {registered}"
            yield Problem(declared.place, Code.SHARED_VERSION, message, f"also at {earlier.place}")
