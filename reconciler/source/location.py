"""Where a repository is: the top folder of its work tree, or a bare one, found without asking git."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from reconciler.errors import SourceError


def make_absolute(path: Path) -> Path:
    """A path from the root of the file system, with no link followed: `..` is what stands before it."""
    return Path(os.path.abspath(path))  # noqa: PTH100  that would follow links


def find_top(path: Path) -> Path | None:
    """The nearest folder from a path upwards that has a `.git` entry, or `None` outside git.

    Git's own search would also take a folder that merely looks like a bare repository, which any
    pull request can contain.

    Raises:
        SourceError: within a repository, the path leads through a link.
    """
    absolute = make_absolute(path)
    top = None
    for folder in (*reversed(absolute.parents), absolute):
        if top and is_link(folder):
            raise make_link_error(str(folder.relative_to(top)))
        if os.path.lexists(folder / ".git"):
            top = folder
    return top


def is_bare(folder: Path) -> bool:
    """Whether a folder in no work tree is itself a repository, by what git goes by."""
    parts = ("objects", "refs")
    return (folder / "HEAD").is_file() and all((folder / part).is_dir() for part in parts)


def is_link(path: str | Path) -> bool:
    """Whether a path is a link, as far as that can be looked at."""
    try:
        return stat.S_ISLNK(os.lstat(path).st_mode)
    except OSError:
        return False  # opening it will raise the reason


def make_link_error(path: str) -> SourceError:
    """The error for a symbolic link that a path asked for is, or leads through."""
    return SourceError(f"{path} is a symbolic link, which is not followed", "give the path that it leads to")
