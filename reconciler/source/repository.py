"""Commits: blobs read from git's store by plumbing commands; nothing is checked out, nothing executed."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from reconciler.errors import Problem, SourceError
from reconciler.source.committed_files import CommittedFiles, make_duplicate_problem
from reconciler.source.git import Git
from reconciler.source.history.chronicle import Chronicle, Contents
from reconciler.source.history.commits import Completeness, History
from reconciler.source.history.eras import ReadBy
from reconciler.source.history.record import Record, may_matter, name_content, record_history
from reconciler.source.location import make_link_error
from reconciler.source.objects import (
    LINK,
    SUBMODULE,
    Entry,
    make_no_object_error,
    read_blobs,
    read_entries,
    read_sizes,
)
from reconciler.source.search import MAX_FILE_BYTES
from reconciler.source.snapshot import (
    EVERYTHING,
    SETTINGS_FILE,
    Files,
    Snapshot,
    SourceFile,
    is_below,
    is_named_like_a_manifest,
    make_link_problem,
    make_no_scope_error,
    make_too_large_problem,
    select_manifests_in,
)

_CONVERSIONS = ("filter", "ident", "working-tree-encoding")
_SETTINGS = str(SETTINGS_FILE)
_GONE = (
    "the clone is damaged, or borrows from a repository that is gone (git clone --shared):"
    " clone it again in full"
)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def open_repository(folder: Path) -> Repository:
    """The repository whose work tree is in a folder, or a bare one, if git trusts it.

    Whether a folder of another user's is to be trusted is for git to say: it asks the settings of the
    system and of the caller, where `safe.directory` is. Nothing else is read with these settings.

    Args:
        folder: its top folder, as `find_top` gives it, or one that `is_bare`.

    Raises:
        SourceError: it is none, or belongs to somebody else.
    """
    is_in_work_tree = os.path.lexists(folder / ".git")
    git = Git(
        folder,
        {"GIT_CEILING_DIRECTORIES": str(folder.parent)},
        settings={"safe.bareRepository": "explicit" if is_in_work_tree else "all"},
        is_configured=True,
    )
    with git.start("rev-parse", "--show-prefix", "--absolute-git-dir") as running:
        prefix, _, printed = running.stdout.read().partition(b"\n")
        status = running.wait()
    if "dubious ownership" in running.stderr_text:
        raise SourceError(
            f"{folder} belongs to another user, and git does not trust it",
            f"if you do: {_explain_trust(folder)}",
        )
    if prefix or running.found_no_repository:
        raise SourceError(f"{folder} is not a git repository", "run inside a clone, or git init one")
    if status:
        raise running.make_error(f"git can not open {folder}")
    git_folder = os.fsdecode(printed.removesuffix(b"\n"))
    return Repository(Git(folder, {"GIT_DIR": git_folder, **_find_quarantine(git_folder, os.environ)}))


def _explain_trust(folder: Path) -> str:
    shown = shlex.quote(str(folder))
    if os.access(os.environ.get("HOME", ""), os.W_OK):
        return f"git config --global --add safe.directory {shown}"
    return f"GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0={shown}"


def _find_quarantine(git_folder: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Where git keeps what is pushed until the hook `pre-receive`, if this is run by it, has let it in."""
    objects = Path(git_folder, "objects")
    folder = environment.get("GIT_QUARANTINE_PATH", "")
    is_ours = bool(folder) and Path(folder).resolve().parent == objects.resolve()
    return {"GIT_ALTERNATE_OBJECT_DIRECTORIES": folder} if is_ours else {}


