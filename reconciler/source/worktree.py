"""The work tree: regular files only, no link followed, no device or pipe opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from reconciler.errors import Place, Problem, SourceError
from reconciler.source.snapshot import (
    MAX_FILE_BYTES,
    MAX_FILES,
    SETTINGS_FILE,
    Room,
    Snapshot,
    SourceFile,
    may_hold_manifests,
    not_followed,
    too_large,
    too_many_files,
)

# A pipe without a writer would block on opening, a link could lead out of the repository.
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_work_tree(top: Path, scopes: Sequence[PurePosixPath], commit: str | None) -> Snapshot:
    """The files of the work tree that may hold manifests.

    Args:
        top: the repository's top folder, or any folder outside git.
        scopes: files and folders to read, below the top; `.` for all of it.
        commit: the commit that the work tree is based on, to be named in the snapshot.

    Raises:
        SourceError: no such path, or a file that can not be read.
    """
    files: dict[str, SourceFile] = {}
    problems: set[Problem] = set()
    room = Room()
    for scope in scopes:
        for path in _below(top, scope):
            if not may_hold_manifests(path, scopes):
                continue
            match _read(top / path, str(path)):
                case SourceFile() as file if file.path not in files:
                    room.take(len(file.data))
                    files[file.path] = file
                case Problem() as problem:
                    problems.add(problem)
    has_settings = os.path.lexists(top / SETTINGS_FILE)
    settings = _read(top / SETTINGS_FILE, str(SETTINGS_FILE)) if has_settings else None
    if isinstance(settings, Problem):
        problems.add(settings)
        settings = None
    ordered = tuple(files[path] for path in sorted(files))
    return Snapshot(commit, ordered, tuple(sorted(problems)), in_work_tree=True, settings=settings)


def _below(top: Path, scope: PurePosixPath) -> Iterator[PurePosixPath]:
    """The files at or below a scope; folders with a dot and other repositories are passed over."""
    start = top / scope
    try:
        kind = start.lstat().st_mode
    except OSError:
        raise SourceError(f"no file or folder {scope} in the work tree", "check the path") from None
    if not stat.S_ISDIR(kind):
        yield scope
        return
    folders = [start]
    count = 0
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except OSError as error:
            raise SourceError(f"can not read the folder {error.filename}: {error.strerror}") from None
        count += len(entries)
        if count > MAX_FILES:
            raise too_many_files()
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield PurePosixPath(os.path.relpath(entry.path, top))
            elif not entry.name.startswith(".") and not os.path.lexists(f"{entry.path}/.git"):
                folders.append(Path(entry.path))


def _read(file: Path, path: str) -> SourceFile | Problem | None:
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode(errors="backslashreplace")
        return Problem(Place(shown, 1, 1), "file name is not UTF-8", "rename the file")
    try:
        kind = file.lstat().st_mode
        if stat.S_ISLNK(kind):
            return not_followed(path)
        if not stat.S_ISREG(kind):
            return None
        descriptor = os.open(file, _OPEN_FLAGS)
    except OSError as error:
        raise SourceError(f"can not read {path}: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as stream:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            return None
        data = stream.read(MAX_FILE_BYTES + 1)
    return too_large(path) if len(data) > MAX_FILE_BYTES else SourceFile(path, data)
