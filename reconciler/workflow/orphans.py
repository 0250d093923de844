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
from reconciler.errors import ControlPlaneError, SettingsError, SourceError
from reconciler.manifest.load import Declaration, Loading
from reconciler.manifest.mentions import Mentions
from reconciler.manifest.outlines import Outlines
from reconciler.model import EXACT, Artifact, Outline, Registered
from reconciler.planning.change import Delete, Plan, Update
from reconciler.planning.document import Target
from reconciler.planning.orphans import (
    DeclaredNow,
    DeclaredOnce,
    Numbered,
    Orphan,
    Orphans,
    Pruning,
    Removal,
    Undeclared,
    in_use,
)
from reconciler.planning.selector import Selector
from reconciler.source.snapshot import SETTINGS_FILE, Files, Snapshot, but_for
from reconciler.workflow.recollection import Recollection

if TYPE_CHECKING:
    from reconciler.manifest.memory import Memory
    from reconciler.source.chronicle import Chronicle
    from reconciler.source.eras import ReadBy
    from reconciler.source.repository import Repository


@dataclass(frozen=True, slots=True)
class Ownership:
    """Where it is to be found out what was ever declared.

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
    """It can not be found out.

    Args:
        why: without a final full stop.
        hint: what to do about it.
    """

    why: str
    hint: str


class _Past(NamedTuple):
    """What commits declared, as far as it may be registered, and is not declared.

    Args:
        chronicles: of each branch that is ours.
        elsewhere: what the last commits of others than the first still declare.
        once: what commits on the first-parent lines did.
        aside: what a commit of a branch that is compared did, be it of one merged into it.
        before: what commits on the line of its base, or of another branch that is ours, did.
    """

    chronicles: list[Chronicle]
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
        return bool(self.aside.holders(row)) and not self.before.holders(row)


class Search:
    """Looks for registered versions that were declared once, and are no longer.

    Args:
        ownership: says where to find out what was declared once; `None` where nobody wants to know.
        selector: says which versions are looked for.
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
        self._where = self._located()  # before anything is asked of the control plane

    async def completed(
        self, decided: Plan, declaration: Declaration, undeclared: Undeclared, reader: Reader
    ) -> Plan:
        """A plan that tells of orphans, or deletes them: the same ones, or it says that they are not known.

        The control plane is asked once more only for artifacts that were declared once, and of which what is
        registered was not listed, or is not declared.

        Args:
            decided: the plan without them.
            declaration: what git declares, selected or not.
            undeclared: what was listed, and none of the manifests selected is about.
            reader: the control plane.

        Raises:
            SourceError: orphans are to be deleted, and git does not give its history.
            ControlPlaneError: what is registered can not be told.
        """
        if self._ownership is None:
            return decided
        left = undeclared.but_for(declaration.manifests, self._selector)
        ownership = self._where
        if isinstance(ownership, NoOwnership):
            return replace(decided, orphans=Orphans((), ownership.why, ownership.hint))
        released = {c.registered.id for c in decided.changes if isinstance(c, Update) and not c.declared}
        try:
            orphans, passing, more = await self._found(ownership, declaration, left, reader, released)
        except (SourceError, ControlPlaneError) as error:
            if self._prunes:
                raise
            return replace(decided, orphans=Orphans((), str(error), error.hint))
        decided = replace(decided, target=_target(decided.target, more, reader))
        counted = sum(orphan.artifact.ml_repo in left.ml_repo_ids for orphan in orphans)
        decided = replace(decided, undeclared=max(decided.undeclared - counted, 0), passing=passing)
        deletes = tuple(Delete(orphan) for orphan in orphans if self._pruning.takes(orphan))
        kept = tuple(orphan for orphan in orphans if not self._pruning.takes(orphan))
        return replace(decided, orphans=Orphans(kept), deletes=deletes)

    async def _found(
        self,
        ownership: Ownership,
        declaration: Declaration,
        left: Undeclared,
        reader: Reader,
        released: Collection[str],
    ) -> tuple[tuple[Orphan, ...], tuple[Registered, ...], Collection[MlRepo]]:
        """The orphans, what was declared in passing, and the ML repos that were asked for these alone.

        `released` tells what a plan takes an alias from.
        """
        try:
            past = await asyncio.to_thread(self._history, ownership, declaration.snapshot, left)
        finally:
            self._stop()
        more = await _ml_repos(past.artifacts, left.ml_repo_ids, reader)
        ids = {**left.ml_repo_ids, **{name: ml_repo.id for name, ml_repo in more.items()}}
        rows = await self._registered(past, declaration, ids, reader)
        found = [row for row in rows if past.once.holders(row)]
        removals = _removals(found, past, ownership)
        orphans = tuple(
            Orphan(row, ids[row.artifact.ml_repo], removal, in_use(row, released))
            for row, removal in zip(found, removals, strict=True)
        )
        return orphans, tuple(filter(past.is_passing, rows)), more.values()

    def _located(self) -> Ownership | NoOwnership:
        if self._is_forbidden:
            why, hint = f'{SETTINGS_FILE} says prune = "never"', "take that out, or do without --prune"
            if self._prunes:
                raise SettingsError(f"nothing may be deleted: {why}", hint)
            return NoOwnership(why, "")
        found = self._ownership() if self._ownership else NoOwnership("there is no repository", "name one")
        if self._prunes and isinstance(found, NoOwnership):
            raise SettingsError(f"--prune can not tell what was declared once: {found.why}", found.hint)
        return found

    def _history(self, ownership: Ownership, snapshot: Snapshot, left: Undeclared) -> _Past:
        """What files have been, and what of that may be registered and is not declared."""
        repository, read_by = ownership.repository, ownership.read_by
        present = list(zip(snapshot.files.paths, snapshot.files.ids(), strict=True))
        mentions = Mentions(left.names, left.whole)
        past = _Past([], [], *(DeclaredOnce(partial(self._may_be_left, left)) for _ in range(3)))

        def recollected(commit: str, memory: Memory | None = None) -> Iterator[Sequence[Outline]]:
            recollection = Recollection(memory, commit)
            past.chronicles.append(recollection.chronicle(repository, read_by))
            return self._watched(recollection.outlines(past.chronicles[-1], present, mentions))

        for outlines in recollected(ownership.commit, self._memory):
            past.once.add(outlines)
        for other in ownership.others:
            for outlines in recollected(other):
                past.once.add(outlines)
                past.before.add(outlines)
            files = repository.files(other, read_by(repository.settings(other)))
            still = self._watched(Outlines(but_for(files, present), EXACT))
            past.elsewhere.extend(chain.from_iterable(still))
        if ownership.since:
            for outlines in self._watched(Outlines(_between(ownership, ownership.since), EXACT)):
                past.aside.add(outlines)
            if past.aside.artifacts:
                before = repository.chronicle(ownership.since, read_by)
                reading = Recollection(None, ownership.since).outlines(before, present, mentions)
                for outlines in self._watched(reading):
                    past.before.add(outlines)
        return past

    def _may_be_left(self, left: Undeclared, outline: Outline) -> bool:
        return left.may_hold(outline) and self._selector.may_select(outline.artifact)

    def _watched(self, reading: Outlines) -> Iterator[Sequence[Outline]]:
        """What is read, unless it is stopped."""
        self._reading = reading
        if self._is_stopped:
            reading.stop()
        return iter(reading)

    def _stop(self) -> None:
        """Read no more."""
        self._is_stopped = True
        if self._reading:
            self._reading.stop()

    async def _registered(
        self, past: _Past, declaration: Declaration, ml_repo_ids: Mapping[str, str], reader: Reader
    ) -> Sequence[Registered]:
        """What was declared and is not, as it is registered now."""
        now = DeclaredNow(chain(declaration.manifests, past.elsewhere), past.artifacts)

        def is_left(row: Registered) -> bool:
            numbered = Numbered(row.artifact, row.version)
            if not self._selector(numbered) or self._is_kept(numbered) or now.names(row):
                return False
            return bool(past.once.holders(row) or past.is_passing(row))

        asked = [
            (artifact, ml_repo_ids[artifact.ml_repo])
            for artifact in past.artifacts
            if artifact.ml_repo in ml_repo_ids
        ]
        return await find_versions(reader, asked, is_left)


