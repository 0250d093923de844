"""Whose the changes of a plan are, and which commits last touched the files of their manifests.

The base is read where files differ from it, and history for the files of changes only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from reconciler.codes import Code
from reconciler.compare.match import get_version_key, list_version_keys
from reconciler.errors import Place, Problem, SourceError
from reconciler.manifest.file import read_file
from reconciler.model import Artifact, Comparison, Declared, Registered
from reconciler.phrases import format_count, name_first
from reconciler.planning.change import Change, Lane, Plan
from reconciler.planning.document import ChangeDocument, ChangeDocuments, Origin, PlanDocument
from reconciler.planning.origin import (
    asks_for_change,
    is_of_branch,
    list_keys_at_base,
    trace_aliases,
    was_declared,
)
from reconciler.source.history.commits import Completeness
from reconciler.source.snapshot import Snapshot, SourceFile
from reconciler.workflow.branch.base import Base, Before
from reconciler.workflow.branch.past import Past, find_committed_ids, read_pasts

_MOST_NAMED = 10
_MOST_READ = 20_000
"""Earlier contents, of all files together, that are read; the origin of further changes is unknown."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whose a change is; see `ChangeDocument`."""

    origin: Origin | None
    commit: str | None
    author: str | None


@dataclass(frozen=True, slots=True)
class Attributions:
    """Whose the changes of a plan are.

    Args:
        found: for each change, in order.
        orphans: for each orphan that is left alone, in order: whose commit removed its manifest.
        undoing: how many changes would undo what the base has brought since this branch left it.
    """

    found: tuple[Attribution, ...]
    orphans: tuple[Origin, ...] = ()
    undoing: int = 0


def add_attributions(document: PlanDocument, attributions: Attributions, base: Base) -> PlanDocument:
    """A plan's document with the origin of each change and each orphan.

    Args:
        document: of the plan.
        attributions: of its changes.
        base: the commit that they were compared with.
    """
    source = replace(document.source, base=base.commit)
    with_origins = zip(document.orphans.found, attributions.orphans, strict=True)
    orphans = replace(
        document.orphans, found=tuple(replace(orphan, origin=origin) for orphan, origin in with_origins)
    )
    changes = _Attributed(document.changes, attributions.found)
    return replace(document, source=source, changes=changes, orphans=orphans)


class _Attributed(ChangeDocuments):
    """Changes with their origins, each made when it is iterated over."""

    def __init__(self, changes: Collection[ChangeDocument], found: Sequence[Attribution]) -> None:
        self._changes = changes
        self._found = found

    def __len__(self) -> int:
        return len(self._changes)

    def __iter__(self) -> Iterator[ChangeDocument]:
        for change, found in zip(self._changes, self._found, strict=True):
            if change.action == "delete":  # its commit is the one that removed the manifest
                yield replace(change, origin=found.origin)
            else:
                yield replace(change, origin=found.origin, commit=found.commit, author=found.author)


def attribute_plan(plan: Plan, snapshot: Snapshot, base: Base) -> Attributions:
    """Find the origin of each change of a plan.

    Args:
        plan: the plan.
        snapshot: what it is made of.
        base: the commit to compare with.

    Raises:
        SourceError: git or the file system does not give what is asked for.
    """
    changes, comparison = plan.changes, plan.comparison
    if not changes and not plan.orphans.found:
        return Attributions(())
    if not base.is_known:
        return make_unknown_attributions(plan)
    before = Before(base, snapshot, comparison)
    at_base = _read_declared_at_base(changes, before)
    declared_at_base = zip(changes, at_base, strict=True)
    own = [_find_own_origin(change, declared, comparison) for change, declared in declared_at_base]
    traced = {
        index: declared.place.file
        for index, declared in enumerate(at_base)
        if declared and own[index] == "drift"
    }
    files = {change.place.file for change in changes if change.place}
    known = read_pasts(base, find_committed_ids(files, snapshot, base), frozenset(traced.values()))
    trace = _Trace(changes, traced, comparison)
    trace.read_contents(base, known)
    for index, origin in trace.iterate_origins():
        own[index] = origin
    passing = {row.id for row in plan.passing}
    of_deletes = (_attribute_removal(change.registered, before, passing) for change in plan.deletes)
    origins = zip(changes, chain(_attribute_lanes(plan.lanes, own), of_deletes), strict=True)
    return Attributions(
        tuple(_make_attribution(change, origin, known) for change, origin in origins),
        tuple(_attribute_removal(orphan.registered, before, passing) for orphan in plan.orphans.found),
        len(trace.undoing),
    )


def _attribute_lanes(lanes: Iterable[Lane], own: Iterable[Origin | None]) -> Iterator[Origin | None]:
    """The origins of the changes of lanes, of which each one's own is given in the same order."""
    left = iter(own)
    for lane in lanes:
        yield from trace_aliases(lane.changes, list(islice(left, len(lane.changes))))


def make_unknown_attributions(plan: Plan) -> Attributions:
    """The attributions of a plan where this clone lacks the history: all are unknown."""
    unknown: Origin = "unknown"
    changes = (Attribution(unknown, None, None),) * len(plan.changes)
    return Attributions(changes, (unknown,) * len(plan.orphans.found))


def make_no_base_problem(error: SourceError) -> Problem:
    """The warning that no change has an origin, because git does not give the base."""
    message = f"changes are not told apart by the base: {error}"
    return Problem(Place("", 1, 1), Code.BASE_NOT_KNOWN, message, error.hint, "warning")


