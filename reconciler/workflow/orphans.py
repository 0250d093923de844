"""What git declared once and does no longer, and what of that is registered."""

from __future__ import annotations

import asyncio
from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from reconciler.client.listing import find_versions
from reconciler.client.port import MlRepo, Reader
from reconciler.compare.selector import Selector
from reconciler.compare.undeclared import UndeclaredVersions
from reconciler.errors import ControlPlaneError, SettingsError, SourceError
from reconciler.manifest.load import Declaration, Loading
from reconciler.manifest.mentions import Mentions
from reconciler.manifest.outlines import Outlines
from reconciler.manifest.settings import load_settings
from reconciler.model import EXACT, Artifact, Outline, Registered, Target
from reconciler.planning.change import Delete, Plan, Update
from reconciler.planning.orphans import (
    DeclaredNow,
    DeclaredOnce,
    Orphan,
    Orphans,
    Pruning,
    Removal,
    list_labelled,
    list_uses,
)
from reconciler.source.snapshot import SETTINGS_FILE, Snapshot, drop_known_files
from reconciler.workflow.recollection import Recollection

if TYPE_CHECKING:
    from reconciler.source.history.eras import ReadBy
    from reconciler.source.repository import Repository


@dataclass(frozen=True, slots=True)
class Ownership:
    """Where to look for what was ever declared.

    Args:
        repository: has the history.
        commit: the full id of the last commit that counts.
        read_by: says what is read by the settings of a commit.
        since: the full id of the commit that a branch is compared with, if it is.
        others: the full ids of the last commits of other branches that are ours as well.
    """

    repository: Repository
    commit: str
    read_by: ReadBy
    since: str | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoOwnership:
    """Why orphans can not be looked for.

    Args:
        why: without a final full stop.
        hint: what to do about it.
    """

    why: str
    hint: str


class _Past(NamedTuple):
    """What commits declared, as far as it may be registered, and is not declared.

    Args:
        recollections: of each branch that is ours.
        elsewhere: what the last commits of others than the first still declare.
        once: what commits on the first-parent lines did.
        aside: what a commit of a branch that is compared did, be it of one merged into it.
        before: what commits on the line of its base, or of another branch that is ours, did.
    """

    recollections: Sequence[Recollection]
    elsewhere: list[Outline]
    once: DeclaredOnce
    aside: DeclaredOnce
    before: DeclaredOnce

    @property
    def artifacts(self) -> Sequence[Artifact]:
        """The artifacts of all of it, in order."""
        return sorted({*self.once.artifacts, *self.aside.artifacts})

    def is_passing(self, row: Registered) -> bool:
        """Whether only commits of the branch declared a version."""
        return bool(self.aside.find_holders(row)) and not self.before.find_holders(row)