class Repository:
    """A git repository on disk.

    Args:
        git: that repository's git.
        lacks_large: whether blobs too large for a manifest were not fetched.

    Attributes:
        history: what led to its commits.
    """

    def __init__(self, git: Git, *, lacks_large: bool = False) -> None:
        self._git = git
        self._lacks_large = lacks_large
        self.history = History(git)

    def find_head(self) -> str | None:
        """The full id of the commit at `HEAD`, or `None` before the first commit.

        Raises:
            SourceError: git does not have it.
        """
        commit = self._find_commit("HEAD")
        if commit is None:
            self._refuse_missing("HEAD")
        return commit

    def resolve(self, revision: str) -> str:
        """The full id of the commit that a branch, tag or id names.

        Raises:
            SourceError: none does, or git does not have it.
        """
        if commit := self._find_commit(revision):
            is_unambiguous = revision == "HEAD" or _COMMIT.fullmatch(revision)
            names = [] if is_unambiguous else [f"refs/{kind}/{revision}" for kind in ("heads", "tags")]
            if len(set(filter(None, map(self._find_commit, names)))) > 1:
                shown = ascii(revision)[1:-1]
                hint = f"say which: refs/heads/{shown} or refs/tags/{shown}"
                raise SourceError(f"{shown} is a branch and a tag, of different commits", hint)
            return commit
        self._refuse_missing(revision)
        if self.find_head() is None:
            raise SourceError("the repository has no commit yet", "commit the manifests first")
        hint = "fetch it first, or check the name"
        if (completeness := self.history.completeness) is Completeness.SHALLOW:
            hint = f"this clone is shallow: {completeness.remedy}"
        raise SourceError(f"no commit named {ascii(revision)[1:-1]}", hint)

    def take_snapshot(self, revision: str, scopes: Sequence[PurePosixPath]) -> Snapshot:
        """The files of a commit that may hold manifests.

        Args:
            revision: branch, tag or id.
            scopes: files and folders to read, below the top; `.` for all of it.

        Raises:
            SourceError: no such commit or path, or git can not read it.
        """
        commit = self.resolve(revision)
        are_manifests = select_manifests_in(scopes)
        named = {str(scope) for scope in scopes if scope not in EVERYTHING}
        settings: list[Entry] = []
        files = CommittedFiles(self._git, named)
        unread: list[str] = []
        with read_entries(self._git, commit) as entries:
            for entry in _check_scopes(entries, named, commit):
                if entry.path == _SETTINGS:
                    settings.append(entry)
                elif are_manifests(entry.path) or (
                    entry.fault and not named and is_named_like_a_manifest(entry.path)
                ):
                    if entry.mode == SUBMODULE:
                        continue
                    if self._is_readable(entry):
                        files.add(entry)
                    else:
                        unread.append(entry.path)
        file, problems = self._parse_settings(settings)
        return Snapshot(
            commit, files.sort_by_path(), problems, unread=unread, in_work_tree=False, settings=file
        )

    def read_settings(self, commit: str) -> SourceFile | None:
        """The settings of a commit, by its full id, if there are any that can be read.

        Raises:
            SourceError: git can not read them.
        """
        with read_entries(self._git, commit, _SETTINGS) as entries:
            return self._parse_settings(list(entries))[0]

    def list_files(self, commit: str, are_wanted: Callable[[str], bool]) -> Files:
        """Files of a commit that can be read and have names of their own.

        Args:
            commit: its full id.
            are_wanted: says of a path below the top whether the file is.

        Raises:
            SourceError: git can not read the commit, or does not have a file.
        """
        files, known = CommittedFiles(self._git), set[str]()
        with read_entries(self._git, commit) as entries:
            for entry in entries:
                if are_wanted(entry.path) and not entry.fault and self._is_readable(entry):
                    if entry.path not in known:
                        files.add(entry)
                    known.add(entry.path)
        return files.sort_by_path()

    def find_conversions(self, paths: Sequence[str]) -> list[str]:
        """How git changes files of the work tree when it checks them out, in ways that only git knows.

        Args:
            paths: of files, below the top; no more than fit on a command line.

        Returns:
            The attributes, as `PATH (NAME=VALUE)`.

        Raises:
            SourceError: git failed.
        """
        printed = self._git.read_output("check-attr", "-z", *_CONVERSIONS, "--", *paths).split("\0")
        attributes = zip(printed[::3], printed[1::3], printed[2::3], strict=False)
        return [
            f"{path} ({name}={value})"
            for path, name, value in attributes
            if value not in {"unspecified", "unset"}
        ]

    def read_chronicle(self, commit: str, read_by: ReadBy, known: Record | None = None) -> Chronicle:
        """What files have been up to a commit.

        Args:
            commit: its full id.
            read_by: says what is read by the settings of a commit.
            known: what was done up to it, if that is known already.

        Raises:
            SourceError: git failed, or there is no end to it.
        """
        return Chronicle(self._git, known or record_history(self._git, self.history, commit, read_by))

    def read_contents_between(self, since: str, commit: str, read_by: ReadBy) -> Contents:
        """What the commits between two others declare, each by itself.

        That is what each put into files that are read by the settings of any of them; of a commit that
        changes which files are read, all that it reads.

        Args:
            since: the full id of the earlier one, which does not count itself.
            commit: the full id of the later one, which does.
            read_by: says what is read by the settings of a commit.

        Raises:
            SourceError: git failed, there is no end to it, or it does not have all.
        """
        before = read_by(self.read_settings(since))
        touches = list(self.history.iterate_touches_between(since, commit, may_matter))
        changes_of_settings = [touch.commit for touch in touches if touch.path == _SETTINGS]
        are_read = {each: read_by(self.read_settings(each)) for each in (commit, *changes_of_settings)}
        filters = {before, *are_read.values()}
        names = {
            name_content(touch.after, touch.path): None
            for touch in touches
            if touch.after and any(is_read(touch.path) for is_read in filters)
        }
        for each in changes_of_settings:
            if are_read[each] is not before:
                files = self.list_files(each, are_read[each])
                names |= dict.fromkeys(map(name_content, files.list_ids(), files.paths))
        return Contents(self._git, list(names))

    def _parse_settings(self, entries: Sequence[Entry]) -> tuple[SourceFile | None, tuple[Problem, ...]]:
        """The settings of a commit, if there are any, and why they are not read."""
        if len(entries) > 1:
            return None, (make_duplicate_problem(_SETTINGS),)
        for entry in entries:
            if entry.mode == LINK:
                return None, (make_link_problem(_SETTINGS),)
            if self._is_readable(entry):
                if (entry.size or 0) > MAX_FILE_BYTES:
                    return None, (make_too_large_problem(_SETTINGS),)
                (data,) = read_blobs(self._git, [entry.oid])
                return SourceFile(entry.path, data), ()
        return None, ()

    def _is_readable(self, entry: Entry) -> bool:
        """Whether an entry is a file, and one that was fetched.

        Raises:
            SourceError: it was to be fetched, and git does not have it.
        """
        if entry.mode in {LINK, SUBMODULE}:
            return False
        if entry.size is None and not self._lacks_large:
            raise make_no_object_error(entry.oid)
        return entry.size is not None

    def _find_commit(self, revision: str) -> str | None:
        return self._find_object(revision + "^{commit}")

    def _find_object(self, revision: str) -> str | None:
        """The full id that a revision names, whether or not git has such an object."""
        # A leading dash would be an option, a colon a path or a search: neither names a commit.
        if revision.startswith("-") or {":", "\0"} & set(revision):
            return None
        found = self._git.read_output("rev-parse", "--verify", "--quiet", revision, absent_with=1)
        return found if _COMMIT.fullmatch(found) else None

    def _refuse_missing(self, revision: str) -> None:
        """Refuse a branch, a tag or `HEAD` that names an object which this clone lacks.

        Raises:
            SourceError: git does not have it.
        """
        named = None if _COMMIT.fullmatch(revision) else self._find_object(revision)
        if named and next(read_sizes(self._git, [named.encode()])) is None:
            message = f"{ascii(revision)[1:-1]} names {named[:10]}, which this clone does not have"
            raise SourceError(message, _GONE)


def _check_scopes(entries: Iterator[Entry], scopes: Collection[str], commit: str) -> Iterator[Entry]:
    """The entries of a commit, in which each scope has to be.

    Raises:
        SourceError: one is not, or is a link, or leads through one.
    """
    if not scopes:
        yield from entries
        return
    unseen = set(scopes)
    for entry in entries:
        if entry.mode == LINK and any(is_below(scope, entry.path) for scope in scopes):
            raise make_link_error(entry.path)
        unseen -= {scope for scope in unseen if is_below(entry.path, scope)}
        yield entry
    for scope in sorted(unseen):
        raise make_no_scope_error(scope, f"commit {commit[:10]}")
