"""Trees and blobs as git's plumbing commands print them, read as they come and within bounds."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from reconciler.errors import SourceError
from reconciler.source.git import Git
from reconciler.source.snapshot import MAX_FILE_BYTES, MAX_FILES, too_many_files

LINK, SUBMODULE = b"120000", b"160000"
_CHUNK = 1024 * 1024
_DAMAGED = "the clone is damaged or partial: fetch it again in full"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, link or submodule of a commit.

    Attributes:
        mode: what it is; git shows whatever is neither file, link nor folder as a submodule.
        oid: the id of its blob or commit.
        path: below the top; of a name that no file can have, only to be shown.
        fault: what is wrong with its name, if anything is.
    """

    mode: bytes
    oid: bytes
    path: PurePosixPath
    fault: str = ""


def read_entries(git: Git, commit: str) -> Iterator[Entry]:
    """Every entry of a commit, in git's order.

    A few objects can name each other so that they stand for billions of files: the count is bounded.

    Raises:
        SourceError: git failed, or there are too many.
    """
    rest, count = b"", 0
    with git.start("ls-tree", "-r", "-z", "--full-tree", commit) as listing:
        while chunk := listing.stdout.read1(_CHUNK):
            *lines, rest = (rest + chunk).split(b"\0")
            count += len(lines)
            if count > MAX_FILES:
                raise too_many_files()
            yield from map(_entry, lines)
        if listing.wait():
            raise SourceError(f"git ls-tree failed: {listing.complaint}", _DAMAGED)


def _entry(line: bytes) -> Entry:
    about, _, name = line.partition(b"\t")
    mode, _, oid = about.split(b" ")
    try:
        text = name.decode()
    except UnicodeDecodeError:
        shown = PurePosixPath(name.decode(errors="backslashreplace"))
        return Entry(mode, oid, shown, "file name is not UTF-8")
    if any(part.lower() in {"", ".", "..", ".git"} for part in text.split("/")):
        # Only a tree made by hand names such a thing: checked out, it would lie outside of the repository.
        return Entry(mode, oid, PurePosixPath(text), "no file can have this name")
    return Entry(mode, oid, PurePosixPath(text))


def read_blobs(git: Git, oids: Sequence[bytes], *, lacks_large: bool) -> Iterator[bytes | None]:
    """The blobs' contents in the order asked for, `None` for one beyond the size bound.

    Args:
        git: where.
        oids: the blobs' ids.
        lacks_large: whether blobs beyond the bound were not fetched.

    Raises:
        SourceError: git does not have one of them, or not all of it.
    """
    if not oids:
        return
    with git.start("cat-file", "--batch", "--buffer", asks=True) as reading:
        assert reading.stdin
        # Git answers while it is still being asked: with one thread, both could wait on a full pipe.
        asking = threading.Thread(target=_ask, args=(reading.stdin, oids), daemon=True)
        asking.start()
        try:
            for oid in oids:
                yield _blob(reading.stdout, oid, lacks_large=lacks_large)
        finally:
            reading.end()
            asking.join()


def _ask(stdin: IO[bytes], oids: Sequence[bytes]) -> None:
    try:
        with stdin:
            stdin.write(b"\n".join(oids) + b"\n")
    except BrokenPipeError:
        pass  # git has ended: the reader sees that too, and says it


def _blob(stdout: IO[bytes], oid: bytes, *, lacks_large: bool) -> bytes | None:
    header = stdout.readline().split()
    if lacks_large and header == [oid, b"missing"]:
        return None
    if len(header) != 3:  # noqa: PLR2004  id, type, size
        raise SourceError(f"git has no object {oid.decode()[:10]}, which the commit names", _DAMAGED)
    size = int(header[2])
    data = stdout.read(min(size, MAX_FILE_BYTES))
    rest = size - len(data)
    while rest and (passed_over := stdout.read(min(rest, MAX_FILE_BYTES))):
        rest -= len(passed_over)
    # Of a damaged object, git hands out what it can read and then ends.
    if rest or stdout.read(1) != b"\n":
        raise SourceError(f"git can not read all of object {oid.decode()[:10]}", _DAMAGED)
    return data if size <= MAX_FILE_BYTES else None
