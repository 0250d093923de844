"""Manifests for registered versions that nobody declares yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from operator import attrgetter
from pathlib import Path

from reconciler.client.listing import read_whole
from reconciler.client.port import Lister
from reconciler.codes import Code
from reconciler.errors import ControlPlaneError
from reconciler.manifest.collisions import collisions
from reconciler.manifest.load import Loading
from reconciler.manifest.write import NotDeclarableError
from reconciler.model import Artifact, Outline, Registered
from reconciler.planning.orphans import DeclaredNow, Numbered
from reconciler.planning.selector import Selector
from reconciler.source.new_files import NewFiles
from reconciler.workflow.drafts import Draft, add_schema, bundled, document_of, drafted
from reconciler.workflow.expected_host import check_expected_host
from reconciler.workflow.layout import Layout
from reconciler.workflow.validate import valid_declaration


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which registered versions manifests are wanted of.

    Args:
        ml_repos: by name; none for all that there are.
        names: globs of artifacts' names; none for all.
        latest: how many of each artifact, the highest numbers first; `None` for all.
        selector: says which of these.
    """

    ml_repos: Sequence[str]
    names: Sequence[str]
    latest: int | None
    selector: Selector

    def holds(self, artifact: Artifact, version: int) -> bool:
        """Whether a version is wanted, however many of its artifact are."""
        is_named = not self.names or any(fnmatchcase(artifact.name, glob) for glob in self.names)
        return is_named and self.selector(Numbered(artifact, version))


@dataclass(slots=True)
class Adopted:
    """What became of the versions wanted.

    Attributes:
        written: the file of each that was, from the top of the folder.
        declared: how many versions are declared already.
        existing: of the others, the files that there were, and are as they were.
        left_out: versions that no manifest can declare, and why.
    """

    written: list[str] = field(default_factory=list)
    declared: int = 0
    existing: list[str] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)


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
        adopted: is added to meanwhile.

    Raises:
        InvalidManifestsError: the repository's manifests have errors.
        SettingsError: they are for another control plane.
        SourceError: they can not be read, or files can not be written.
        ControlPlaneError: what is registered can not be told.
    """
    check_expected_host(loading.settings.expect_host, reader.host)
    declaration = valid_declaration(loading)
    drafts: list[Draft] = []
    ml_repos = await _ml_repos(reader, wanted.ml_repos)
    for name, ml_repo_id in sorted(ml_repos.items()):
        rows = (await read_whole(reader, name, ml_repo_id, lambda: _Rows(wanted.holds))).rows
        now = DeclaredNow(declaration.manifests, {row.artifact for row in rows})
        for row in _latest(rows, wanted.latest):
            if now.names(row):
                adopted.declared += 1
                continue
            try:
                drafts.append(drafted(document_of(row), layout, (f"Imported from {reader.host}.",)))
            except NotDeclarableError as error:
                adopted.left_out.append((str(row), str(error)))
    files = NewFiles(into)
    for path, together, data in bundled(_without_collisions(drafts, declaration.manifests, adopted)):
        done = files.add(path, data)
        (adopted.written if done else adopted.existing).extend(path for _ in together)
    if adopted.written:
        add_schema(files)


async def _ml_repos(reader: Lister, names: Sequence[str]) -> Mapping[str, str]:
    """The ids of the ML repos asked for, by name."""
    if not names:
        return {name: found.id for name, found in (await reader.ml_repos()).items()}
    ids = {}
    for name in names:
        found = await reader.ml_repo(name)
        if found is None:
            raise ControlPlaneError(f"ML repo {name} does not exist on {reader.host}", "check --ml-repo")
        ids[name] = found.id
    return ids


class _Rows:
    """Takes the versions that are wanted."""

    is_full = False

    def __init__(self, are_wanted: Callable[[Artifact, int], bool]) -> None:
        self._are_wanted = are_wanted
        self.rows: list[Registered] = []

    def take(self, row: Registered) -> None:
        if self._are_wanted(row.artifact, row.version):
            self.rows.append(row)


def _latest(rows: Iterable[Registered], count: int | None) -> Iterator[Registered]:
    """The versions with the highest numbers of each artifact, by artifact and number."""
    of: dict[Artifact, list[Registered]] = {}
    for row in rows:
        of.setdefault(row.artifact, []).append(row)
    for _, versions in sorted(of.items()):
        ordered = sorted(versions, key=lambda row: row.version)
        yield from ordered if count is None else ordered[-count:]


def _without_collisions(
    drafts: Sequence[Draft], declared: Sequence[Outline], adopted: Adopted
) -> Sequence[Draft]:
    """Those that can be declared beside what is declared and beside each other."""
    left = list(drafts)
    while True:
        outlines = sorted([*declared, *(draft.outline for draft in left)], key=attrgetter("artifact"))
        problems = {problem.place: problem for problem in collisions(outlines)}
        alike = {
            draft.outline.artifact
            for draft in left
            if (found := problems.get(draft.outline.place)) and found.code == Code.SIMILAR_NAME
        }
        out = [draft for draft in left if draft.outline.place in problems or draft.outline.artifact in alike]
        if not out:
            return left
        told = {draft.outline.artifact: problems.get(draft.outline.place) for draft in reversed(out)}
        for draft in out:
            found = problems.get(draft.outline.place) or told[draft.outline.artifact]
            adopted.left_out.append((draft.outline.label, found.message if found else ""))
        gone = {draft.outline.place for draft in out}
        left = [draft for draft in left if draft.outline.place not in gone]
