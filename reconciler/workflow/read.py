"""Which files are read: of a work tree, a commit, or a remote repository."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from reconciler.errors import SourceError
from reconciler.manifest.edits import find_edits, have_edits
from reconciler.manifest.settings import make_declared_filter, make_read_filter
from reconciler.phrases import name_first
from reconciler.source.location import find_top, is_bare, make_absolute
from reconciler.source.snapshot import EVERYTHING, SETTINGS_FILE, Snapshot, select_manifests_in
from reconciler.source.worktree import read_work_tree

if TYPE_CHECKING:
    from reconciler.source.repository import Repository
    from reconciler.workflow.branch.base import Base
    from reconciler.workflow.orphans import NoOwnership, Ownership

_SHOWN = 5
_MAX_PATHS_OF_A_COMMAND = 500
"""Paths that are given to git on one command line."""


@dataclass(frozen=True)
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

    @cached_property
    def local(self) -> Repository:
        """The repository on this machine that the paths are in, which git is asked to open once.

        Raises:
            SourceError: there is none, or git does not trust it.
        """
        from reconciler.source.repository import open_repository  # noqa: PLC0415  `validate` may do without

        top, _ = _find_repository_and_scopes(self)
        return open_repository(top)


@contextmanager
def select_snapshot(selection: Selection) -> Iterator[Snapshot]:
    """The files of a commit, or of a work tree, which may lie outside git; they can be read within `with`.

    Raises:
        SourceError: git or the file system does not give them.
    """
    with read_offline(selection) as snapshot:
        if selection.is_of_commit:
            yield snapshot
        else:
            top, _ = _find_top_and_scopes(selection.paths)
            repository = selection.local if top else None
            yield replace(
                snapshot,
                commit=repository.find_head() if repository else None,
                remote=repository.history.find_remote() if repository else None,
            )


def read_committed(selection: Selection) -> AbstractContextManager[Snapshot]:
    """The files of a commit: of `HEAD` only if the work tree declares the same.

    Raises:
        SourceError: it does not, or git or the file system does not give the files.
    """
    if selection.is_of_commit:
        return _read_commit(selection)
    top, scopes = _find_repository_and_scopes(selection)
    repository = selection.local
    snapshot = _leave_out_excluded(repository.take_snapshot("HEAD", scopes), scopes)
    in_work_tree = _leave_out_excluded(read_work_tree(top, scopes, snapshot.commit), scopes)
    if differing := find_edits(snapshot, in_work_tree):
        names = ", ".join(differing[:_SHOWN]) + (", ..." if len(differing) > _SHOWN else "")
        hint = "commit the edits, or say which commit is meant: --ref HEAD"
        if conversions := repository.find_conversions(snapshot.files.paths[:_MAX_PATHS_OF_A_COMMAND]):
            shown = ", ".join(conversions[:_SHOWN])
            hint += f"; git may have made them when it checked out {shown}"
        raise SourceError(f"the work tree differs from the commit at HEAD: {names}", hint)
    return nullcontext(replace(snapshot, remote=repository.history.find_remote(), scopes=scopes))


def read_offline(selection: Selection) -> AbstractContextManager[Snapshot]:
    """The files of a commit, or of a work tree, whose files git only lists.

    Raises:
        SourceError: git or the file system does not give them.
    """
    if selection.is_of_commit:
        return _read_commit(selection)
    top, scopes = _find_top_and_scopes(selection.paths)
    snapshot = read_work_tree(top or _find_base_folder(selection.paths), scopes, None)
    return nullcontext(replace(_leave_out_excluded(snapshot, scopes), scopes=scopes))


def is_dirty(selection: Selection, snapshot: Snapshot) -> bool:
    """Whether manifests in a work tree differ from its commit; files of 100,000 take a second or two.

    Args:
        selection: what is read.
        snapshot: of it.

    Raises:
        SourceError: git or the file system does not give a file.
    """
    if not snapshot.in_work_tree or snapshot.commit is None:
        return False
    _, scopes = _find_repository_and_scopes(selection)
    are_manifests = select_manifests_in(scopes)
    are_read = make_read_filter(snapshot.settings, has_paths=scopes != EVERYTHING)
    committed = selection.local.list_files(
        snapshot.commit, lambda path: are_manifests(path) and are_read(path)
    )
    return have_edits(committed, snapshot.files)


def find_base(selection: Selection, revision: str) -> tuple[Base, str]:
    """The commit that a branch is compared with, and a note about it; empty if there is nothing to note.

    Args:
        selection: what is read.
        revision: names the commit: branch, tag or id.

    Raises:
        SourceError: it names none in the repository, or that is not on this machine.
    """
    from reconciler.workflow.branch.base import open_base  # noqa: PLC0415  few runs compare with anything

    if selection.repository is not None:
        raise SourceError("of a remote repository one commit is read, and no base", "run in a clone of it")
    _, scopes = _find_repository_and_scopes(selection)
    return open_base(selection.local, scopes, revision, selection.revision)


def name_paths(selection: Selection) -> tuple[str, ...]:
    """The paths that are read, as a plan names them; as they are given where they are in no repository."""
    try:
        scopes = _find_repository_and_scopes(selection)[1] if selection.repository is None else EVERYTHING
    except SourceError:
        scopes = EVERYTHING
    named = scopes if scopes != EVERYTHING else selection.paths
    return tuple(map(str, named))


def check_is_in_repository() -> None:
    """Check that there is a git repository to write into.

    Raises:
        SourceError: the current folder is in none, or in a bare one.
    """
    _find_repository_and_scopes(Selection())


def find_ownership(
    selection: Selection, snapshot: Snapshot, others: Sequence[str] = (), since: str | None = None
) -> Ownership | NoOwnership:
    """Where to look for orphans; or why they can not be looked for.

    Args:
        selection: what is read.
        snapshot: of it.
        others: the names of further branches that are ours.
        since: the full id of the commit that a branch is compared with, if it is.

    Raises:
        SourceError: git failed, or has no such branch.
    """
    from reconciler.workflow.orphans import NoOwnership, Ownership  # noqa: PLC0415  as above

    if selection.repository is not None:
        return NoOwnership("of a remote repository one commit is fetched", "run in a clone of it")
    if snapshot.scopes != EVERYTHING:
        why = "only some paths were read, and what is gone from them may be declared elsewhere"
        return NoOwnership(why, "run without paths")
    if snapshot.commit is None:
        return NoOwnership("there is no commit", "commit the manifests first")
    repository = selection.local
    if remedy := (completeness := repository.history.completeness).remedy:
        return NoOwnership(f"this clone is {completeness}, without the whole history", remedy)
    return Ownership(
        repository, snapshot.commit, make_declared_filter, since, tuple(map(repository.resolve, others))
    )


@contextmanager
def _read_commit(selection: Selection) -> Iterator[Snapshot]:
    if selection.repository is not None:
        from reconciler.source.remote import fetch_repository  # noqa: PLC0415  what it takes, few runs need

        scopes = tuple(map(_make_scope, selection.paths)) or EVERYTHING
        with fetch_repository(selection.repository, selection.revision, selection.seconds) as (
            repository,
            commit,
        ):
            snapshot = _leave_out_excluded(repository.take_snapshot(commit, scopes), scopes)
            yield replace(snapshot, origin=selection.repository, remote=selection.repository, scopes=scopes)
    else:
        top, scopes = _find_repository_and_scopes(selection)
        repository = selection.local
        snapshot = _leave_out_excluded(repository.take_snapshot(selection.revision or "HEAD", scopes), scopes)
        yield replace(snapshot, origin=str(top), remote=repository.history.find_remote(), scopes=scopes)


def _leave_out_excluded(snapshot: Snapshot, scopes: Sequence[PurePosixPath]) -> Snapshot:
    """A snapshot without the files that the repository's settings leave out.

    Raises:
        SourceError: a sparse work tree lacks some that are to be read.
    """
    are_read = make_read_filter(snapshot.settings, has_paths=tuple(scopes) != EVERYTHING)
    _check_is_complete([path for path in snapshot.left_out if path == str(SETTINGS_FILE) or are_read(path)])
    if snapshot.settings is None:
        return snapshot
    unread = list(filter(are_read, snapshot.unread))
    return replace(snapshot, files=snapshot.files.select(are_read), unread=unread)


def _check_is_complete(paths: Sequence[str]) -> None:
    """Check that a sparse work tree has all files that are to be read.

    Raises:
        SourceError: it lacks some. They are still declared, but their manifests can not be read.
    """
    if paths:
        raise SourceError(
            f"the work tree is sparse, and leaves out {name_first(paths, _SHOWN)}",
            "git sparse-checkout disable; validate, plan and apply also take --ref HEAD, or paths it has",
        )


def _make_scope(path: Path) -> PurePosixPath:
    """A path as it is named within a repository that is not on this machine."""
    if path.is_absolute() or ".." in path.parts:
        raise SourceError(f"{path} is no path in the repository", "name it from the repository's top")
    return PurePosixPath(path)


def _find_top_and_scopes(paths: Sequence[Path]) -> tuple[Path | None, tuple[PurePosixPath, ...]]:
    """The repository's top and the paths below it; outside git, no top.

    Links that lead to the repository are followed, and none within it.
    """
    top = find_top(paths[0] if paths else Path.cwd())
    base = top or _find_base_folder(paths)
    if top is None and is_bare(base):
        hint = "from within it, validate, plan and apply read a commit: --ref BRANCH; all else needs a clone"
        raise SourceError(f"{base} is a bare repository, without a work tree", hint)
    if not paths:
        return top, EVERYTHING
    scopes = []
    for path in paths:
        absolute = make_absolute(path)
        if top is None:
            absolute = absolute.resolve() if absolute.is_dir() else absolute.parent.resolve() / absolute.name
        if find_top(path) != top or not absolute.is_relative_to(base):
            raise SourceError(f"{path} lies outside {base}", "give paths of one repository at a time")
        scopes.append(PurePosixPath(absolute.relative_to(base)))
    return top and top.resolve(), tuple(scopes)


def _find_base_folder(paths: Sequence[Path]) -> Path:
    """Where files are named from, outside git."""
    if not paths:
        return Path.cwd()
    return (paths[0] if paths[0].is_dir() else paths[0].parent).resolve()


def _find_repository_and_scopes(selection: Selection) -> tuple[Path, tuple[PurePosixPath, ...]]:
    """The folder of the repository, which may be a bare one where a commit is read, and the paths below."""
    here = Path.cwd()
    if selection.is_of_commit and find_top(here) is None and is_bare(here):
        return here, tuple(map(_make_scope, selection.paths)) or EVERYTHING
    top, scopes = _find_top_and_scopes(selection.paths)
    if top is None:
        message = f"{_find_base_folder(selection.paths)} is not in a git repository"
        raise SourceError(message, "run inside a clone, or git init one")
    return top, scopes
