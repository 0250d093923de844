"""The files of a work tree that git would commit: tracked ones, and others that it does not ignore.

Git only names files here and runs nothing, so the repository need not be one that it trusts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from reconciler.errors import SourceError
from reconciler.source.git import Running, start_alone
from reconciler.source.snapshot import MAX_ENTRIES, make_too_many_files_error

_CHUNK_BYTES = 1024 * 1024
_LEFT_OUT = "S "
"""What `git ls-files -t` writes before a path that a sparse checkout leaves out."""
_TAG = len(_LEFT_OUT)


def list_work_tree(top: Path, scopes: Sequence[PurePosixPath], left_out: set[str]) -> Iterator[str]:
    """The paths of files at or below some paths, links among them; what is in repositories within is not.

    A file that was removed and not committed since is listed, and one with a conflict more than once.

    Args:
        top: the top folder of the work tree.
        scopes: below it; `.` for all of it.
        left_out: gets those paths that a sparse work tree has no files of, before they are given.

    Raises:
        GitNotInstalledError: there is no git.
        SourceError: git failed, or there are too many.
    """
    return _iterate_paths(top, _start_listing(top, ("-t", "--cached"), scopes), left_out)


def would_add(top: Path, path: PurePosixPath) -> bool:
    """Whether git would commit a file that is not committed yet: it neither knows nor ignores it.

    Args:
        top: the top folder of the work tree.
        path: of the file, below it.

    Raises:
        GitNotInstalledError: there is no git.
        SourceError: git failed.
    """
    with _start_listing(top, (), [path]) as listing:
        listed = listing.stdout.read()
        if listing.wait():
            raise listing.make_error(f"git can not list the files of {top}")
    return bool(listed)


def _start_listing(top: Path, options: Sequence[str], scopes: Sequence[PurePosixPath]) -> Running:
    """A git that lists the files that it does not ignore."""
    environment = {
        "GIT_CEILING_DIRECTORIES": str(top.parent),
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_WORK_TREE": str(top),
    }
    command = ("ls-files", "-z", *options, "--others", "--exclude-standard", "--", *map(str, scopes))
    return start_alone(top, environment, {"safe.directory": "*"}, command)


def _iterate_paths(top: Path, running: Running, left_out: set[str]) -> Iterator[str]:
    rest, count = b"", 0
    with running as listing:
        while chunk := listing.stdout.read1(_CHUNK_BYTES):
            whole, end, rest = (rest + chunk).rpartition(b"\0")
            lines = os.fsdecode(whole).split("\0") if end else []
            count += len(lines)
            if count > MAX_ENTRIES:
                raise make_too_many_files_error()
            left_out.update(line[_TAG:] for line in lines if line.startswith(_LEFT_OUT))
            yield from (line[_TAG:] for line in lines)
        if listing.wait():
            if listing.found_no_repository:
                raise SourceError(f"{top} is not a git repository", "run inside a clone, or git init one")
            raise listing.make_error(f"git can not list the files of {top}")
