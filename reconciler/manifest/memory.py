"""A cache of outlines, by the ids of the contents that they were read from, in the user's cache folder.

A note beside them holds what was found in the history of a commit.

Contents of one id never change, so an entry is never out of date. A broken entry is ignored. One that
somebody forged can hide a difference from a plan, but never cause a write: `apply` does not read the cache,
and every manifest that has to be looked at as a whole is read from its file.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

from reconciler.model import Comparison, Shape

Row: TypeAlias = tuple[str, str, int | None, str | None, str | None, int, int, Shape, bytes]
"""An outline without its file: ML repo, name, version, alias, `source.uri`, line, column, shape, digest."""
_FORMAT = 4
_UNFINISHED = ".new"
_SECONDS_KEPT = 30 * 24 * 3600.0
_SECONDS_UNFINISHED = 3600.0
"""A run writes for less; another one of the same repository begins the file anew."""
_ONLY_OURS: Final = 0o700
_CHECK_BYTES = 16
_CHUNK_BYTES = 1024 * 1024
_MOST_BYTES_LISTED = 64 * 1024 * 1024
"""Of 250,000 manifests."""
_NAMES: Final = re.compile(rb'\["([^"\\]+)","([^"\\]+)",(?:(\d+)|null),(?:"([^"\\]+)"|null),')
"""The beginning of a row as it is written, which nothing in a text of one can look like."""
_dump = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode


def find_cache_folder(environment: Mapping[str, str]) -> Path | None:
    """The folder for caches of this program, below the user's; `None` where the user has none."""
    if given := environment.get("XDG_CACHE_HOME"):
        folder = Path(given)
    elif (home := environment.get("HOME")) and Path(home).is_dir():  # a home that is missing is not made
        folder = Path(home) / ".cache"
    else:
        return None
    return folder / "reconciler" if folder.is_absolute() else None


class Memory:
    """The outlines of one repository's files.

    Where the file system fails, nothing is remembered; nothing else follows from that.

    Args:
        folder: where, made if missing and kept to its owner; one of somebody else's is not used.
        origin: names the repository, e.g. by its top folder.
        version: of this program; what another version remembered does not count.
    """

    def __init__(self, folder: Path, origin: str, version: str) -> None:
        self._folder = folder
        self._origin = origin
        self._name = blake2b(origin.encode("utf-8", "surrogateescape"), digest_size=_CHECK_BYTES).hexdigest()
        self._version = version
        self._new: _NewFile | None = None
        self._dropped = 0

    def make_sibling(self, what: str) -> Memory:
        """A memory of the same repository for something else."""
        return Memory(self._folder, f"{self._origin}\0{what}", self._version)

    def read_note(self, key: str) -> Any:
        """The value that was noted last; `None` where it was noted for another key."""
        with suppress(OSError, ValueError, RecursionError), _open_used_file(self._folder / self._name) as old:
            if _is_whole(old, self._make_note_head(key)):
                return json.loads(old.readline())
        return None

    def write_note(self, key: str, value: Any) -> None:
        """Note a value for a key, in place of the last note."""
        with suppress(OSError):
            _make_folder(self._folder)
            self._new = _NewFile(self._folder / self._name, self._make_note_head(key))
            self._add_line(f"{_dump(value)}\n".encode())
            self.close()

    def _make_note_head(self, key: str) -> bytes:
        return f"{_dump([_FORMAT, self._version, key])}\n".encode()

    def read_entries(
        self, list_wanted: Callable[[], dict[str, list[int]]], comparison: Comparison
    ) -> Iterator[tuple[int, Sequence[Row], int | None]]:
        """What is remembered: numbers of files, each with its outlines and its number of other documents.

        Args:
            list_wanted: gives the numbers of files by content id; called if anything is remembered.
            comparison: how manifests are compared with what is registered, which a digest depends on.
        """
        head = f"{_dump([_FORMAT, self._version, comparison.ignore, dict(comparison.defaults)])}\n".encode()
        with suppress(OSError):
            _make_folder(self._folder)
            with suppress(BlockingIOError):  # another run writes the file
                self._new = _NewFile(self._folder / self._name, head)
            with _open_used_file(self._folder / self._name) as old:
                if not _is_whole(old, head):
                    return
                wanted = list_wanted()
                for line in old:
                    entry_id, _, body = line.partition(b" ")
                    # Copies of one file that one run has read have an entry each: the first counts for all.
                    content_id = entry_id.decode("ascii", "replace")
                    entry = _parse_entry(body) if content_id in wanted else None
                    if entry is None:
                        self._dropped += entry_id != b"end"
                        continue
                    numbers = wanted.pop(content_id)
                    self._add_line(line)
                    for number in numbers:
                        yield number, *entry
                if not wanted and not self._dropped:
                    self.give_up()

    def list_identities(self) -> set[str]:
        """The identities that the entries declare, e.g. `fraud/scorer:4`; only the artifact by contents.

        Entries are not parsed for it: of 10,000 it takes 10 ms. Nothing is made, or written.
        """
        with suppress(OSError):
            _check_folder(self._folder)
            with _open_file(self._folder / self._name) as old:
                size = os.fstat(old.fileno()).st_size
                data = old.read(size) if size <= _MOST_BYTES_LISTED else b""
            begin, check = _dump([_FORMAT, self._version]).encode()[:-1], blake2b(digest_size=_CHECK_BYTES)
            end = len(data) - len(_format_end(check))
            check.update(data[: max(end, 0)])
            if data.startswith(begin + b",[") and data.endswith(_format_end(check)):
                return set(map(_format_identity, _NAMES.findall(data)))
        return set()

    def add(self, content_id: str, rows: Sequence[Row], others: int | None) -> None:
        """Remember the outlines of contents without a problem, and how many other documents they have."""
        if self._new:
            self._add_line(_format_entry(content_id, rows, others))

    def close(self) -> None:
        """Replace the file for the next run; remove the files of repositories not read for long."""
        if self._new:
            try:
                self._new.replace_old()
            except OSError:  # the disk is full
                self.give_up()
            self._new = None
            with suppress(OSError):
                _forget_unused(self._folder, time.time())

    def give_up(self) -> None:
        """Keep the file of earlier runs as it is."""
        if self._new:
            self._new.give_up()
            self._new = None

    def _add_line(self, line: bytes) -> None:
        if self._new:
            try:
                self._new.add_line(line)
            except OSError:  # the disk is full
                self.give_up()

    def delete(self) -> None:
        """Remove all that is remembered."""
        with suppress(OSError):
            (self._folder / self._name).unlink(missing_ok=True)