def describe_unknown(found: Attributions, base: Base) -> tuple[Problem, ...]:
    """The warning that the origin of some changes is unknown, if there are any."""
    count = sum(each.origin == "unknown" for each in found.found)
    if not count:
        return ()
    completeness = base.repository.history.completeness
    why = (
        f"this clone is {completeness}"
        if completeness.remedy
        else "not all can be looked at that their files were"
    )
    message = f"of {format_count(count, 'change')} it is not known whose: {why}"
    return (Problem(Place("", 1, 1), Code.BASE_NOT_KNOWN, message, completeness.remedy, "warning"),)


def describe_passing(plan: Plan) -> tuple[Problem, ...]:
    """The warning of what the commits of a branch declare and take out again, if there is anything."""
    if not plan.passing:
        return ()
    labels = [str(row) for row in plan.passing]
    what = f"{format_count(len(labels), 'registered version')} {'is' if len(labels) == 1 else 'are'}"
    message = f"{what} declared and taken out again within this branch: {name_first(labels, _MOST_NAMED)}"
    hint = "squash, or merge with a merge commit: by a rebase the base comes to own it, and --prune deletes"
    return (Problem(Place("", 1, 1), Code.DECLARED_IN_PASSING, message, hint, "warning"),)


def _find_own_origin(change: Change, at_base: Declared | None, comparison: Comparison) -> Origin | None:
    """The origin of a change that its own manifest asks for; `drift` may still turn out to be pending."""
    if not asks_for_change(change, comparison):
        return None
    if at_base is None or is_of_branch(change, at_base, comparison):
        return "branch"
    return "drift" if change.registered else "pending"


def _read_declared_at_base(changes: Sequence[Change], before: Before) -> list[Declared | None]:
    """What the base declares of the version of each change, if it does."""
    same = {
        index: change.declared
        for index, change in enumerate(changes)
        if change.place and before.has_same(change.place.file)
    }
    found = {}
    if len(same) < len(changes):
        for index, change in enumerate(changes):
            keys = ((change.artifact, name) for name in list_keys_at_base(change) if index not in same)
            known = next((before.outlines[key] for key in keys if key in before.outlines), None)
            if known and change.place:
                found[index] = known
    read = dict(zip(found, before.read_again(found.values()), strict=True)) if found else {}
    return [same.get(index) or read.get(index) for index in range(len(changes))]


class _Trace:
    """Looks for the registered values in earlier contents of the files of some changes.

    Args:
        changes: all of the plan.
        traced: the indices of those to look for, and the files that declared them at the base.
        comparison: how manifests are compared with what is registered.

    Attributes:
        undoing: the indices of those that would undo what the base declares now.
    """

    def __init__(self, changes: Sequence[Change], traced: Mapping[int, str], comparison: Comparison) -> None:
        self.undoing: set[int] = set()
        self._changes = changes
        self._comparison = comparison
        self._traced = traced
        self._found: set[int] = set()
        self._unread: set[str] = set()
        """Files of whose earlier contents not all were read."""
        self._wanted: dict[str, dict[tuple[Artifact, tuple[str, object]], list[int]]] = {}
        for index, path in traced.items():
            wanted = self._wanted.setdefault(path, defaultdict(list))
            for name in list_keys_at_base(changes[index]):
                wanted[changes[index].artifact, name].append(index)

    def read_contents(self, base: Base, known: Mapping[str, Past]) -> None:
        """Read the contents of the files before the base, and at the tip of the base branch."""
        earlier = ((path, oid) for path in self._wanted for oid in known[path].earlier)
        to_read = list(islice(earlier, _MOST_READ))
        self._unread |= {path for path, _ in earlier}
        if base.repository.history.completeness is not Completeness.WHOLE:
            self._unread |= {path for path in self._wanted if not known[path].has_enough_earlier}
        self._look_up(base, to_read, self._found)
        if base.tip != base.commit and self._wanted:
            later = base.repository.list_files(base.tip, self._wanted.__contains__)
            self._look_up(base, list(later.iterate_ids()), self.undoing)

    def iterate_origins(self) -> Iterator[tuple[int, Origin]]:
        """The origins found, by index; `unknown` where not all contents could be read."""
        for index, path in self._traced.items():
            if index in self._found - self.undoing:
                yield index, "pending"
            elif path in self._unread:
                yield index, "unknown"

    def _look_up(self, base: Base, files: Sequence[tuple[str, str]], fitting: set[int]) -> None:
        contents = base.repository.history.read_contents([oid for _, oid in files])
        for (path, _), data in zip(files, contents, strict=True):
            if data is None:
                self._unread.add(path)
                continue
            for found in read_file(SourceFile(path, data)):
                if isinstance(found, Declared):
                    declared = self._comparison.with_defaults(found)
                    about = self._wanted[path].get((declared.artifact, get_version_key(declared)), ())
                    fitting |= {
                        index
                        for index in about
                        if was_declared(self._changes[index], declared, self._comparison)
                    }


def _attribute_removal(row: Registered, before: Before, passing: Collection[str]) -> Origin:
    """The origin of a removal: this branch, or pending where the base has no such manifest any more."""
    if row.id in passing:
        return "branch"
    is_at_base = any((row.artifact, name) in before.outlines for name in list_version_keys(row))
    return "branch" if is_at_base else "pending"


def _make_attribution(change: Change, origin: Origin | None, known: Mapping[str, Past]) -> Attribution:
    past = known.get(change.place.file) if change.place else None
    last = past.last if past else None
    return Attribution(origin, last.commit if last else None, (last.author or None) if last else None)
