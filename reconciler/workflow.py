"""The use-cases: stages wired together. The rules are in the stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from reconciler.client.connection import checked_host
from reconciler.client.listing import observe
from reconciler.client.port import Reader
from reconciler.errors import InvalidManifestsError, SettingsError, SourceError
from reconciler.manifest.edits import edited
from reconciler.manifest.load import Declaration, load_manifests
from reconciler.plan.change import Plan
from reconciler.plan.planner import artifacts, make_plan
from reconciler.source.remote import fetched
from reconciler.source.repository import find_top, open_repository
from reconciler.source.snapshot import EVERYTHING, Snapshot
from reconciler.source.worktree import read_work_tree

_SHOWN_EDITS = 5


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files are to be read.

    Args:
        paths: files and folders, all in one repository; none for all of it.
        revision: the commit to read; `None` for the work tree, or a remote repository's `HEAD`.
        repository: the address of a remote repository, in which the paths are; `None` for the one that
            they are in on this machine.
        seconds: how long fetching may take.
    """

    paths: Sequence[Path] = ()
    revision: str | None = None
    repository: str | None = None
    seconds: float = 3600.0

    @property
    def is_of_commit(self) -> bool:
        """Whether a commit is read, and no work tree."""
        return self.revision is not None or self.repository is not None


def read_selected(selection: Selection) -> Snapshot:
    """Read the files of a commit, or of a work tree, which may lie outside git.

    Raises:
        SourceError: git or the file system does not give them.
    """
    if selection.is_of_commit:
        return _read_commit(selection)
    top, scopes = _locate(selection.paths)
    commit = open_repository(top).head() if top else None
    return read_work_tree(top or _base(selection.paths), scopes, commit)


def read_committed(selection: Selection) -> Snapshot:
    """Read the files of a commit: of `HEAD` only if the work tree declares the same.

    Raises:
        SourceError: it does not, or git or the file system does not give the files.
    """
    if selection.is_of_commit:
        return _read_commit(selection)
    top, scopes = _locate_in_git(selection.paths)
    committed = open_repository(top).snapshot("HEAD", scopes)
    differing = edited(committed, read_work_tree(top, scopes, committed.commit))
    if differing:
        names = ", ".join(differing[:_SHOWN_EDITS]) + (", ..." if len(differing) > _SHOWN_EDITS else "")
        raise SourceError(
            f"the work tree differs from the commit at HEAD: {names}",
            "commit the edits, or say which commit is meant: --ref HEAD",
        )
    return committed


def read_offline(selection: Selection) -> Snapshot:
    """Read the files of a commit, or of a work tree without asking git for anything.

    Raises:
        SourceError: git or the file system does not give them.
    """
    if selection.is_of_commit:
        return _read_commit(selection)
    top, scopes = _locate(selection.paths)
    return read_work_tree(top or _base(selection.paths), scopes, None)


def validate(snapshot: Snapshot) -> Declaration:
    """Load the manifests of a snapshot, with every problem in them.

    Raises:
        SourceError: there is no document at all, which is more likely a mistake than meant.
    """
    declaration = load_manifests(snapshot)
    if not declaration.documents and declaration.is_valid:
        where = "the work tree" if snapshot.in_work_tree else f"commit {(snapshot.commit or '')[:10]}"
        raise SourceError(
            f"no YAML or JSON document in {where}", "check the paths: is this the right folder?"
        )
    return declaration


async def plan(declaration: Declaration, snapshot: Snapshot, reader: Reader) -> Plan:
    """Compare what a snapshot declares with what is registered.

    Raises:
        InvalidManifestsError: the manifests have errors.
        SettingsError: the manifests are for another control plane.
        ControlPlaneError: what is registered can not be told.
    """
    if not declaration.is_valid:
        raise InvalidManifestsError(declaration.problems)
    _check_expected_host(declaration.settings.expect_host, reader.host)
    observation = await observe(reader, artifacts(declaration))
    return make_plan(
        declaration, observation, commit=snapshot.commit, in_work_tree=snapshot.in_work_tree
    )  # fmt: skip


def _check_expected_host(expected: str | None, host: str) -> None:
    if expected is None:
        return
    try:
        address = checked_host(expected)
    except SettingsError as error:
        raise SettingsError(f"expect_host in reconciler.toml: {error}", error.hint) from None
    if address != host:
        raise SettingsError(
            f"the manifests are for {address}, not for {host}",
            "set the other host, or change expect_host in reconciler.toml",
        )


def _read_commit(selection: Selection) -> Snapshot:
    if selection.repository is not None:
        scopes = tuple(map(_scope, selection.paths)) or EVERYTHING
        with fetched(selection.repository, selection.revision, selection.seconds) as (repository, commit):
            return repository.snapshot(commit, scopes)
    top, scopes = _locate_in_git(selection.paths)
    return open_repository(top).snapshot(selection.revision or "HEAD", scopes)


def _scope(path: Path) -> PurePosixPath:
    """A path as it is named within a repository that is not on this machine."""
    if path.is_absolute() or ".." in path.parts:
        raise SourceError(f"{path} is no path in the repository", "name it from the repository's top")
    return PurePosixPath(path)


def _locate(paths: Sequence[Path]) -> tuple[Path | None, tuple[PurePosixPath, ...]]:
    """The repository's top and the paths below it; outside git, no top."""
    top = find_top(_folder(paths[0]) if paths else Path.cwd())
    if not paths:
        return top, EVERYTHING
    base = top or _base(paths)
    scopes = []
    for path in paths:
        # Only the folder is resolved: the last part may be a link, which is not to be followed.
        absolute = path.absolute().parent.resolve() / path.name if path.name else path.resolve()
        if not absolute.is_relative_to(base):
            raise SourceError(f"{path} lies outside {base}", "give paths of one repository at a time")
        scopes.append(PurePosixPath(absolute.relative_to(base)))
    return top, tuple(scopes)


def _base(paths: Sequence[Path]) -> Path:
    """Where files are named from, outside git."""
    return _folder(paths[0]).resolve() if paths else Path.cwd()


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def _locate_in_git(paths: Sequence[Path]) -> tuple[Path, tuple[PurePosixPath, ...]]:
    top, scopes = _locate(paths)
    if top is None:
        raise SourceError(f"{_base(paths)} is not in a git repository", "run inside a clone, or git init one")
    return top, scopes
