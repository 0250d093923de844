"""The work tree: regular files only, no link followed, no device or pipe opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from reconciler.codes import Code
from reconciler.errors import Place, Problem, SourceError
from reconciler.source.snapshot import (
    MAX_FILE_BYTES,
    MAX_FILES,
    SETTINGS_FILE,
    Files,
    Room,
    Snapshot,
    SourceFile,
    git_id,
    manifests_in,
    not_followed,
    too_large,
    too_many_files,
)

# A pipe without a writer would block on opening, a link could lead out of the repository.
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK = 64 * 1024


def find_top(start: Path) -> Path | None:
    """The nearest folder from `start` upwards that has a `.git` entry, or `None` outside git.

    Git's own search would also take a folder that merely looks like a bare repository, which any
    pull request can contain.
    """
    start = start.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), None)


def read_work_tree(top: Path, scopes: Sequence[PurePosixPath], commit: str | None) -> Snapshot:
    """The files of the work tree that may hold manifests.

    Args:
        top: the repository's top folder, or any folder outside git.
        scopes: files and folders to read, below the top; `.` for all of it.
        commit: the commit that the work tree is based on, to be named in the snapshot.

    Raises:
        SourceError: no such path, or a file that can not be read.
    """
    are_manifests = manifests_in(scopes)
    sizes: dict[str, int] = {}
    problems: set[Problem] = set()
    room = Room()
    for scope in scopes:
        for path in filter(are_manifests, _below(top, scope)):
            match _looked_at(top / path, path):
                case int(size) if path not in sizes:
                    room.take(size)
                    sizes[path] = size
                case Problem() as problem:
                    problems.add(problem)
    settings, wrong = _settings(top)
    told = tuple(sorted({*problems, *wrong}))
    return Snapshot(
        commit, _FilesOnDisk(top, sizes), told, in_work_tree=True, settings=settings, origin=str(top)
    )


def _settings(top: Path) -> tuple[SourceFile | None, tuple[Problem, ...]]:
    """The settings of the repository, if there are any, and why they are not read."""
    path = str(SETTINGS_FILE)
    if not os.path.lexists(top / path):
        return None, ()
    match _looked_at(top / path, path):
        case Problem() as problem:
            return None, (problem,)
        case None:
            return None, ()
        case _:
            return SourceFile(path, _read(str(top / path), path)), ()


class _FilesOnDisk(Files):
    """Files of the work tree."""

    def __init__(self, top: Path, sizes: Mapping[str, int]) -> None:
        self._top = str(top)
        self.paths = sorted(sizes)
        self.sizes = [sizes[path] for path in self.paths]

    def read(self, numbers: Sequence[int]) -> Iterator[bytes]:
        paths = (self.paths[number] for number in numbers)
        return (_read(f"{self._top}/{path}", path) for path in paths)

    def ids(self) -> Sequence[str]:
        return [git_id(data) for data in self.read(range(len(self)))]


def _below(top: Path, scope: PurePosixPath) -> Iterator[str]:
    """The files at or below a scope; folders with a dot and other repositories are passed over."""
    start = top / scope
    try:
        kind = start.lstat().st_mode
    except OSError:
        raise SourceError(f"no file or folder {scope} in the work tree", "check the path") from None
    if not stat.S_ISDIR(kind):
        yield str(scope)
        return
    folders = [("" if scope == PurePosixPath() else f"{scope}/", str(start))]
    count = 0
    while folders:
        prefix, folder = folders.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            raise SourceError(f"can not read the folder {error.filename}: {error.strerror}") from None
        count += len(entries)
        if count > MAX_FILES:
            raise too_many_files()
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield prefix + entry.name
            elif not entry.name.startswith(".") and not os.path.lexists(f"{entry.path}/.git"):
                folders.append((f"{prefix}{entry.name}/", entry.path))


def _looked_at(file: Path, path: str) -> int | Problem | None:
    """The size of a file, why it is not read, or `None` for what is no file."""
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode(errors="backslashreplace")
        return Problem(Place(shown, 1, 1), Code.FILE_NAME, "file name is not UTF-8", "rename the file")
    try:
        about = file.lstat()
    except OSError as error:
        raise _can_not_read(path, error) from None
    if stat.S_ISLNK(about.st_mode):
        return not_followed(path)
    if not stat.S_ISREG(about.st_mode):
        return None
    return too_large(path) if about.st_size > MAX_FILE_BYTES else about.st_size


def _read(file: str, path: str) -> bytes:
    """The contents of a file that has been looked at."""
    try:
        descriptor = os.open(file, _OPEN_FLAGS)
    except OSError as error:
        raise _can_not_read(path, error) from None
    try:
        data = _all_of(descriptor) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    except OSError as error:
        raise _can_not_read(path, error) from None
    finally:
        os.close(descriptor)
    if data is None or len(data) > MAX_FILE_BYTES:
        raise SourceError(f"{path} is no longer the file that it was", "run again when nobody writes to it")
    return data


def _all_of(descriptor: int) -> bytes:
    """What is in a file, as far as it matters."""
    data = os.read(descriptor, _CHUNK)
    while len(data) <= MAX_FILE_BYTES and (more := os.read(descriptor, _CHUNK)):
        data += more
    return data


def _can_not_read(path: str, error: OSError) -> SourceError:
    return SourceError(f"can not read {path}: {error.strerror}")
