"""Manifests for what is registered: of versions that nobody declares yet, and of the next one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from reconciler.client.listing import look, read_whole
from reconciler.client.port import Lister, Reader
from reconciler.codes import Code
from reconciler.errors import ControlPlaneError, InvalidManifestsError, Place
from reconciler.manifest.collisions import collisions
from reconciler.manifest.load import Declaration, Loading
from reconciler.manifest.schema import manifest_json_schema
from reconciler.manifest.write import NotDeclarableError, declarable, manifest_text
from reconciler.model import Artifact, Json, Outline, Registered
from reconciler.planning.orphans import DeclaredNow, Numbered
from reconciler.planning.selector import Selector
from reconciler.source.new_files import NewFiles
from reconciler.workflow.expected_host import check_expected_host

_BEHIND = "\U0010ffff/"
"""Before a path: what collides is told of the place that comes later, and so of what is yet to be written."""
SCHEMA_FILE = ".reconciler/artifact-version.schema.json"
"""Where editors find the schema: in a folder that nothing is read from."""


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
        written: files, from the top of the folder.
        declared: how many versions are declared already.
        existing: files that there were, and are as they were.
        left_out: versions that no manifest can declare, and why.
    """

    written: list[str] = field(default_factory=list)
    declared: int = 0
    existing: list[str] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)


async def adopt(reader: Lister, wanted: Wanted, loading: Loading, into: Path, adopted: Adopted) -> None:
    """Write a manifest for each version wanted that nothing declares yet, as far as one can be.

    Args:
        reader: the control plane.
        wanted: which versions.
        loading: reads what the repository declares already.
        into: the folder, made if missing.
        adopted: is added to meanwhile.

    Raises:
        InvalidManifestsError: the repository's manifests have errors.
        SettingsError: they are for another control plane.
        SourceError: they can not be read, or files can not be written.
        ControlPlaneError: what is registered can not be told.
    """
    declaration = _declaration(loading, reader.host)
    drafts: list[_Draft] = []
    ml_repos = await _ml_repos(reader, wanted.ml_repos)
    for name, ml_repo_id in sorted(ml_repos.items()):
        rows = (await read_whole(reader, name, ml_repo_id, lambda: _Rows(wanted.holds))).rows
        now = DeclaredNow(declaration.manifests, {row.artifact for row in rows})
        for row in _latest(rows, wanted.latest):
            if now.names(row):
                adopted.declared += 1
            elif draft := _drafted(row, adopted, (f"Imported from {reader.host}.",)):
                drafts.append(draft)
    files = NewFiles(into)
    for draft in _without_collisions(drafts, declaration.manifests, adopted):
        _write(files, draft, adopted)
    if adopted.written:
        files.add(SCHEMA_FILE, _schema())


async def next_version(reader: Reader, artifact: Artifact, loading: Loading, into: Path) -> tuple[str, int]:
    """Write a manifest for the next free version of an artifact, copied from its newest.

    An alias is not copied: it would be taken from the version that has it.

    Args:
        reader: the control plane.
        artifact: the artifact.
        loading: reads what the repository declares already.
        into: the folder, made if missing.

    Returns:
        The file, from the top of the folder, and the version that it was copied from.

    Raises:
        InvalidManifestsError: the repository's manifests have errors.
        SettingsError: they are for another control plane.
        SourceError: they can not be read, or the file can not be written, or there is one.
        ControlPlaneError: what is registered can not be told, or is nothing that a manifest can be made of.
    """
    declaration = _declaration(loading, reader.host)
    ml_repo = await reader.ml_repo(artifact.ml_repo)
    seen = await look(reader, artifact, ml_repo.id) if ml_repo else None
    if not seen or not seen.versions:
        hint = "write the first manifest by hand: reconciler explain has examples"
        raise ControlPlaneError(f"nothing is registered of {artifact}", hint)
    newest = seen.versions[-1]
    numbers = (each.version or 0 for each in declaration.manifests if each.artifact == artifact)
    number = max(newest.version, *numbers, 0) + 1
    document = {**newest.document, "version": number, "version_alias": None}
    following = replace(newest, version=number, document=document)
    comments = (f"Copied from {newest}: say what is new, e.g. source.uri.",)
    adopted = Adopted()
    draft = _drafted(following, adopted, comments)
    if draft is None:
        ((_, why),) = adopted.left_out
        raise ControlPlaneError(f"no manifest can declare what {newest} is: {why}", "write one by hand")
    files = NewFiles(into)
    _write(files, draft, adopted)
    if adopted.existing:
        raise ControlPlaneError(f"there is a file {adopted.existing[0]} already", "remove or rename it")
    files.add(SCHEMA_FILE, _schema())
    return adopted.written[0], newest.version


def _declaration(loading: Loading, host: str) -> Declaration:
    check_expected_host(loading.settings.expect_host, host)
    declaration = loading.declaration()
    if not declaration.is_valid:
        raise InvalidManifestsError(declaration.problems)
    return declaration


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


class _Draft(NamedTuple):
    """A manifest to be written.

    Attributes:
        outline: what it says, at a place behind all that there are.
        path: of its file, from the top of the folder.
        text: of its file.
    """

    outline: Outline
    path: str
    text: str


def _drafted(row: Registered, adopted: Adopted, comments: tuple[str, ...]) -> _Draft | None:
    """The manifest of a version, if one can declare it."""
    artifact, document = row.artifact, declarable(row.document)
    path = f"{artifact.ml_repo}/{artifact.name}/{row.version}.yaml"
    schema = os.path.relpath(SCHEMA_FILE, os.path.dirname(path))  # noqa: PTH120  paths in the repository
    try:
        text = manifest_text(document, (f"yaml-language-server: $schema={schema}", *comments))
    except NotDeclarableError as error:
        adopted.left_out.append((str(row), str(error)))
        return None
    outline = Outline(artifact, row.version, row.alias, row.uri, Place(_BEHIND + path, 1, 1), ((), ()), b"")
    return _Draft(outline, path, text)


def _without_collisions(
    drafts: Sequence[_Draft], declared: Sequence[Outline], adopted: Adopted
) -> Sequence[_Draft]:
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


def _write(files: NewFiles, draft: _Draft, adopted: Adopted) -> None:
    done = files.add(draft.path, draft.text.encode())
    (adopted.written if done else adopted.existing).append(draft.path)


def _schema() -> bytes:
    import json  # noqa: PLC0415  once

    schema: Mapping[str, Json] = manifest_json_schema()
    return f"{json.dumps(schema, indent=2, ensure_ascii=False)}\n".encode()
