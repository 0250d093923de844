"""The files that were read, and which of a repository's files those are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from reconciler.errors import Place, Problem, SourceError

MANIFEST_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
SETTINGS_FILE = PurePosixPath("reconciler.toml")
MAX_FILE_BYTES = 1024 * 1024
MAX_FILES = 200_000
"""In a repository, of any kind."""
MAX_BYTES = 256 * 1024 * 1024
"""In all the files read together: three times what 100,000 manifests of usual size take."""
EVERYTHING = (PurePosixPath(),)
"""The scopes that stand for the whole repository."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that may hold manifests: its path below the repository's top, with `/`, and its bytes."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of one commit, or of the work tree, in order of their paths.

    `commit` is the full id of the commit read, or of the one that the work tree is based on; `None`
    outside git and before the first commit. `problems` tell of files that were passed over, `settings`
    is the repository's `reconciler.toml`.
    """

    commit: str | None
    files: tuple[SourceFile, ...]
    problems: tuple[Problem, ...] = ()
    in_work_tree: bool = True
    settings: SourceFile | None = None


class Room:
    """How much more may be read."""

    def __init__(self) -> None:
        self._left = MAX_BYTES

    def take(self, size: int) -> None:
        """Read that many bytes.

        Raises:
            SourceError: they are too many.
        """
        self._left -= size
        if self._left < 0:
            raise SourceError(
                f"more than {MAX_BYTES // 1024**2} MiB of YAML and JSON in the repository",
                "narrow the paths to where the manifests are",
            )


def may_hold_manifests(path: PurePosixPath, scopes: Sequence[PurePosixPath]) -> bool:
    """Whether a file is to be read: in one of the scopes, and YAML or JSON by its name.

    Folders whose names begin with a dot belong to tools (`.github`, `.venv`) and count only where a
    scope names them.

    Args:
        path: the file, below the repository's top.
        scopes: files and folders asked for, below the repository's top; `.` for all of it.
    """
    if path.suffix not in MANIFEST_SUFFIXES:
        return False
    for scope in scopes:
        if path == scope:
            return True
        if path.is_relative_to(scope) and not is_hidden(path.relative_to(scope).parent):
            return True
    return False


def is_hidden(folder: PurePosixPath) -> bool:
    """Whether a part of the path begins with a dot."""
    return any(part.startswith(".") for part in folder.parts)


def check_scopes_exist(scopes: Sequence[PurePosixPath], present: Sequence[PurePosixPath], where: str) -> None:
    """See that every path asked for is there.

    Raises:
        SourceError: one is not.
    """
    for scope in scopes:
        if scope != PurePosixPath() and not any(path.is_relative_to(scope) for path in present):
            raise SourceError(
                f"no file or folder {scope} in {where}", "check the path, or commit the file first"
            )


def too_many_files() -> SourceError:
    """The error for a repository beyond the bound."""
    return SourceError(
        f"more than {MAX_FILES:,} files in the repository", "keep manifests in one of their own"
    )


def too_large(path: str) -> Problem:
    """The problem of a file beyond the bound."""
    return Problem(
        Place(path, 1, 1), "larger than 1 MiB, which no manifest is", "move it, or narrow the paths"
    )


def not_followed(path: str) -> Problem:
    """The problem of a symbolic link named like a manifest."""
    return Problem(
        Place(path, 1, 1), "symbolic link, not followed", "give the manifest a file of its own", "warning"
    )  # fmt: skip
