"""Trees and blobs as git's plumbing commands print them, read as they come and within bounds."""

from __future__ import annotations

import re
import threading
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import IO, NamedTuple

from reconciler.errors import SourceError
from reconciler.source.git import Git, Running
from reconciler.source.search import read_if_ours
from reconciler.source.snapshot import MAX_ENTRIES, make_too_many_files_error

LINK, SUBMODULE = b"120000", b"160000"
_CHUNK_BYTES = 1024 * 1024
_ODD_PART = re.compile(r"(?:^|/)(?:\.{0,2}|\.git)(?:/|$)", re.IGNORECASE)
_DAMAGED = "the clone is damaged or partial: fetch it again in full"


class Entry(NamedTuple):
    """A file, link or submodule of a commit.

    Attributes:
        mode: what it is; git shows whatever is neither file, link nor folder as a submodule.
        oid: the id of its blob or commit.
        size: of its blob, in bytes; `None` where git does not have it, and of a submodule.
        path: below the top; of a name that no file can have, only to be shown.
        fault: what is wrong with its name, if anything is.
    """

    mode: bytes
    oid: bytes
    size: int | None
    path: str
    fault: str = ""


@contextmanager
def read_entries(git: Git, commit: str, *paths: str) -> Iterator[Iterator[Entry]]:
    """Every entry of a commit, or those at some paths, in git's order; git has ended when `with` is left.

    A few objects can name each other so that they stand for billions of files: the count is bounded.

    Raises:
        SourceError: git failed, or there are too many; raised by the iterator.
    """
    with git.start("ls-tree", "-r", "-z", "-l", "--full-tree", commit, "--", *paths) as listing:
        yield _iterate_entries(listing)


def _iterate_entries(listing: Running) -> Iterator[Entry]:
    rest, count = b"", 0
    while chunk := listing.stdout.read1(_CHUNK_BYTES):
        *lines, rest = (rest + chunk).split(b"\0")
        count += len(lines)
        if count > MAX_ENTRIES:
            raise make_too_many_files_error()
        yield from map(_parse_entry, lines)
    if listing.wait():
        raise listing.make_error("git ls-tree failed", _DAMAGED)


def _parse_entry(line: bytes) -> Entry:
    about, _, name = line.partition(b"\t")
    mode, _, oid, written = about.split()
    size = int(written) if written.isdigit() else None
    try:
        path = name.decode()
    except UnicodeDecodeError:
        return Entry(mode, oid, size, name.decode(errors="backslashreplace"), "file name is not UTF-8")
    # Only a tree made by hand names such a thing: checked out, it would lie outside of the repository.
    return Entry(mode, oid, size, path, "no file can have this name" if _ODD_PART.search(path) else "")


def read_blobs(git: Git, oids: Sequence[bytes], named: Container[int] = frozenset()) -> Iterator[bytes]:
    """The blobs' contents in the order asked for, as `read_if_ours` gives them.

    Args:
        git: that repository's git.
        oids: their ids.
        named: which of them, by number, matter whatever is in them.

    Raises:
        SourceError: git does not have one of them, or not all of it.
    """
    with _ask_for(git, oids, "--batch") as answer:
        for number, oid in enumerate(oids):
            yield _read_blob(answer, oid, is_named=number in named)


def read_sizes(git: Git, oids: Sequence[bytes]) -> Iterator[int | None]:
    """The blobs' sizes in bytes, in the order asked for; `None` where git does not have one.

    Raises:
        SourceError: git failed.
    """
    with _ask_for(git, oids, "--batch-check") as answer:
        for _ in oids:
            *_, size = answer.readline().split() or [b""]
            yield int(size) if size.isdigit() else None


@contextmanager
def _ask_for(git: Git, oids: Sequence[bytes], option: str) -> Iterator[IO[bytes]]:
    """What git answers about some objects, in the order asked for; of none, it is not started."""
    if not oids:
        yield BytesIO()
        return
    with git.start("cat-file", option, "--buffer", has_input=True) as reading:
        assert reading.stdin
        # Asked in a thread: git answers meanwhile, and with one thread both could wait on a full pipe.
        asking = threading.Thread(target=_write_ids, args=(reading.stdin, oids), daemon=True)
        asking.start()
        try:
            yield reading.stdout
        finally:
            reading.end()
            asking.join()


def _write_ids(stdin: IO[bytes], oids: Sequence[bytes]) -> None:
    with suppress(BrokenPipeError), stdin:  # git has ended, for which the reader raises an error
        stdin.writelines(b"%s\n" % oid for oid in oids)


def make_no_object_error(oid: bytes) -> SourceError:
    """The error for an object that git does not have."""
    return SourceError(f"git has no object {oid.decode()[:10]}, which the commit names", _DAMAGED)


def _read_blob(stdout: IO[bytes], oid: bytes, *, is_named: bool) -> bytes:
    header = stdout.readline().split()
    if len(header) != 3:  # noqa: PLR2004  id, type, size
        raise make_no_object_error(oid)
    size = left = int(header[2])

    def read(most: int) -> bytes:
        nonlocal left
        data = stdout.read(min(most, left))
        left -= len(data)
        return data

    found = read_if_ours(read, size, is_named=is_named)
    while left and read(_CHUNK_BYTES):
        pass
    # Of a damaged object, git hands out what it can read and then ends.
    if left or stdout.read(1) != b"\n":
        raise SourceError(f"git can not read all of object {oid.decode()[:10]}", _DAMAGED)
    return found
