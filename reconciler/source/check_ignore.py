"""Which files git would ignore, before there are any."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryFile

from reconciler.source.git import start_alone

_ANSWERED = {0, 1}
"""Exit codes of `git check-ignore` that are no failure: 0 where it ignores something, 1 where nothing."""
_HERE = b"./"
"""Written before each path, so that git takes none of them for a pathspec with options."""


def find_ignored(top: Path, paths: Iterable[str]) -> frozenset[str]:
    """Those of some paths that git would ignore if there were files: it neither knows nor would commit them.

    Args:
        top: the top folder of the work tree.
        paths: below it, none of which leads through a link.

    Raises:
        GitNotInstalledError: there is no git.
        SourceError: git failed.
    """
    with TemporaryFile() as asked:
        asked.write(b"".join(_HERE + os.fsencode(path) + b"\0" for path in paths))
        asked.seek(0)
        command = ("check-ignore", "-z", "--stdin")
        environment = {"GIT_CEILING_DIRECTORIES": str(top.parent), "GIT_WORK_TREE": str(top)}
        with start_alone(top, environment, {"safe.directory": "*"}, command, asked) as listing:
            listed = listing.stdout.read()
            if listing.wait() not in _ANSWERED:
                raise listing.make_error(f"git can not tell what it ignores in {top}")
    return frozenset(os.fsdecode(path.removeprefix(_HERE)) for path in listed.split(b"\0")[:-1])
