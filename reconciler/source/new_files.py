"""Files that are made, and never overwritten: each is there as a whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

from reconciler.errors import SourceError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_UNFINISHED = (".reconciler", "unfinished")
"""Where files are before they are whole: ignored by git, so that nobody commits what a killed run leaves."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class NoRoomError(SourceError):
    """The file system is full: no other file could be made either."""


class NewFiles:
    """Makes files below a folder, in which no link is followed, from `with` to the end of it.

    Args:
        top: the folder, made if missing.

    Raises:
        SourceError: it can not be, or nothing can be made in it.
    """

    def __init__(self, top: Path) -> None:
        self._top = top
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            try:
                self._top.mkdir(parents=True, exist_ok=True)
                self._folder = os.open(self._top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                opened.callback(os.close, self._folder)
                with suppress(OSError):  # not every file system has locks
                    fcntl.flock(self._folder, fcntl.LOCK_SH)
                self._unfinished = _open_folders(self._folder, _UNFINISHED, opened)
                opened.callback(_remove, self._folder, self._unfinished)
                with suppress(FileExistsError):
                    _write(self._unfinished, ".gitignore", b"*\n")
            except OSError as error:
                raise _make_write_error(str(self._top), error) from None
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def add(self, path: str, data: bytes) -> bool:
        """Make a file, and the folders that it needs; false where there is something of its name.

        Args:
            path: of the file below the top, with `/`.
            data: its contents.

        Raises:
            NoRoomError: the file system is full.
            SourceError: it can not be made.
        """
        *folders, name = path.split("/")
        part = f"{secrets.token_hex(8)}.part"
        with ExitStack() as opened:
            try:
                folder = _open_folders(self._folder, folders, opened)
                opened.callback(_unlink, self._unfinished, part)
                _write(self._unfinished, part, data)
                os.link(part, name, src_dir_fd=self._unfinished, dst_dir_fd=folder, follow_symlinks=False)
            except FileExistsError:
                return False
            except OSError as error:
                raise _make_write_error(path, error) from None
        return True


def _open_folders(folder: int, names: Sequence[str], opened: ExitStack) -> int:
    """A folder below an open one, made if missing."""
    for name in names:
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=folder)
        folder = os.open(name, _FOLDER, dir_fd=folder)
        opened.callback(os.close, folder)
    return folder


def _write(folder: int, name: str, data: bytes) -> None:
    with open(os.open(name, _NEW, 0o666, dir_fd=folder), "wb") as file:  # noqa: PTH123  a descriptor
        file.write(data)


def _unlink(folder: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _remove(top: int, unfinished: int) -> None:
    """Remove what runs left unfinished, be it killed ones, unless another one is at work there."""
    above, below = _UNFINISHED
    with suppress(OSError):
        fcntl.flock(top, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for name in os.listdir(unfinished):
            _unlink(unfinished, name)
        os.rmdir(f"{above}/{below}", dir_fd=top)
        os.rmdir(above, dir_fd=top)


def _make_write_error(path: str, error: OSError) -> SourceError:
    message = f"can not write {ascii(path)[1:-1]}: {error.strerror}"
    if error.errno in _NO_ROOM:
        return NoRoomError(message, "make room, and run again: what is written already stays")
    return SourceError(message, "give another folder: --into DIR")
