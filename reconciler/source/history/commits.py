"""What led to a commit: where it left another, who touched a file last, where the repository is from.

`git log` prints which blobs a commit put in place of which, and looks into none of them. Of authors it
prints the name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from reconciler.errors import SourceError
from reconciler.source.git import Git
from reconciler.source.history.address import strip_credentials
from reconciler.source.objects import read_blobs, read_sizes
from reconciler.source.search import MAX_FILE_BYTES

_CHUNK_BYTES = 1024 * 1024
_LONGEST_FIELD_BYTES = 1024 * 1024
_LONGEST_AUTHOR_CHARACTERS = 100
_MOST_PATHS = 64
"""Git compares every name in a folder with every path that it is asked for."""
_MOST_FIELDS = 10_000_000
"""Of all commits together; 100,000 of them that touch twenty files each print half as many."""
_MOST_MEMORY_BYTES = 256 * 1024 * 1024
"""Git holds all that one commit changes: a few objects can stand for billions of files."""
_UNINFLUENCED = (
    "--no-show-signature", "--no-mailmap", "--no-notes", "--no-decorate", "--no-color", "--no-graph",
)  # fmt: skip
"""Whatever the repository's settings say: no program is run, and no other file read."""
_OPTIONS = (
    "-z", "--raw", "--no-abbrev", "--root", "--format=%H%x00%P%x00%an", "--encoding=UTF-8",
    *_UNINFLUENCED, "--no-ext-diff", "--no-textconv", "-O/dev/null", "--no-renames", "--no-follow",
    "--no-relative", "--ignore-submodules=all",
)  # fmt: skip
_FILE_MODES = frozenset({"100644", "100755"})
_OF_ALL_PARENTS = ("-c",)
_ON_FIRST_PARENT_LINE = ("--first-parent", "--diff-merges=first-parent")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:Z|[+-][0-9]{2}:[0-9]{2})")
_ABOUT = "--format=%H%x00%aI%x00%an"
_MOST_COMMITS_ASKED = 500
"""Commits that are named on one command line."""


class Touch(NamedTuple):
    """What a commit did to a file.

    Attributes:
        commit: its full id.
        author: of the commit: a name, as whoever made it has written it; empty where there is none.
        path: of the file, below the top.
        before: the ids of the blobs that it replaced; none where it added the file.
        after: the id of the blob that it put there; `None` where it removed the file.
    """

    commit: str
    author: str
    path: str
    before: tuple[str, ...]
    after: str | None


class Signature(NamedTuple):
    """Who made a commit.

    Attributes:
        author: a name, as whoever made the commit has written it; `None` where there is none.
        date: when, as ISO 8601 with an offset; `None` where that is no date.
    """

    author: str | None
    date: str | None


class Completeness(StrEnum):
    """What a clone has of its repository's history."""

    WHOLE = "whole"
    SHALLOW = "shallow"
    """The last commits only."""
    PARTIAL = "partial"
    """Not every file of every commit: it was cloned with a filter."""
    GRAFTED = "grafted"
    """The file info/grafts gives some commits other parents than they have."""

    @property
    def remedy(self) -> str:
        """How to have the rest; nothing where nothing is missing."""
        return _REMEDIES[self]


_REMEDIES = {
    Completeness.WHOLE: "",
    Completeness.SHALLOW: "git fetch --unshallow (in CI: fetch-depth: 0)",
    Completeness.GRAFTED: "remove the file info/grafts in its .git folder",
    Completeness.PARTIAL: "clone it anew, without --filter (in CI too)",
}


_WITH_ALL_COMMITS = {Completeness.WHOLE, Completeness.PARTIAL}


