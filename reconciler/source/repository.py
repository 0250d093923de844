"""Commits: blobs read from git's store by plumbing commands; nothing is checked out, nothing executed."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from reconciler.errors import Place, Problem, SourceError
from reconciler.source.git import Git
from reconciler.source.objects import LINK, SUBMODULE, Entry, read_blobs, read_entries
from reconciler.source.snapshot import (
    MANIFEST_SUFFIXES,
    SETTINGS_FILE,
    Room,
    Snapshot,
    SourceFile,
    check_scopes_exist,
    may_hold_manifests,
    not_followed,
    too_large,
)

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def find_top(start: Path) -> Path | None:
    """The nearest folder from `start` upwards that has a `.git` entry, or `None` outside git.

    Git's own search would also take a folder that merely looks like a bare repository, which any
    pull request can contain.
    """
    start = start.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), None)


def open_repository(top: Path) -> Repository:
    """The repository whose work tree is in a folder, if git trusts it.

    Whether a folder of another user's is to be trusted is for git to say: it asks the settings of the
    system and of the caller, where `safe.directory` is. Nothing else is read with these settings.

    Args:
        top: its top folder, as `find_top` gives it.

    Raises:
        SourceError: it is none, or belongs to somebody else.
    """
    git = Git(top, {"GIT_CEILING_DIRECTORIES": str(top.parent)}, is_configured=True)
    with git.start("rev-parse", "--show-prefix", "--absolute-git-dir") as running:
        prefix, _, folder = running.stdout.read().partition(b"\n")
        status = running.wait()
    if "dubious ownership" in running.said:
        raise SourceError(
            f"{top} belongs to another user, and git does not trust it",
            f"if you do: git config --global --add safe.directory {shlex.quote(str(top))}",
        )
    if prefix or any(said in running.said for said in ("not a git repository", "invalid gitfile format")):
        raise SourceError(f"{top} is not a git repository", "run inside a clone, or git init one")
    if status:
        raise SourceError(f"git can not open {top}: {running.complaint}")
    return Repository(Git(top, {"GIT_DIR": os.fsdecode(folder.removesuffix(b"\n"))}))


class Repository:
    """A git repository on disk.

    Args:
        git: git, told where the repository is.
        lacks_large: whether blobs too large for a manifest were not fetched.
    """

    def __init__(self, git: Git, *, lacks_large: bool = False) -> None:
        self._git = git
        self._lacks_large = lacks_large

    def head(self) -> str | None:
        """The full id of the commit at `HEAD`, or `None` before the first commit."""
        return self._commit("HEAD")

    def resolve(self, revision: str) -> str:
        """The full id of the commit that a branch, tag or id names.

        Raises:
            SourceError: none does.
        """
        if commit := self._commit(revision):
            return commit
        if self.head() is None:
            raise SourceError("the repository has no commit yet", "commit the manifests first")
        hint = "fetch it first, or check the name"
        if self._git.output("rev-parse", "--is-shallow-repository") == "true":
            hint = "this clone is shallow: git fetch --unshallow (in CI: fetch-depth: 0)"
        raise SourceError(f"no commit named {ascii(revision)[1:-1]}", hint)

    def snapshot(self, revision: str, scopes: Sequence[PurePosixPath]) -> Snapshot:
        """The files of a commit that may hold manifests.

        Args:
            revision: branch, tag or id.
            scopes: files and folders to read, below the top; `.` for all of it.

        Raises:
            SourceError: no such commit or path, or git can not read it.
        """
        commit = self.resolve(revision)
        entries = list(read_entries(self._git, commit))
        check_scopes_exist(scopes, [entry.path for entry in entries], f"commit {commit[:10]}")
        wanted: dict[PurePosixPath, Entry] = {}
        problems: list[Problem] = []
        for entry in entries:
            if entry.path != SETTINGS_FILE and not (
                may_hold_manifests(entry.path, scopes)
                or (entry.fault and entry.path.suffix in MANIFEST_SUFFIXES)
            ):
                continue
            if problem := _unreadable(entry, wanted):
                problems.append(problem)
            elif entry.mode != SUBMODULE:
                wanted[entry.path] = entry
        files: dict[PurePosixPath, SourceFile] = {}
        room = Room()
        for path, data in zip(wanted, self._blobs(wanted.values()), strict=True):
            if data is None:
                problems.append(too_large(str(path)))
            else:
                room.take(len(data))
                files[path] = SourceFile(str(path), data)
        settings = files.pop(SETTINGS_FILE, None)
        ordered = tuple(sorted(files.values(), key=lambda file: file.path))
        return Snapshot(commit, ordered, tuple(problems), in_work_tree=False, settings=settings)

    def _blobs(self, entries: Iterable[Entry]) -> Iterator[bytes | None]:
        oids = [entry.oid for entry in entries]
        return read_blobs(self._git, oids, lacks_large=self._lacks_large)

    def _commit(self, revision: str) -> str | None:
        # A leading dash would be an option, a colon a path or a search: neither names a commit.
        if revision.startswith("-") or {":", "\0"} & set(revision):
            return None
        found = self._git.output("rev-parse", "--verify", "--quiet", revision + "^{commit}", absent_with=1)
        return found if _COMMIT.fullmatch(found) else None


def _unreadable(entry: Entry, others: Container[PurePosixPath]) -> Problem | None:
    """Why an entry is not read, if there is something to say about it."""
    place = Place(str(entry.path), 1, 1)
    if entry.fault:
        return Problem(place, entry.fault, "rename the file")
    if entry.mode == SUBMODULE:
        return None
    if entry.path in others:
        return Problem(place, "two files of one name in the commit", "remove one of them")
    return not_followed(str(entry.path)) if entry.mode == LINK else None
