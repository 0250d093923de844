"""Trees and blobs as git's plumbing commands print them, read as they come and within bounds."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any

from reconciler.errors import SourceError
from reconciler.source.snapshot import MAX_FILE_BYTES, MAX_FILES, too_many_files

LINK, SUBMODULE = b"120000", b"160000"
_CHUNK = 1024 * 1024
_DAMAGED = "the clone is damaged or partial: fetch it again in full"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, link or submodule of a commit; a path that is no UTF-8 can only be shown."""

    mode: bytes
    oid: bytes
    path: PurePosixPath
    is_text: bool = True


def read_entries(process: Any) -> Iterator[Entry]:
    """Every entry that a running `git ls-tree -r -z` prints.

    A few objects can name each other so that they stand for billions of files: the count is bounded.

    Raises:
        SourceError: git failed, or there are too many.
    """
    rest, count = b"", 0
    try:
        while chunk := process.stdout.read(_CHUNK):
            *lines, rest = (rest + chunk).split(b"\0")
            count += len(lines)
            if count > MAX_FILES:
                process.proc.kill()
                raise too_many_files()
            yield from map(_entry, lines)
        if process.proc.wait():
            said = process.stderr.read(_CHUNK).decode(errors="replace").partition("\n")[0]
            raise SourceError(f"git ls-tree failed: {said}", _DAMAGED)
    finally:
        process.stdout.close()
        process.stderr.close()
        process.proc.wait()


def _entry(line: bytes) -> Entry:
    about, _, name = line.partition(b"\t")
    mode, _, oid = about.split(b" ")
    try:
        return Entry(mode, oid, PurePosixPath(name.decode()))
    except UnicodeDecodeError:
        return Entry(mode, oid, PurePosixPath(name.decode(errors="backslashreplace")), is_text=False)


def read_blobs(process: Any, oids: Sequence[bytes]) -> Iterator[bytes | None]:
    """The blobs' contents in the order asked for, `None` for one beyond the size bound.

    Args:
        process: a running `git cat-file --batch`, with pipes for all three streams.
        oids: the blobs' ids.

    Raises:
        SourceError: git does not have one of them, or not all of it.
    """
    # Git answers while it is still being asked: with one thread, both could wait on a full pipe.
    asking = threading.Thread(target=_ask, args=(process.stdin, oids), daemon=True)
    asking.start()
    try:
        for oid in oids:
            yield _blob(process.stdout, oid)
    finally:
        process.stdout.close()
        asking.join()
        process.stderr.close()
        process.proc.wait()


def _ask(stdin: IO[bytes], oids: Sequence[bytes]) -> None:
    try:
        with stdin:
            stdin.write(b"\n".join(oids) + b"\n")
    except BrokenPipeError:
        pass  # git has ended: the reader sees that too, and says it


def _blob(stdout: IO[bytes], oid: bytes) -> bytes | None:
    header = stdout.readline().split()
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
