"""Files that are made, and never overwritten: each is there as a whole or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import ExitStack, suppress
from pathlib import Path

from reconciler.errors import SourceError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class NewFiles:
    """Makes files below a folder, in which no link is followed.

    Args:
        top: the folder, made if missing.

    Raises:
        SourceError: it can not be.
    """

    def __init__(self, top: Path) -> None:
        try:
            top.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(str(top), error) from None
        self._top = top

    def add(self, path: str, data: bytes) -> bool:
        """Make a file, and the folders that it needs; false where there is something of its name.

        Args:
            path: of the file below the top, with `/`.
            data: its contents.

        Raises:
            SourceError: it can not be made.
        """
        *folders, name = path.split("/")
        with ExitStack() as opened:
            try:
                folder = os.open(self._top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                opened.callback(os.close, folder)
                for part in folders:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=folder)
                    folder = os.open(part, _FOLDER, dir_fd=folder)
                    opened.callback(os.close, folder)
                return _added(folder, name, data)
            except OSError as error:
                raise _unwritable(path, error) from None


def _added(folder: int, name: str, data: bytes) -> bool:
    """Make a file in an open folder under another name first, as its own is to be that of a whole one."""
    part = f".{secrets.token_hex(8)}.part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666, dir_fd=folder)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123  a descriptor
            file.write(data)
        os.link(part, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        return False
    finally:
        os.unlink(part, dir_fd=folder)
    return True


def _unwritable(path: str, error: OSError) -> SourceError:
    message = f"can not write {ascii(path)[1:-1]}: {error.strerror}"
    return SourceError(message, "give another folder: --into DIR")
