"""The work tree: regular files only, no link followed, no device or pipe opened."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path, PurePosixPath

from reconciler.errors import Problem, SourceError
from reconciler.source.git import GitNotInstalledError
from reconciler.source.location import is_link, make_link_error
from reconciler.source.ls_files import list_work_tree
from reconciler.source.search import MAX_FILE_BYTES, read_if_ours
from reconciler.source.snapshot import (
    MAX_ENTRIES,
    SETTINGS_FILE,
    Files,
    Snapshot,
    SourceFile,
    make_file_name_problem,
    make_link_problem,
    make_printable_path,
    make_too_large_problem,
    make_too_many_files_error,
    select_manifests_in,
    start_git_id,
)

# A pipe without a writer would block on opening, a link could lead out of the repository.
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK_BYTES = 64 * 1024


def read_work_tree(top: Path, scopes: Sequence[PurePosixPath], commit: str | None) -> Snapshot:
    """The files of the work tree that may hold manifests: in git, those that it would commit.

    Args:
        top: the repository's top folder, or any folder outside git.
        scopes: files and folders to read, below the top; `.` for all of it.
        commit: the commit that the work tree is based on, to be named in the snapshot.

    Raises:
        SourceError: no such path, one that is a link, or a file asked for by name that can not be read.
    """
    are_manifests = select_manifests_in(scopes)
    named: set[str] = set()
    folders: list[PurePosixPath] = []
    for scope in scopes:
        mode = _find_mode_of_scope(top, scope)
        if stat.S_ISDIR(mode):
            folders.append(scope)
        elif stat.S_ISREG(mode):
            named.add(str(scope))
    left_out: set[str] = set()
    listed = _list_files(top, folders, left_out)
    sizes, unread = _find_modes(str(top), filter(are_manifests, chain(named, listed)))
    settings, problems = _read_settings(top)
    return Snapshot(
        commit,
        _FilesOnDisk(top, sizes, named),
        problems,
        unread=unread,
        left_out=sorted(
            path
            for path in left_out
            if (are_manifests(path) or path == str(SETTINGS_FILE)) and not os.path.lexists(f"{top}/{path}")
        ),
        in_work_tree=True,
        settings=settings,
        origin=str(top),
    )


def _find_modes(top: str, paths: Iterable[str]) -> tuple[dict[str, int], list[str]]:
    """What files are, without opening them.

    Returns:
        The sizes of those that can be read, in bytes, by path; and the paths of links, and of what can not
        be looked at.
    """
    sizes: dict[str, int] = {}
    unread: set[str] = set()  # one with a conflict is listed more than once
    are_folders = {"": True}
    for path in paths:
        folder = path.rpartition("/")[0]
        # Git lists what was committed also where a folder has become a link since.
        if folder not in are_folders:
            are_folders[folder] = _is_folder(top, folder, are_folders)
        try:
            about = os.lstat(f"{top}/{path}") if are_folders[folder] else None
        except (FileNotFoundError, NotADirectoryError):
            continue  # removed, and not committed yet
        except OSError:
            about = None
        if about and stat.S_ISREG(about.st_mode):
            sizes[path] = about.st_size
        elif not about or stat.S_ISLNK(about.st_mode):
            unread.add(path)
    return sizes, sorted(unread)


def _is_folder(top: str, folder: str, known: Mapping[str, bool]) -> bool:
    """Whether a folder and all that it is in up to the top are folders, and no links."""
    above = folder.rpartition("/")[0]
    if not (known[above] if above in known else _is_folder(top, above, known)):
        return False
    return not is_link(f"{top}/{folder}")


def _find_mode_of_scope(top: Path, scope: PurePosixPath) -> int:
    """What a path is that was asked for.

    Raises:
        SourceError: nothing, a link, or it leads through one.
    """
    mode = stat.S_IFDIR
    path = PurePosixPath()
    for part in scope.parts:
        path /= part
        try:
            mode = (top / path).lstat().st_mode
        except OSError:
            raise SourceError(f"no file or folder {scope} in the work tree", "check the path") from None
        if stat.S_ISLNK(mode):
            raise make_link_error(str(path))
    return mode


def _list_files(top: Path, folders: Sequence[PurePosixPath], left_out: set[str]) -> Iterator[str]:
    """The files below some folders of a work tree; outside git, and where there is none, all of them."""
    if not folders:
        return iter(())
    if os.path.lexists(top / ".git"):
        with suppress(GitNotInstalledError):
            return list_work_tree(top, [*folders, SETTINGS_FILE], left_out)
    return chain.from_iterable(_iterate_below(top, folder) for folder in folders)


def _read_settings(top: Path) -> tuple[SourceFile | None, tuple[Problem, ...]]:
    """The settings of the repository, if there are any, and why they are not read."""
    path = str(SETTINGS_FILE)
    try:
        about = os.lstat(f"{top}/{path}")
    except FileNotFoundError:
        return None, ()
    except OSError as error:
        raise _make_read_error(path, error) from None
    if stat.S_ISLNK(about.st_mode):
        return None, (make_link_problem(path),)
    if not stat.S_ISREG(about.st_mode):
        return None, ()
    if about.st_size > MAX_FILE_BYTES:
        return None, (make_too_large_problem(path),)
    return SourceFile(path, _read_file(f"{top}/{path}", path, is_named=True)), ()


class _FilesOnDisk(Files):
    """Files of the work tree."""

    def __init__(self, top: Path, sizes: Mapping[str, int], named: Collection[str]) -> None:
        self._top = str(top)
        self._names = sorted(sizes)
        self.paths = list(map(make_printable_path, self._names))
        self.sizes = [sizes[name] for name in self._names]
        self.named = named
        self.faults = {
            number: make_file_name_problem(path)
            for number, (name, path) in enumerate(zip(self._names, self.paths, strict=True))
            if name is not path
        }

    def read(self, numbers: Sequence[int]) -> Iterator[bytes]:
        for number in numbers:
            name = self._names[number]
            yield _read_file(f"{self._top}/{name}", name, is_named=name in self.named)

    def list_ids(self) -> Sequence[str]:
        return [_compute_id(f"{self._top}/{name}") for name in self._names]


def _iterate_below(top: Path, folder: PurePosixPath) -> Iterator[str]:
    """The files below a folder; folders with a dot and other repositories are passed over."""
    folders = [("" if folder == PurePosixPath() else f"{folder}/", str(top / folder))]
    count = 0
    while folders:
        prefix, below = folders.pop()
        try:
            entries = list(os.scandir(below))
        except OSError:
            continue  # whoever may not look into it has no manifests in it
        count += len(entries)
        if count > MAX_ENTRIES:
            raise make_too_many_files_error()
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield prefix + entry.name
            elif not entry.name.startswith(".") and not os.path.lexists(f"{entry.path}/.git"):
                folders.append((f"{prefix}{entry.name}/", entry.path))


def _read_file(file: str, path: str, *, is_named: bool) -> bytes:
    """The contents of a file, as `read_if_ours` gives them; none of one that can not be read.

    Raises:
        SourceError: it can not be, and was asked for by its name.
    """
    try:
        descriptor, size = _open_file(file)
        try:
            return read_if_ours(partial(os.read, descriptor), size, is_named=is_named)
        finally:
            os.close(descriptor)
    except OSError as error:
        if is_named:
            raise _make_read_error(path, error) from None
        return b""


def _compute_id(file: str) -> str:
    """The id that git would give to the contents of a file; of none for one that can not be read."""
    try:
        descriptor, size = _open_file(file)
        try:
            hashing = start_git_id(size)
            while data := os.read(descriptor, _CHUNK_BYTES):
                hashing.update(data)
        finally:
            os.close(descriptor)
    except OSError:
        return ""
    return str(hashing.hexdigest())


def _open_file(file: str) -> tuple[int, int]:
    """A regular file, opened, and its size.

    Raises:
        OSError: it is none, or can not be.
    """
    descriptor = os.open(file, _OPEN_FLAGS)
    about = os.fstat(descriptor)
    if stat.S_ISREG(about.st_mode):
        return descriptor, about.st_size
    os.close(descriptor)
    raise OSError(errno.EINVAL, "no regular file")


def _make_read_error(path: str, error: OSError) -> SourceError:
    return SourceError(f"can not read {path}: {error.strerror}", "see who may read it: ls -l")
