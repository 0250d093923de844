"""Commits: blobs read from git's store by plumbing commands; nothing is checked out, nothing executed.

GitPython is the door to git. Only `rev-parse`, `ls-tree` and `cat-file` go through it: commands that
run no hook, filter, pager or file system monitor, whatever the repository's configuration says.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from reconciler.errors import Place, Problem, SourceError
from reconciler.source.snapshot import (
    MAX_FILE_BYTES,
    SETTINGS_FILE,
    Snapshot,
    SourceFile,
    check_scopes_exist,
    may_hold_manifests,
    not_followed,
    too_large,
)

_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
_LINK, _SUBMODULE = b"120000", b"160000"


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of git's tree listing; a path that is no UTF-8 can only be shown."""

    mode: bytes
    oid: bytes
    path: PurePosixPath
    is_text: bool = True


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
        import git  # noqa: PLC0415  70 ms that `validate` and `--help` do without

        self.top = top
        self._command_error = git.GitCommandError
        try:
            with git.Repo(top, expand_vars=False) as repository:
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
        wanted: list[_Entry] = []
        problems: list[Problem] = []
        for entry in entries:
            if entry.path != SETTINGS_FILE and not may_hold_manifests(entry.path, scopes):
                continue
            if problem := _unreadable(entry):
                problems.append(problem)
            elif entry.mode != _SUBMODULE:
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

    def _entries(self, commit: str) -> list[_Entry]:
        """Every file, link and submodule of a commit."""
        listing = self._run("ls-tree", "-r", "-z", "--full-tree", commit, stdout_as_string=False)
        return [_entry(line) for line in listing.split(b"\0") if line]

    def _commit(self, revision: str) -> str | None:
        # A leading dash would be an option, a colon a path or a search: neither names a commit.
        if revision.startswith("-") or ":" in revision or not revision:
            return None
        try:
            found: str = self._git.rev_parse("--verify", "--quiet", revision + "^{commit}")
        except self._command_error as error:
            self._check_ownership(error)
            return None
        return found.strip()

    def _run(self, command: str, *arguments: str, **options: Any) -> Any:
        try:
            return getattr(self._git, command.replace("-", "_"))(*arguments, **options)
        except self._command_error as error:
            self._check_ownership(error)
            raise SourceError(f"git {command} failed: {_first_line(error.stderr)}") from None

    def _check_ownership(self, error: Any) -> None:
        if "dubious ownership" in str(error.stderr):
            raise SourceError(
                f"{self.top} belongs to another user, so git does not read it",
                f"if you trust it: git config --system --add safe.directory {self.top}",
            ) from None

    def _blobs(self, oids: Sequence[bytes]) -> Iterator[bytes | None]:
        """The blobs' contents in the order asked for, `None` for one beyond the size bound."""
        if not oids:
            return
        process = self._git.cat_file("--batch", "--buffer", as_process=True, istream=subprocess.PIPE)
        # Git answers while it is still being asked: with one thread, both could wait on a full pipe.
        asking = threading.Thread(target=_ask, args=(process.stdin, oids), daemon=True)
        asking.start()
        try:
            for oid in oids:
                yield _blob(process.stdout, oid)
        finally:
            process.stdout.close()
            asking.join()
            process.stderr.close()
            process.proc.wait()


def _ask(stdin: IO[bytes], oids: Sequence[bytes]) -> None:
    try:
        with stdin:
            stdin.write(b"\n".join(oids) + b"\n")
    except BrokenPipeError:
        pass  # git has ended: the reader sees that too, and says it


def _blob(stdout: IO[bytes], oid: bytes) -> bytes | None:
    header = stdout.readline().split()
    if len(header) != 3:  # noqa: PLR2004  id, type, size
        raise SourceError(
            f"git has no object {oid.decode()[:10]}, which the commit names",
            "the clone is damaged or partial: fetch it again in full",
        )
    size = int(header[2])
    if size > MAX_FILE_BYTES:
        remaining = size + 1
        while remaining:
            remaining -= len(stdout.read(min(remaining, MAX_FILE_BYTES)))
        return None
    data = stdout.read(size)
    stdout.read(1)
    return data


def _entry(line: bytes) -> _Entry:
    about, _, name = line.partition(b"\t")
    mode, _, oid = about.split(b" ")
    try:
        return _Entry(mode, oid, PurePosixPath(name.decode()))
    except UnicodeDecodeError:
        return _Entry(mode, oid, PurePosixPath(name.decode(errors="backslashreplace")), is_text=False)


def _unreadable(entry: _Entry) -> Problem | None:
    """Why an entry is not read, if there is something to say about it."""
    if entry.mode == _SUBMODULE:
        return None
    if not entry.is_text:
        return Problem(Place(str(entry.path), 1, 1), "file name is not UTF-8", "rename the file")
    return not_followed(str(entry.path)) if entry.mode == _LINK else None


def _first_line(stderr: object) -> str:
    lines = [line.strip(" '\"") for line in str(stderr).splitlines() if line.strip()]
    text = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[0] if lines else "")
    return ascii(text.removeprefix("stderr: '")[:200])[1:-1]