class History:
    """The history of a repository, which stays as it is meanwhile.

    Args:
        git: that repository's git.
    """

    def __init__(self, git: Git) -> None:
        self._git = git

    def find_common_ancestor(self, one: str, other: str) -> str | None:
        """The best commit that two commits, by their full ids, both come from; `None` where none is known.

        Raises:
            SourceError: git failed.
        """
        return self._git.read_output("merge-base", one, other, absent_with=1).partition("\n")[0] or None

    def find_remote(self) -> str | None:
        """Where the repository was cloned from, without credentials.

        That is `origin`, else the only remote; `None` where there is none, or it is no host.

        Raises:
            SourceError: git failed.
        """
        urls = {name: url for name, url in self._settings_of_remotes.items() if name.endswith(".url")}
        chosen = urls.get("remote.origin.url") or (next(iter(urls.values())) if len(urls) == 1 else "")
        return strip_credentials(chosen)

    def iterate_touches(self, commit: str, paths: Collection[str]) -> Iterator[Touch]:
        """What was done to some files up to a commit, the last first, as git comes to it.

        A merge counts where it made a file what it is on neither side. What a shallow clone has cut off
        is not known, and missing here. However long the history is, the walk ends at a bound.

        Args:
            commit: the full id of the last one.
            paths: of the files, below the top.

        Raises:
            SourceError: git failed, or took too much memory.
        """
        limits = list(map(_quote_path, paths)) if len(paths) <= _MOST_PATHS else []
        options = (*_OF_ALL_PARENTS, commit, "--", *limits)
        yield from self._walk_log(options, frozenset(paths).__contains__, ends_early=True)

    def iterate_first_parent_touches(self, commit: str, are_wanted: Callable[[str], bool]) -> Iterator[Touch]:
        """What was done to files by every commit on the first-parent line of one, the last first.

        That line is what the branch itself has been. A merge counts as one change of it: what was declared
        and taken out again within the merged branch was never the branch's own.

        Args:
            commit: the full id of the last one.
            are_wanted: says of a path below the top whether the file is.

        Raises:
            SourceError: git failed, took too much memory, or there is no end to it.
        """
        return self._walk_log((*_ON_FIRST_PARENT_LINE, commit, "--"), are_wanted, ends_early=False)

    def iterate_touches_between(
        self, since: str, commit: str, are_wanted: Callable[[str], bool]
    ) -> Iterator[Touch]:
        """What each commit between two others did to files; merges do not count.

        Args:
            since: the full id of the earlier one, which does not count itself.
            commit: the full id of the later one, which does.
            are_wanted: says of a path below the top whether the file is.

        Raises:
            SourceError: git failed, took too much memory, or there is no end to it.
        """
        return self._walk_log(("--no-merges", f"{since}..{commit}", "--"), are_wanted, ends_early=False)

    @cached_property
    def completeness(self) -> Completeness:
        """Whether the clone has all of the history, and what it lacks if not.

        What `git replace` puts in the place of commits is never shown to us.

        Raises:
            SourceError: git failed.
        """
        printed = self._git.read_output(
            "rev-parse", "--path-format=absolute", "--is-shallow-repository", "--git-path", "info/grafts"
        )
        is_shallow, _, grafts = printed.partition("\n")
        if is_shallow != "false":
            return Completeness.SHALLOW
        if os.path.lexists(grafts):
            return Completeness.GRAFTED
        is_partial = any(not name.endswith(".url") for name in self._settings_of_remotes)
        return Completeness.PARTIAL if is_partial else Completeness.WHOLE

    def read_signatures(self, commits: Sequence[str]) -> dict[str, Signature]:
        """Who made some commits, by their full ids.

        Raises:
            SourceError: git failed.
        """
        found: dict[str, Signature] = {}
        for begin in range(0, len(commits), _MOST_COMMITS_ASKED):
            asked = commits[begin : begin + _MOST_COMMITS_ASKED]
            printed = self._git.read_output(
                "log", "--no-walk=unsorted", "--encoding=UTF-8", *_UNINFLUENCED, _ABOUT, *asked
            )
            for line in printed.split("\n"):
                commit, date, author = line.split("\0")
                date_or_none = date if _DATE.fullmatch(date) else None
                found[commit] = Signature(author[:_LONGEST_AUTHOR_CHARACTERS] or None, date_or_none)
        return found

    def read_contents(self, oids: Sequence[str]) -> Iterator[bytes | None]:
        """What files once held, in the order asked for; `None` where it is not here, or no manifest's size.

        Args:
            oids: the ids of blobs, as `Touch` has them.

        Raises:
            SourceError: git failed.
        """
        asked = [oid.encode() for oid in oids]
        sizes = list(read_sizes(self._git, asked))
        are_read = [size is not None and size <= MAX_FILE_BYTES for size in sizes]
        found = read_blobs(self._git, [oid for oid, is_read in zip(asked, are_read, strict=True) if is_read])
        for is_read in are_read:
            yield next(found) if is_read else None

    @cached_property
    def _settings_of_remotes(self) -> Mapping[str, str]:
        """The first value of each setting that says where the repository is from, and whether in part."""
        wanted = r"^(extensions\.partialclone|remote\..*\.(promisor|url))$"
        printed = self._git.read_output("config", "--local", "--null", "--get-regexp", wanted, absent_with=1)
        settings: dict[str, str] = {}
        for setting in filter(None, printed.split("\0")):
            name, _, value = setting.partition("\n")
            settings.setdefault(name, value)
        return settings

    def _walk_log(
        self, options: Sequence[str], are_wanted: Callable[[str], bool], *, ends_early: bool
    ) -> Iterator[Touch]:
        with self._git.start("log", *_OPTIONS, *options) as running:
            running.limit_memory(_MOST_MEMORY_BYTES)
            try:
                yield from self._parse_touches(_split_fields(running.stdout.read1), are_wanted)
            except _TooLongError:
                if not ends_early:
                    raise
            else:
                if running.wait():
                    raise running.make_error("git log failed")

    def _parse_touches(self, fields: Iterator[bytes], are_wanted: Callable[[str], bool]) -> Iterator[Touch]:
        commit = author = ""
        is_cut: bool | None = None
        for field in fields:
            about = field.removeprefix(b"\n")
            if not about:
                continue
            if not about.startswith(b":"):
                commit, parents = about.decode(), next(fields, b"")
                author = next(fields, b"").decode(errors="replace")[:_LONGEST_AUTHOR_CHARACTERS]
                is_cut = None if not parents else False
                continue
            try:
                path = next(fields, b"").decode()
            except UnicodeDecodeError:
                continue  # no manifest is read from there
            if not are_wanted(path):
                continue
            if is_cut is None:
                is_cut = self._is_cut(commit)
            if not is_cut:
                *before, after = _parse_blobs(about)
                yield Touch(commit, author, path, tuple(filter(None, before)), after)

    def _is_cut(self, commit: str) -> bool:
        """Whether a commit that git shows as the first has parents, which this clone does not have."""
        if self.completeness in _WITH_ALL_COMMITS:
            return False
        (data,) = read_blobs(self._git, [commit.encode()])
        return b"\nparent " in data.partition(b"\n\n")[0]