class Search:
    """Looks for registered versions that were declared once, and are no longer.

    Args:
        ownership: finds where to look for orphans; `None` where none are looked for.
        selector: chooses the versions that are looked for.
        loading: has the settings, which say what is kept, and what is remembered.
        pruning: which of them are to be deleted.

    Raises:
        SettingsError: some are to be, and the settings forbid it, or what was declared once is not known.
    """

    def __init__(
        self,
        ownership: Callable[[], Ownership | NoOwnership] | None,
        selector: Selector,
        loading: Loading,
        pruning: Pruning,
    ) -> None:
        self._ownership = ownership
        self._selector = selector
        keep = loading.settings.keep
        self._is_kept = Selector(keep) if keep else lambda _: False
        self._is_forbidden = loading.settings.prune == "never"
        self._memory = loading.memory
        self._pruning = pruning
        self._prunes = pruning is not Pruning.NONE
        self._reading: Outlines | None = None
        self._is_stopped = False
        self._recollections: Sequence[Recollection] = ()
        self._ids: Sequence[str] = ()
        self._error: SourceError | None = None
        self._where = self._find_ownership()  # before anything is asked of the control plane

    async def read_history(self, snapshot: Snapshot) -> None:
        """Read what files have been; if that fails, `complete` raises the error.

        This comes first, while little else is in memory: git holds all that one commit changes.

        Args:
            snapshot: the files that there are.
        """
        if isinstance(self._where, Ownership):
            try:
                self._recollections = await asyncio.to_thread(self._recollect, self._where, snapshot)
            except SourceError as error:
                self._error = error

    def _recollect(self, ownership: Ownership, snapshot: Snapshot) -> Sequence[Recollection]:
        """What files have been on each branch that is ours; of the first alone anything is remembered."""
        self._ids = snapshot.files.list_ids()
        present = partial(self._iterate_present, snapshot)
        recollect = partial(Recollection, ownership.repository, ownership.read_by)
        first = recollect(ownership.commit, present(), self._memory)
        return [first, *(recollect(other, present()) for other in ownership.others)]

    def _iterate_present(self, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
        """The paths of files that there are, and the ids of their contents."""
        return zip(snapshot.files.paths, self._ids, strict=True)

    async def complete(
        self, decided: Plan, declaration: Declaration, undeclared: UndeclaredVersions, reader: Reader
    ) -> Plan:
        """The plan with its orphans, or with their deletions; or with the reason why they are not known.

        The control plane is asked once more only for artifacts that were declared once, and of which what is
        registered was not listed, or is not declared.

        Args:
            decided: the plan without them.
            declaration: what git declares, selected or not.
            undeclared: what was listed, and none of the manifests selected is about.
            reader: the control plane.

        Raises:
            SourceError: orphans are to be deleted, and git does not give its history.
            ControlPlaneError: what is registered can not be read.
        """
        if self._ownership is None:
            return decided
        if isinstance(self._where, NoOwnership):
            return replace(decided, orphans=Orphans((), self._where.why, self._where.hint))
        left = undeclared.exclude_manifests(declaration.manifests)
        try:
            if self._error:
                raise self._error
            return await self._add_orphans(self._where, decided, declaration, left, reader)
        except (SourceError, ControlPlaneError) as error:
            if self._prunes:
                raise
            return replace(decided, orphans=Orphans((), str(error), error.hint))

    async def _add_orphans(
        self,
        ownership: Ownership,
        decided: Plan,
        declaration: Declaration,
        left: UndeclaredVersions,
        reader: Reader,
    ) -> Plan:
        """The plan with what is registered of what was declared."""
        try:
            past = await asyncio.to_thread(self._read_past, ownership, declaration.snapshot, left)
        finally:
            self._stop_reading()
        more = await _find_ml_repos(past.artifacts, left.ml_repo_ids, reader)
        ids = {**left.ml_repo_ids, **{name: ml_repo.id for name, ml_repo in more.items()}}
        rows = await self._find_registered(past, declaration, ids, reader)
        owned = [row for row in rows if past.once.find_holders(row)]
        gone = list(filter(self._is_selected, owned))
        counted = sum(row.artifact.ml_repo in left.ml_repo_ids for row in owned)
        removals = _find_removals(gone, past, ownership)
        released = {c.registered.id for c in decided.changes if isinstance(c, Update) and not c.declared}
        orphans = [
            Orphan(row, ids[row.artifact.ml_repo], removals.get(row.id), list_uses(row, released))
            for row in gone
        ]
        return replace(
            decided,
            target=_extend_target(decided.target, more.values(), reader),
            scope=replace(decided.scope, orphans_not_selected=len(owned) - len(gone)),
            undeclared=max(decided.undeclared - counted, 0),
            passing=tuple(filter(past.is_passing, filter(self._is_selected, rows))),
            orphans=Orphans(tuple(orphan for orphan in orphans if not self._pruning.takes(orphan))),
            deletes=tuple(Delete(orphan) for orphan in orphans if self._pruning.takes(orphan)),
        )

    def _find_ownership(self) -> Ownership | NoOwnership:
        if self._is_forbidden:
            why, hint = f'{SETTINGS_FILE} says prune = "never"', "take that out, or do without --prune"
            if self._prunes:
                raise SettingsError(f"nothing may be deleted: {why}", hint)
            return NoOwnership(why, "")
        found = self._ownership() if self._ownership else NoOwnership("there is no repository", "name one")
        if self._prunes and isinstance(found, NoOwnership):
            raise SettingsError(f"--prune can not tell what was declared once: {found.why}", found.hint)
        return found

    def _read_past(self, ownership: Ownership, snapshot: Snapshot, left: UndeclaredVersions) -> _Past:
        """What files have been, and what of that may be registered and is not declared."""
        repository, read_by = ownership.repository, ownership.read_by
        mentions = Mentions(left.names, left.whole)
        past = _Past(
            self._recollections,
            [],
            *(DeclaredOnce(partial(left.may_hold, selector=self._selector)) for _ in range(3)),
        )
        first, *others = self._recollections
        self._read(first.outlines(mentions), past.once.add)
        for other, recollection in zip(ownership.others, others, strict=True):
            self._read(recollection.outlines(mentions), past.once.add, past.before.add)
            self._read_declared_elsewhere(ownership, other, snapshot, past.elsewhere)
        if ownership.since:
            between = repository.read_contents_between(ownership.since, ownership.commit, read_by)
            self._read(Outlines(between, EXACT), past.aside.add)
            if past.aside.artifacts:
                before = Recollection(repository, read_by, ownership.since, self._iterate_present(snapshot))
                self._read(before.outlines(mentions), past.before.add)
        return past

    def _read_declared_elsewhere(
        self, ownership: Ownership, other: str, snapshot: Snapshot, found: list[Outline]
    ) -> None:
        """Find what the last commit of another branch still declares, beside what there is here.

        Raises:
            SourceError: there are errors in it, so that what it declares is not known.
        """
        settings = ownership.repository.read_settings(other)
        _, problems = load_settings(settings)
        files = ownership.repository.list_files(other, ownership.read_by(settings))
        reading = Outlines(drop_known_files(files, self._iterate_present(snapshot)), EXACT)
        self._read(reading, found.extend)
        for problem in chain(problems, reading.list_problems()):
            if problem.severity == "error":
                raise SourceError(
                    f"{problem.place} of {other[:10]}, which is ours too, can not be read: {problem.message}",
                    "mend it on that branch, or do without it: --owned-by",
                )

    def _is_selected(self, row: Registered) -> bool:
        """Whether a registered version is selected by its number, and not left out by its alias either."""
        number, *alias = list_labelled(row)
        return self._selector(number) and not any(map(self._selector.leaves_out, alias))

    def _read(self, reading: Outlines, *takers: Callable[[Sequence[Outline]], object]) -> None:
        """Hand manifests over as they are read, which ends when it is stopped."""
        self._reading = reading
        if self._is_stopped:
            reading.stop()
        for outlines in reading:
            for take in takers:
                take(outlines)

    def _stop_reading(self) -> None:
        """Read no more."""
        self._is_stopped = True
        if self._reading:
            self._reading.stop()

    async def _find_registered(
        self, past: _Past, declaration: Declaration, ml_repo_ids: Mapping[str, str], reader: Reader
    ) -> Sequence[Registered]:
        """What was declared and is not, as it is registered now."""
        now = DeclaredNow(chain(declaration.manifests, past.elsewhere), past.artifacts)

        def is_left(row: Registered) -> bool:
            if any(map(self._is_kept, list_labelled(row))) or now.names(row):
                return False
            return bool(past.once.find_holders(row) or past.is_passing(row))

        asked = [
            (artifact, ml_repo_ids[artifact.ml_repo])
            for artifact in past.artifacts
            if artifact.ml_repo in ml_repo_ids
        ]
        return await find_versions(reader, asked, is_left)


async def _find_ml_repos(
    artifacts: Iterable[Artifact], known: Collection[str], reader: Reader
) -> Mapping[str, MlRepo]:
    """The ML repos of artifacts that exist still, by name, without the known ones."""
    names = sorted({artifact.ml_repo for artifact in artifacts}.difference(known))
    return {name: ml_repo for name in names if (ml_repo := await reader.find_ml_repo(name))}


def _extend_target(asked: Target, more: Collection[MlRepo], reader: Reader) -> Target:
    """What was asked, by then: where nothing is declared of what is selected, nobody was before."""
    if asked.tenant is not None or not more:
        return asked
    tenants = (ml_repo.tenant for ml_repo in more)
    return replace(asked, api=reader.api, tenant=min(filter(None, tenants), default=None))


def _find_removals(gone: Iterable[Registered], past: _Past, ownership: Ownership) -> Mapping[str, Removal]:
    """The commits that removed the manifests of versions, by the ids of these, as far as any did."""
    holders = {row.id: past.once.find_holders(row) for row in gone}
    removed = ChainMap(*(dict(each.chronicle.find_removals(holders)) for each in past.recollections))
    signatures = ownership.repository.history.read_signatures(sorted(set(removed.values())))
    return {row_id: Removal(commit, *signatures[commit]) for row_id, commit in removed.items()}
