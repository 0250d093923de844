"""Manifests for registered versions that nobody declares yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from reconciler.client.listing import read_ml_repo
from reconciler.client.port import Lister
from reconciler.client.requests.patience import Deadline, Patience
from reconciler.codes import Code
from reconciler.compare.selector import Selector
from reconciler.errors import ControlPlaneError, SourceError
from reconciler.manifest.load import Loading
from reconciler.manifest.rules.collisions import find_collisions
from reconciler.manifest.write import NotDeclarableError
from reconciler.model import Artifact, Outline, Registered
from reconciler.planning.orphans import DeclaredNow
from reconciler.source.new_files import NewFiles, NoRoomError
from reconciler.source.snapshot import SourceFile
from reconciler.spans import enter_in_stage, open_stage
from reconciler.workflow.control_plane import ControlPlane
from reconciler.workflow.drafting.destination import (
    check_is_read,
    find_ignored_below,
    locate_below_top,
    make_filter_below,
)
from reconciler.workflow.drafting.drafts import (
    Draft,
    add_schema,
    bundle_drafts,
    join_contents,
    make_document,
    make_draft,
)
from reconciler.workflow.drafting.layout import Layout
from reconciler.workflow.expected_host import check_expected_host
from reconciler.workflow.read import Selection, select_snapshot
from reconciler.workflow.validate import require_valid_declaration


@dataclass(frozen=True, slots=True)
class Wanted:
    """The registered versions that manifests are wanted of.

    Args:
        ml_repos: by name; none for all that there are.
        names: globs of artifacts' names; none for all.
        latest: how many of each artifact, the highest numbers first; `None` for all.
        selector: chooses among these.
    """

    ml_repos: Sequence[str]
    names: Sequence[str]
    latest: int | None
    selector: Selector

    def includes(self, row: Registered) -> bool:
        """Whether a version is wanted, before `latest` is applied."""
        is_named = not self.names or any(fnmatchcase(row.artifact.name, glob) for glob in self.names)
        return is_named and self.selector(row)


@dataclass(slots=True)
class Adopted:
    """What became of the versions wanted.

    Attributes:
        written: the file of each that was, from the top of the folder.
        declared: how many versions are declared already.
        existing: files that were there already, and stay as they are.
        left_out: versions that no manifest can declare, or whose file can not be written, and why.
        unwanted: how many other versions there are in the ML repos asked for.
        ml_repos: how many other ML repos there are.
    """

    written: list[str] = field(default_factory=list)
    declared: int = 0
    existing: list[str] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    unwanted: int = 0
    ml_repos: int = 0


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What is imported, and where to.

    Args:
        wanted: which versions.
        into: the folder, made if missing.
        layout: says in which file each is to be.
        seconds: for the whole run.
    """

    wanted: Wanted
    into: Path
    layout: Layout
    seconds: float


BeginImporting: TypeAlias = Callable[[Callable[[Lister], Lister]], Coroutine[Any, Any, None]]
"""Begins to import; is given a function that makes a watched reader of a reader."""


class ImportWatcher(Protocol):
    """Runs the call that writes manifests, and shows how far it is."""

    def watch_importing(self, loading: Loading, written: Sequence[str], begin: BeginImporting) -> None:
        """Run the call that writes; `written` grows meanwhile."""


def run_import(
    asked: ImportOptions, opening: AbstractContextManager[ControlPlane], watcher: ImportWatcher
) -> Adopted:
    """Write manifests into the work tree around the current folder.

    Args:
        asked: what is imported.
        opening: opens the control plane, once it is known what is declared where.
        watcher: runs the calls and shows how far they are.

    Raises:
        ReconcilerError: as `adopt`.
    """
    deadline, adopted = Deadline(asked.seconds), Adopted()
    with enter_in_stage("read", select_snapshot(Selection())) as snapshot, opening as plane:
        check_is_read(asked.into, snapshot.settings)
        loading = Loading(snapshot)

        async def begin(watch: Callable[[Lister], Lister]) -> None:
            async with plane.reader(deadline, Patience()) as reader:
                await adopt(watch(reader), asked.wanted, loading, asked.into, asked.layout, adopted)

        try:
            watcher.watch_importing(loading, adopted.written, begin)
        finally:
            loading.stop()
    return adopted


async def adopt(
    reader: Lister, wanted: Wanted, loading: Loading, into: Path, layout: Layout, adopted: Adopted
) -> None:
    """Write a manifest for each version wanted that nothing declares yet, as far as one can be.

    Args:
        reader: the control plane.
        wanted: which versions.
        loading: reads what the repository declares already.
        into: the folder, made if missing.
        layout: says in which file each is to be.
        adopted: the results are added to it.

    Raises:
        InvalidManifestsError: the repository's manifests have errors.
        SettingsError: they are for another control plane.
        SourceError: they can not be read, nothing can be written, or the file system is full.
        ControlPlaneError: what is registered can not be read.
    """
    check_expected_host(loading.settings.expect_host, reader.host)
    declaration = require_valid_declaration(loading)
    defaults, head = loading.settings.comparison.defaults, (f"Imported from {reader.host}.",)

    def draft(row: Registered) -> Draft:
        return make_draft(make_document(row, defaults), layout, head)

    with open_stage("observe"):
        drafts = await _draft_undeclared(reader, wanted, declaration.manifests, draft, adopted)
    declared, below = {outline.place.file for outline in declaration.manifests}, locate_below_top(into)
    left = _avoid_collisions(drafts, declaration.manifests, adopted)
    bundles = list(bundle_drafts(left, lambda path: str(below / path) in declared))
    unread = _find_unread([path for path, _ in bundles], into, loading.snapshot.settings)
    with open_stage("write") as span:
        await _write_bundles(bundles, into, unread, adopted)
        span.count(written=len(adopted.written))