class _TooLongError(SourceError):
    """Git prints more than is read."""

    def __init__(self) -> None:
        super().__init__(
            f"more than {_MOST_FIELDS:,} changes of files in this repository's history",
            "keep manifests in a repository of their own",
        )


def _split_fields(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """What git prints between NULs.

    Raises:
        _TooLongError: there is no end to it.
        SourceError: a field is larger than any that git makes.
    """
    rest, count = b"", 0
    while chunk := read(_CHUNK_BYTES):
        *fields, rest = (rest + chunk).split(b"\0")
        count += len(fields)
        if count > _MOST_FIELDS:
            raise _TooLongError
        if len(rest) > _LONGEST_FIELD_BYTES:
            raise SourceError(
                "a commit of this repository names an author or parents without end",
                "no git makes such a commit: see what git fsck says",
            )
        yield from fields


def _quote_path(path: str) -> str:
    """A path as git is given it, whatever is in its name."""
    return f":(top,literal){path}"


def _parse_blobs(about: bytes) -> list[str | None]:
    """The ids of a raw difference: of the file in each parent, then in the commit; `None` for no file."""
    words = about.lstrip(b":").decode().split()
    files = (len(words) - 1) // 2  # a mode and an id of each, and what was done
    return [
        oid if mode in _FILE_MODES else None for mode, oid in zip(words[:files], words[files:], strict=False)
    ]
