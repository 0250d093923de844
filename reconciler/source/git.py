"""Commits: blobs read from git's store by plumbing commands; nothing is checked out, nothing executed.

GitPython is the door to git. Only `rev-parse`, `ls-tree` and `cat-file` go through it: commands that
run no hook, filter, pager or file system monitor, whatever the repository's configuration says.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from reconciler.errors import Place, Problem, SourceError
from reconciler.source.objects import LINK, SUBMODULE, Entry, read_blobs, read_entries
from reconciler.source.snapshot import (
    SETTINGS_FILE,
    Snapshot,
    SourceFile,
    check_scopes_exist,
    may_hold_manifests,
    not_followed,
    too_large,
)

_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",  # for a git that does not know GIT_NO_LAZY_FETCH
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def find_top(start: Path) -> Path | None:
    """The nearest folder from `start` upwards that has a `.git` entry, or `None` outside git.

    Git's own search would also take a folder that merely looks like a bare repository, which any
    pull request can contain.
    """
    start = start.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), None)


class Repository:
    """A git repository on disk.

    Args:
        top: its top folder, as `find_top` gives it.

    Raises:
        SourceError: git can not open it.
    """

    def __init__(self, top: Path) -> None:
        try:
            import git  # noqa: PLC0415  70 ms that `validate` and `--help` do without
        except ImportError:
            raise SourceError("git is not installed", "install git, and see that it is on the PATH") from None
        self.top = top
        self._command_error = git.GitCommandError
        try:
            with _own_environment(), git.Repo(top, expand_vars=False) as repository:
                self._git: Any = repository.git
                self._git.update_environment(GIT_DIR=str(repository.git_dir), **_ENVIRONMENT)
        except (git.InvalidGitRepositoryError, git.NoSuchPathError):
            raise SourceError(
                f"{top} is not a git repository", "run inside a clone, or git init one"
            ) from None

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
        if self._run("rev-parse", "--is-shallow-repository").strip() == "true":
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
        entries = self._entries(commit)
        check_scopes_exist(scopes, [entry.path for entry in entries], f"commit {commit[:10]}")
        wanted: list[Entry] = []
        problems: list[Problem] = []
        for entry in entries:
            if entry.path != SETTINGS_FILE and not may_hold_manifests(entry.path, scopes):
                continue
            if problem := _unreadable(entry):
                problems.append(problem)
            elif entry.mode != SUBMODULE:
                wanted.append(entry)
        files: dict[PurePosixPath, SourceFile] = {}
        for entry, data in zip(wanted, self._blobs([entry.oid for entry in wanted]), strict=True):
            if data is None:
                problems.append(too_large(str(entry.path)))
            else:
                files[entry.path] = SourceFile(str(entry.path), data)
        settings = files.pop(SETTINGS_FILE, None)
        ordered = tuple(sorted(files.values(), key=lambda file: file.path))
        return Snapshot(commit, ordered, tuple(problems), in_work_tree=False, settings=settings)

    def _entries(self, commit: str) -> list[Entry]:
        """Every file, link and submodule of a commit."""
        with _own_environment():
            process = self._git.ls_tree("-r", "-z", "--full-tree", commit, as_process=True)
        return list(read_entries(process))

    def _commit(self, revision: str) -> str | None:
        # A leading dash would be an option, a colon a path or a search: neither names a commit.
        if revision.startswith("-") or {":", "\0"} & set(revision):
            return None
        found: str = self._run("rev-parse", "--verify", "--quiet", revision + "^{commit}", absent_with=1)
        return found if _COMMIT.fullmatch(found) else None

    def _run(self, command: str, *arguments: str, absent_with: int = 0, **options: Any) -> Any:
        """What a git command prints; nothing where it ends with the status that says so."""
        try:
            with _own_environment():
                return getattr(self._git, command.replace("-", "_"))(*arguments, **options)
        except self._command_error as error:
            if error.status == absent_with:
                return ""
            raise SourceError(f"git {command} failed: {_first_line(error.stderr)}") from None

    def _blobs(self, oids: Sequence[bytes]) -> Iterator[bytes | None]:
        if not oids:
            return iter(())
        with _own_environment():
            process = self._git.cat_file("--batch", "--buffer", as_process=True, istream=subprocess.PIPE)
        return read_blobs(process, oids)


@contextmanager
def _own_environment() -> Iterator[None]:
    """Keep git's settings of this process from a command: GitPython hands them on.

    They are about another repository where a hook has set them, and any of them may name a program.
    """
    inherited = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("GIT_")}
    try:
        yield
    finally:
        os.environ.update(inherited)


def _unreadable(entry: Entry) -> Problem | None:
    """Why an entry is not read, if there is something to say about it."""
    if entry.mode == SUBMODULE:
        return None
    if not entry.is_text:
        return Problem(Place(str(entry.path), 1, 1), "file name is not UTF-8", "rename the file")
    return not_followed(str(entry.path)) if entry.mode == LINK else None


def _first_line(stderr: object) -> str:
    lines = [line.strip(" '\"") for line in str(stderr).splitlines() if line.strip()]
    text = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[0] if lines else "")
    return ascii(text.removeprefix("stderr: '")[:200])[1:-1]