async def _draft_undeclared(
    reader: Lister,
    wanted: Wanted,
    manifests: Sequence[Outline],
    draft: Callable[[Registered], Draft],
    adopted: Adopted,
) -> Sequence[Draft]:
    """The drafts of the versions wanted that none of the manifests declares."""
    drafts: list[Draft] = []
    for name, ml_repo_id in sorted((await _find_ml_repos(reader, wanted.ml_repos, adopted)).items()):
        listed = await read_ml_repo(reader, name, ml_repo_id, lambda: _Rows(wanted.includes))
        rows = list(_select_latest(listed.rows, wanted.latest))
        adopted.unwanted += listed.count - len(rows)
        now = DeclaredNow(manifests, {row.artifact for row in rows})
        undeclared = [row for row in rows if not now.names(row)]
        adopted.declared += len(rows) - len(undeclared)
        drafts += _draft_versions(undeclared, draft, adopted)
    return drafts


def _draft_versions(
    rows: Iterable[Registered], draft: Callable[[Registered], Draft], adopted: Adopted
) -> Iterator[Draft]:
    """The drafts of versions, but for those that no manifest can declare."""
    for row in rows:
        try:
            yield draft(row)
        except NotDeclarableError as error:
            adopted.left_out.append((row.label, str(error)))


def _find_unread(paths: Sequence[str], into: Path, settings: SourceFile | None) -> Mapping[str, str]:
    """The reasons why files would not be read, by path."""
    are_read = make_filter_below(into, settings)
    ignored = {path: f"git ignores {path}" for path in find_ignored_below(into, paths)}
    return ignored | {path: f"reconciler.toml leaves out {path}" for path in paths if not are_read(path)}


async def _write_bundles(
    bundles: Iterable[tuple[str, Sequence[Draft]]], into: Path, unread: Mapping[str, str], adopted: Adopted
) -> None:
    """Write the files that drafts make, each of which may fail by itself.

    Raises:
        SourceError: nothing can be written, or the file system is full.
    """
    with NewFiles(into) as files:
        for path, together in bundles:
            await asyncio.sleep(0)  # where a signal ends it
            is_new, why = False, unread.get(path, "")
            try:
                is_new = not why and files.add(path, join_contents(together))
            except NoRoomError:
                raise
            except SourceError as error:
                why = str(error)
            if why:
                adopted.left_out += ((draft.outline.label, why) for draft in together)
            else:
                (adopted.written if is_new else adopted.existing).extend(path for _ in together)
        if adopted.written:
            add_schema(files)


async def _find_ml_repos(reader: Lister, names: Sequence[str], adopted: Adopted) -> Mapping[str, str]:
    """The ids of the ML repos asked for, by name."""
    found = {name: ml_repo.id for name, ml_repo in (await reader.list_ml_repos()).items()}
    for name in names:
        if name not in found:
            raise ControlPlaneError(f"ML repo {name} does not exist on {reader.host}", "check --ml-repo")
    asked = {name: found[name] for name in names or found}
    adopted.ml_repos = len(found) - len(asked)
    return asked


class _Rows:
    """Collects the versions that are wanted, and counts all."""

    def __init__(self, are_wanted: Callable[[Registered], bool]) -> None:
        self._are_wanted = are_wanted
        self.rows: list[Registered] = []
        self.count = 0

    def take(self, row: Registered) -> None:
        self.count += 1
        if self._are_wanted(row):
            self.rows.append(row)


def _select_latest(rows: Iterable[Registered], count: int | None) -> Iterator[Registered]:
    """The versions with the highest numbers of each artifact, by artifact and number."""
    by_artifact: dict[Artifact, list[Registered]] = {}
    for row in rows:
        by_artifact.setdefault(row.artifact, []).append(row)
    for _, versions in sorted(by_artifact.items()):
        ordered = sorted(versions, key=lambda row: row.version)
        yield from ordered if count is None else ordered[-count:]


def _avoid_collisions(
    drafts: Sequence[Draft], declared: Sequence[Outline], adopted: Adopted
) -> Sequence[Draft]:
    """The drafts that can be declared beside what is declared, and beside each other."""
    left = list(drafts)
    while True:
        outlines = sorted([*declared, *(draft.outline for draft in left)], key=attrgetter("artifact"))
        problems = {problem.place: problem for problem in find_collisions(outlines)}
        alike = {
            draft.outline.artifact
            for draft in left
            if (found := problems.get(draft.outline.place)) and found.code == Code.SIMILAR_NAME
        }
        out = [draft for draft in left if draft.outline.place in problems or draft.outline.artifact in alike]
        if not out:
            return left
        first_problems = {
            draft.outline.artifact: problems.get(draft.outline.place) for draft in reversed(out)
        }
        for draft in out:
            found = problems.get(draft.outline.place) or first_problems[draft.outline.artifact]
            adopted.left_out.append((draft.outline.label, found.message if found else ""))
        gone = {draft.outline.place for draft in out}
        left = [draft for draft in left if draft.outline.place not in gone]