class _NewFile:
    """A file that takes the place of another when it is whole.

    Raises:
        OSError: it can not be written, or another process is writing it.
    """

    def __init__(self, path: Path, head: bytes) -> None:
        self._path = path
        self._part = path.with_suffix(_UNFINISHED)
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = os.fdopen(os.open(self._part, flags, 0o600), "wb", _CHUNK_BYTES)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._file.truncate(0)
        except OSError:
            self._file.close()
            raise
        self._check = blake2b(digest_size=_CHECK_BYTES)
        self.add_line(head)

    def add_line(self, line: bytes) -> None:
        self._check.update(line)
        self._file.write(line)

    def replace_old(self) -> None:
        with self._file:
            self._file.write(_format_end(self._check))
            self._file.flush()
            self._part.replace(self._path)

    def give_up(self) -> None:
        with suppress(OSError):
            self._part.unlink()
        with suppress(OSError):
            self._file.close()


def _make_folder(folder: Path) -> None:
    """Make a folder that only its owner can use, or check that it is one.

    Raises:
        OSError: there is none, and none can be made.
    """
    folder.mkdir(mode=_ONLY_OURS, parents=True, exist_ok=True)
    if _check_folder(folder) != _ONLY_OURS:
        folder.chmod(_ONLY_OURS)


def _check_folder(folder: Path) -> int:
    """Check that a folder is one, and the user's; who else can use it.

    Raises:
        OSError: it is not.
    """
    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid():
        raise PermissionError
    return stat.S_IMODE(about.st_mode)


def _open_file(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb", _CHUNK_BYTES)


def _open_used_file(path: Path) -> IO[bytes]:
    """A file that counts as used from now on: one that never changes is not forgotten in daily use."""
    file = _open_file(path)
    with suppress(OSError):
        os.utime(file.fileno())
    return file


def _is_whole(file: IO[bytes], head: bytes) -> bool:
    """Whether a file begins and ends as it has to; if so, it is read from behind its first line on."""
    check = blake2b(digest_size=_CHECK_BYTES)
    left = os.fstat(file.fileno()).st_size - len(_format_end(check))
    while left > 0 and (chunk := file.read(min(left, _CHUNK_BYTES))):
        check.update(chunk)
        left -= len(chunk)
    if file.read() != _format_end(check):
        return False
    file.seek(0)
    return file.readline() == head


def _format_end(check: Any) -> bytes:
    return b"end %s\n" % check.hexdigest().encode()


def _format_entry(content_id: str, rows: Sequence[Row], others: int | None) -> bytes:
    """One entry, as a line."""
    listed = [
        (*row[:-2], "|".join(map(",".join, shape)), digest.hex())
        for row in rows
        for shape, digest in [row[-2:]]
    ]
    return f"{content_id} {_dump([others, listed])}\n".encode()


def _parse_entry(written: bytes) -> tuple[Sequence[Row], int | None] | None:
    """The outlines of an entry and its number of other documents; `None` for what is no entry."""
    try:
        others, listed = json.loads(written)
        rows = [_parse_row(each) for each in listed]
    except (ValueError, TypeError, RecursionError):
        return None
    return (rows, others) if type(others) is int or (others is None and not rows) else None


def _parse_row(written: Sequence[Any]) -> Row:
    """The outline in a row of an entry, if all of it is there and of the right type."""
    ml_repo, name, version, alias, uri, line, column, shape, digest = written
    texts = (ml_repo, name, shape, alias or "", uri or "")
    numbers = (line, column, version or 0)
    if {*map(type, texts)} != {str} or {*map(type, numbers)} != {int}:
        raise TypeError
    return ml_repo, name, version, alias, uri, line, column, _parse_shape(shape), bytes.fromhex(digest)


@lru_cache(maxsize=1024)  # nearly all manifests are of one of a few
def _parse_shape(written: str) -> Shape:
    fields, of_source = written.split("|")
    return tuple(fields.split(",")), tuple(of_source.split(",")) if of_source else ()


def _format_identity(names: tuple[bytes, bytes, bytes, bytes]) -> str:
    ml_repo, name, version, alias = (each.decode("ascii", "replace") for each in names)
    which = f":{version}" if version else f"@{alias}" if alias else ""
    return f"{ml_repo}/{name}{which}"


def _forget_unused(folder: Path, now: float) -> None:
    """Remove what was not used for long, and what runs that were killed have left unfinished."""
    for entry in os.scandir(folder):
        most = _SECONDS_UNFINISHED if entry.name.endswith(_UNFINISHED) else _SECONDS_KEPT
        if entry.stat(follow_symlinks=False).st_mtime < now - most:
            Path(entry.path).unlink(missing_ok=True)