def _between(ownership: Ownership, since: str) -> Files:
    """What the commits of a branch put into files that are read by its settings, or by those before it."""
    repository = ownership.repository
    ways = [ownership.read_by(repository.settings(commit)) for commit in (since, ownership.commit)]
    return repository.contents_between(since, ownership.commit, lambda path: any(way(path) for way in ways))


async def _ml_repos(
    artifacts: Iterable[Artifact], known: Collection[str], reader: Reader
) -> Mapping[str, MlRepo]:
    """Those that there still are, by name, beside the known ones."""
    names = sorted({artifact.ml_repo for artifact in artifacts}.difference(known))
    return {name: ml_repo for name in names if (ml_repo := await reader.find_ml_repo(name))}


def _target(asked: Target, more: Collection[MlRepo], reader: Reader) -> Target:
    """What was asked, by then: where nothing is declared of what is selected, nobody was before."""
    if asked.tenant is not None or not more:
        return asked
    tenants = (ml_repo.tenant for ml_repo in more)
    return replace(asked, api=reader.api, tenant=min(filter(None, tenants), default=None))


def _removals(found: Sequence[Registered], past: _Past, ownership: Ownership) -> Iterator[Removal | None]:
    """What removed the manifest of each."""
    holders = {row.id: past.once.holders(row) for row in found}
    removed = ChainMap(*(dict(chronicle.removals(holders)) for chronicle in past.chronicles))
    signatures = ownership.repository.history.signatures(sorted(set(removed.values())))
    for row in found:
        commit = removed.get(row.id)
        if commit is None:
            yield None
        else:
            author, date = signatures[commit]
            yield Removal(commit, author or None, date or None)
