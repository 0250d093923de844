"""What git declared once and does no longer, and what of that is registered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.client.listing import search
from reconciler.client.port import MlRepo, Reader
from reconciler.errors import SettingsError, SourceError
from reconciler.manifest.load import Declaration
from reconciler.manifest.mentions import Mentions
from reconciler.manifest.outlines import Outlines
from reconciler.model import EXACT, Registered
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
from reconciler.source.snapshot import Snapshot, is_json

if TYPE_CHECKING:
    from reconciler.source.chronicle import Chronicle
    from reconciler.source.repository import Repository


@dataclass(frozen=True, slots=True)
class Ownership:
    """Where it is to be found out what was ever declared.

    Args:
        repository: has the history.
        commit: the full id of the last commit that counts.
        are_in_scope: says of a path below the top whether manifests are read from there.
    """

    repository: Repository
    commit: str
    are_in_scope: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class NoOwnership:
    """It can not be found out.

    Args:
        why: without a final full stop.
        hint: what to do about it.
    """

    why: str
    hint: str


class Search:
    """Looks for registered versions that were declared once, and are no longer.

    Args:
        ownership: says where to find out what was declared once; `None` where nobody wants to know.
        selector: says which versions are looked for.
        pruning: which of them are to be deleted.

    Raises:
        SettingsError: some are to be, and what was declared once is not known.
    """

    def __init__(
        self,
        ownership: Callable[[], Ownership | NoOwnership] | None,
        selector: Selector,
        pruning: Pruning,
    ) -> None:
        self._ownership = ownership
        self._selector = selector
        self._pruning = pruning
        self._prunes = pruning is not Pruning.NONE
        self._reading: Outlines | None = None
        self._is_stopped = False
        if self._prunes:
            self._where()  # before anything is asked of the control plane

    async def completed(
        self, decided: Plan, declaration: Declaration, undeclared: Undeclared, reader: Reader
    ) -> Plan:
        """A plan that tells of orphans, or deletes them.

        History is read where something that is registered is not declared, for a plan that deletes, and where
        what is selected by name is not declared.

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
        is_named = bool(self._selector.globs) and not decided.scope.manifests
        if not (left or self._prunes or is_named):
            return decided
        ownership = self._where()
        if isinstance(ownership, NoOwnership):
            return replace(decided, orphans=Orphans((), ownership.why, ownership.hint))
        try:
            chronicle, once = await asyncio.to_thread(self._history, ownership, declaration.snapshot, left)
        except SourceError as error:
            if self._prunes:
                raise
            return replace(decided, orphans=Orphans((), str(error), error.hint))
        finally:
            self._stop()
        more = await _ml_repos(once, left.ml_repo_ids, reader)
        decided = replace(decided, target=_target(decided.target, more.values(), reader))
        ids = {**left.ml_repo_ids, **{name: ml_repo.id for name, ml_repo in more.items()}}
        found = await self._registered(once, declaration, ids, reader)
        released = {c.registered.id for c in decided.changes if isinstance(c, Update) and not c.declared}
        removals = _removals(found, chronicle, once, ownership)
        orphans = tuple(
            Orphan(row, ids[row.artifact.ml_repo], removal, in_use(row, released))
            for row, removal in zip(found, removals, strict=True)
        )
        counted = sum(orphan.artifact.ml_repo in left.ml_repo_ids for orphan in orphans)
        decided = replace(decided, undeclared=max(decided.undeclared - counted, 0))
        deletes = tuple(Delete(orphan) for orphan in orphans if self._pruning.takes(orphan))
        kept = tuple(orphan for orphan in orphans if not self._pruning.takes(orphan))
        return replace(decided, orphans=Orphans(kept), deletes=deletes)

    def _where(self) -> Ownership | NoOwnership:
        found = self._ownership() if self._ownership else NoOwnership("there is no repository", "name one")
        if self._prunes and isinstance(found, NoOwnership):
            raise SettingsError(f"--prune can not tell what was declared once: {found.why}", found.hint)
        return found

    def _history(
        self, ownership: Ownership, snapshot: Snapshot, left: Undeclared
    ) -> tuple[Chronicle, DeclaredOnce]:
        """What files have been, and what of that may be registered and is not declared."""
        once = DeclaredOnce(
            lambda outline: left.may_hold(outline) and self._selector.may_select(outline.artifact)
        )
        chronicle = ownership.repository.chronicle(ownership.commit, ownership.are_in_scope)
        mentions = Mentions(left.names, left.whole)
        self._reading = Outlines(chronicle.contents(_present(snapshot), mentions.may_be_in), EXACT)
        if self._is_stopped:
            self._reading.stop()
        for outlines in self._reading:
            once.add(outlines)
        return chronicle, once

    def _stop(self) -> None:
        """Read no more."""
        self._is_stopped = True
        if self._reading:
            self._reading.stop()

    async def _registered(
        self, once: DeclaredOnce, declaration: Declaration, ml_repo_ids: Mapping[str, str], reader: Reader
    ) -> Sequence[Registered]:
        """The orphans, as they are registered now."""
        now = DeclaredNow(declaration.manifests, once.artifacts)

        def is_orphan(row: Registered) -> bool:
            is_selected = self._selector(Numbered(row.artifact, row.version))
            return is_selected and bool(once.holders(row)) and not now.names(row)

        asked = [
            (artifact, ml_repo_ids[artifact.ml_repo])
            for artifact in once.artifacts
            if artifact.ml_repo in ml_repo_ids
        ]
        return await search(reader, asked, is_orphan)


async def _ml_repos(once: DeclaredOnce, known: Collection[str], reader: Reader) -> Mapping[str, MlRepo]:
    """Those that there still are, by name, beside the known ones."""
    names = sorted({artifact.ml_repo for artifact in once.artifacts}.difference(known))
    return {name: ml_repo for name in names if (ml_repo := await reader.ml_repo(name))}


def _target(asked: Target, more: Collection[MlRepo], reader: Reader) -> Target:
    """What was asked, by then: where nothing is declared of what is selected, nobody was before."""
    if asked.tenant is not None or not more:
        return asked
    tenants = (ml_repo.tenant for ml_repo in more)
    return replace(asked, api=reader.api, tenant=min(filter(None, tenants), default=None))


def _present(snapshot: Snapshot) -> Sequence[tuple[str, bool]]:
    """The contents that files have now, which all declare what is declared."""
    files = snapshot.files
    return [(oid, is_json(path)) for path, oid in zip(files.paths, files.ids(), strict=True)]


def _removals(
    found: Sequence[Registered], chronicle: Chronicle, once: DeclaredOnce, ownership: Ownership
) -> Iterator[Removal | None]:
    """What removed the manifest of each."""
    removed = chronicle.removals({row.id: once.holders(row) for row in found})
    signatures = ownership.repository.history.signatures(sorted(set(removed.values())))
    for row in found:
        commit = removed.get(row.id)
        if commit is None:
            yield None
        else:
            author, date = signatures[commit]
            yield Removal(commit, author or None, date or None)
