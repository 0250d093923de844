"""The files that were read, and which of a repository's files those are."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from reconciler.codes import Code
from reconciler.errors import Place, Problem, SourceError

_SUFFIXES = (".yaml", ".yml", ".json")
_BARE_SUFFIXES = tuple(f"/{suffix}" for suffix in _SUFFIXES)
SETTINGS_FILE = PurePosixPath("reconciler.toml")
MAX_ENTRIES = 500_000
"""In a repository, files of any kind: a few objects of git's can stand for billions."""
EVERYTHING = (PurePosixPath(),)
"""The scopes that stand for the whole repository."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that may hold manifests: its path below the repository's top, with `/`, and its bytes."""

    path: str
    data: bytes


class Files(ABC):
    """Files that may hold manifests, in order of their paths. Their contents are read when asked for.

    Attributes:
        paths: where they are, below the repository's top.
        sizes: of each, in bytes.
        named: the paths of those that were asked for by name, which matter whatever is in them.
        faults: what is wrong with a file that matters before it is read, by its number in `paths`.
        has_ids: whether their ids are known without reading them.
    """

    paths: Sequence[str]
    sizes: Sequence[int]
    named: Collection[str] = ()
    faults: Mapping[int, Problem] = MappingProxyType({})
    has_ids: bool = False

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[SourceFile]:
        contents = self.read(range(len(self)))
        return (SourceFile(path, data) for path, data in zip(self.paths, contents, strict=True))

    def read_at(self, paths: Collection[str], most_bytes: int) -> Iterator[SourceFile]:
        """The files at some paths, the first of them that are so many bytes together.

        Raises:
            SourceError: as `read`.
        """
        numbers: list[int] = []
        for number, path in enumerate(self.paths):
            if path in paths and (most_bytes := most_bytes - self.sizes[number]) >= 0:
                numbers.append(number)
        for number, data in zip(numbers, self.read(numbers), strict=True):
            yield SourceFile(self.paths[number], data)

    def iterate_ids(self) -> Iterator[tuple[str, str]]:
        """The path of each, and the id of its contents; see `list_ids`."""
        return zip(self.paths, self.list_ids(), strict=True)

    def select(self, are_wanted: Callable[[str], bool]) -> Files:
        """Those of the files whose paths are wanted."""
        numbers = [number for number, path in enumerate(self.paths) if are_wanted(path)]
        return self if len(numbers) == len(self) else SomeFiles(self, numbers)

    @abstractmethod
    def read(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """The contents of some of the files, by their numbers in `paths`, as `read_if_ours` gives them.

        Nothing of those that can not be read, but for a file that was asked for by its name.

        Raises:
            SourceError: git or the file system does not give one, or another one than was found first.
        """

    @abstractmethod
    def list_ids(self) -> Sequence[str]:
        """An id of the contents of each, as git computes it: the same for the same contents.

        Raises:
            SourceError: as `read`.
        """


class SomeFiles(Files):
    """Some of the files of others.

    Args:
        files: the others.
        numbers: which of them, rising.
    """

    def __init__(self, files: Files, numbers: Sequence[int]) -> None:
        self._files = files
        self._numbers = numbers
        self.paths = [files.paths[number] for number in numbers]
        self.sizes = [files.sizes[number] for number in numbers]
        self.named = files.named
        self.faults = {
            at: files.faults[number] for at, number in enumerate(numbers) if number in files.faults
        }
        self.has_ids = files.has_ids

    def read(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """The contents of some of the files; see `Files`."""
        return self._files.read([self._numbers[number] for number in numbers])

    def list_ids(self) -> Sequence[str]:
        """The ids of their contents; see `Files`."""
        ids = self._files.list_ids()
        return [ids[number] for number in self._numbers]


def drop_known_files(files: Files, known: Iterable[tuple[str, str]]) -> SomeFiles:
    """Files less those with the contents of known ones, which are given by path and id of the contents."""
    contents = {(oid, is_json(path)) for path, oid in known}
    numbered = enumerate(files.iterate_ids())
    return SomeFiles(files, [at for at, (path, oid) in numbered if (oid, is_json(path)) not in contents])


def are_the_same(data: bytes, other: bytes) -> bool:
    """Whether two contents differ at most in what git may change when it checks out.

    Those are line ends (`eol`), and the id of a blob where it is to be written into it (`ident`).
    """
    return data == other or _undo_checkout(data) == _undo_checkout(other)


def _undo_checkout(data: bytes) -> bytes:
    return _IDENT.sub(b"$Id$", data.replace(b"\r\n", b"\n"))


_IDENT = re.compile(rb"\$Id:[^$\n]*\$")


def compute_git_id(data: bytes) -> str:
    """The id of a blob of these contents, in a repository of SHA-1 ids."""
    hashing = start_git_id(len(data))
    hashing.update(data)
    return str(hashing.hexdigest())


def start_git_id(size: int) -> Any:
    """A hash that gives the id of a blob of so many bytes, once it was updated with them."""
    return sha1(b"blob %d\0" % size, usedforsecurity=False)


def make_printable_path(path: str) -> str:
    """A path as it can be shown: that very text, but where bytes of it are no UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path).decode(errors="backslashreplace")
    return path


def make_file_name_problem(path: str, why: str = "file name is not UTF-8") -> Problem:
    """The problem of a file of ours whose name can not be that of a manifest."""
    return Problem(Place(path, 1, 1), Code.FILE_NAME, why, "rename the file")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of one commit, or of the work tree.

    `commit` is the full id of the commit read, or of the one that the work tree is based on; `None`
    outside git and before the first commit. `problems` say why there are no settings, `unread` has the
    paths of links and of what else is never opened, `left_out` those of manifests and settings that a sparse
    work tree has no files of, `settings` is the repository's `reconciler.toml`, `origin` names the
    repository among others on this machine, `remote` is where it was cloned from, without credentials, and
    `scopes` are the paths asked for.
    """

    commit: str | None
    files: Files
    problems: tuple[Problem, ...] = ()
    unread: Sequence[str] = ()
    left_out: Sequence[str] = ()
    in_work_tree: bool = True
    settings: SourceFile | None = None
    origin: str = ""
    remote: str | None = None
    scopes: tuple[PurePosixPath, ...] = EVERYTHING


def select_manifests_in(scopes: Iterable[PurePosixPath]) -> Callable[[str], bool]:
    """Which files are to be read: those in one of the scopes, and YAML or JSON by their names.

    Folders whose names begin with a dot belong to tools (`.github`, `.venv`) and count only where a
    scope names them.

    Args:
        scopes: files and folders asked for, below the repository's top; `.` for all of it.

    Returns:
        Whether the file at a path below the repository's top is one of them.
    """
    folders = ["" if scope == PurePosixPath() else f"{scope}/" for scope in scopes]
    if folders == [""]:
        return lambda path: is_named_like_a_manifest(path) and not _is_hidden(path)

    def are_in(path: str) -> bool:
        return is_named_like_a_manifest(path) and any(
            f"{path}/" == folder or (path.startswith(folder) and not _is_hidden(path[len(folder) :]))
            for folder in folders
        )

    return are_in


def is_named_like_a_manifest(path: str) -> bool:
    """Whether a file is YAML or JSON by its name, in whatever case."""
    if not path.endswith(_SUFFIXES):  # nearly all are written so
        path = path.lower()
        if not path.endswith(_SUFFIXES):
            return False
    return path not in _SUFFIXES and not path.endswith(_BARE_SUFFIXES)


def is_json(path: str) -> bool:
    """Whether a file that is named like a manifest is read as JSON."""
    return path[-5:].lower() == ".json"


def _is_hidden(path: str) -> bool:
    """Whether a folder of a path begins with a dot."""
    if not path.startswith(".") and "/." not in path:
        return False
    return any(folder.startswith(".") for folder in path.split("/")[:-1])


def is_below(path: str, scope: str) -> bool:
    """Whether a path is a file or in a folder that a scope names."""
    return path.startswith(scope) and path[len(scope) :][:1] in {"", "/"}


def make_no_scope_error(scope: str, where: str) -> SourceError:
    """The error for a scope that nothing is in."""
    return SourceError(f"no file or folder {scope} in {where}", "check the path, or commit the file first")


def make_too_many_files_error() -> SourceError:
    """The error for a repository beyond the bound."""
    return SourceError(
        f"more than {MAX_ENTRIES:,} files in the repository", "keep manifests in one of their own"
    )


def make_too_large_problem(path: str) -> Problem:
    """The problem of a file of ours beyond the bound."""
    hint = "split it, or leave it out: exclude in reconciler.toml"
    return Problem(Place(path, 1, 1), Code.FILE_TOO_LARGE, "larger than 1 MiB, which no manifest is", hint)


def make_link_problem(path: str) -> Problem:
    """The problem of settings that are a symbolic link."""
    hint = "put the settings in a file of its own"
    return Problem(Place(path, 1, 1), Code.SYMBOLIC_LINK, "symbolic link, not followed", hint)
