"""The files that were read, and which of a repository's files those are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha1
from pathlib import PurePosixPath

from reconciler.codes import Code
from reconciler.errors import Place, Problem, SourceError

_SUFFIXES = (".yaml", ".yml", ".json")
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


class Files(ABC):
    """Files that may hold manifests, in order of their paths. Their contents are read when asked for.

    Attributes:
        paths: where they are, below the repository's top.
        sizes: of each, in bytes.
    """

    paths: Sequence[str]
    sizes: Sequence[int]

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[SourceFile]:
        contents = self.read(range(len(self)))
        return (SourceFile(path, data) for path, data in zip(self.paths, contents, strict=True))

    def hold_the_same(self, others: Files) -> bool:
        """Whether these are files of the same names and contents as others.

        Raises:
            SourceError: as `read`.
        """
        if self.paths != others.paths or list(self.sizes) != list(others.sizes):
            return False
        return self.ids() == others.ids()

    @abstractmethod
    def read(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """The contents of some of the files, by their numbers in `paths`.

        Raises:
            SourceError: git or the file system does not give one, or another one than was found first.
        """

    @abstractmethod
    def ids(self) -> Sequence[str]:
        """What tells the contents of each from others, as git does.

        Raises:
            SourceError: as `read`.
        """


class FilesInMemory(Files):
    """Files whose contents are there already."""

    def __init__(self, files: Iterable[SourceFile]) -> None:
        self._files = tuple(files)
        self.paths = [file.path for file in self._files]
        self.sizes = [len(file.data) for file in self._files]

    def read(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """The contents of some of the files; see `Files`."""
        return (self._files[number].data for number in numbers)

    def ids(self) -> Sequence[str]:
        """What git would tell their contents apart by."""
        return [git_id(file.data) for file in self._files]


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

    def read(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """The contents of some of the files; see `Files`."""
        return self._files.read([self._numbers[number] for number in numbers])

    def ids(self) -> Sequence[str]:
        """What tells their contents apart; see `Files`."""
        ids = self._files.ids()
        return [ids[number] for number in self._numbers]


def are_the_same(data: bytes, other: bytes) -> bool:
    """Whether two contents differ in their line ends at most, which git may change when it checks out."""
    return data == other or data.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")


def git_id(data: bytes) -> str:
    """The id of a blob of these contents, in a repository of SHA-1 ids."""
    return sha1(b"blob %d\0%s" % (len(data), data), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of one commit, or of the work tree.

    `commit` is the full id of the commit read, or of the one that the work tree is based on; `None`
    outside git and before the first commit. `problems` tell of files that were passed over, `settings`
    is the repository's `reconciler.toml`, `origin` tells the repository from others on this machine,
    `remote` is where it was cloned from, without credentials, and `scopes` are the paths asked for.
    """

    commit: str | None
    files: Files
    problems: tuple[Problem, ...] = ()
    in_work_tree: bool = True
    settings: SourceFile | None = None
    origin: str = ""
    remote: str | None = None
    scopes: tuple[PurePosixPath, ...] = EVERYTHING


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


def manifests_in(scopes: Iterable[PurePosixPath]) -> Callable[[str], bool]:
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
    """Whether a file is YAML or JSON by its name."""
    return path.endswith(_SUFFIXES) and path.rpartition("/")[2] not in _SUFFIXES


def _is_hidden(path: str) -> bool:
    """Whether a folder of a path begins with a dot."""
    if not path.startswith(".") and "/." not in path:
        return False
    return any(folder.startswith(".") for folder in path.split("/")[:-1])


def is_below(path: str, scope: str) -> bool:
    """Whether a path is a file or in a folder that a scope names."""
    return path.startswith(scope) and path[len(scope) :][:1] in {"", "/"}


def no_such_scope(scope: str, where: str) -> SourceError:
    """The error for a scope that nothing is in."""
    return SourceError(f"no file or folder {scope} in {where}", "check the path, or commit the file first")


def too_many_files() -> SourceError:
    """The error for a repository beyond the bound."""
    return SourceError(
        f"more than {MAX_FILES:,} files in the repository", "keep manifests in one of their own"
    )


def too_large(path: str) -> Problem:
    """The problem of a file beyond the bound."""
    message, hint = "larger than 1 MiB, which no manifest is", "move it, or narrow the paths"
    return Problem(Place(path, 1, 1), Code.FILE_TOO_LARGE, message, hint)


def not_followed(path: str) -> Problem:
    """The problem of a symbolic link named like a manifest."""
    message, hint = "symbolic link, not followed", "give the manifest a file of its own"
    return Problem(Place(path, 1, 1), Code.SYMBOLIC_LINK, message, hint, "warning")
