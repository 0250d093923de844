"""Files that plans and reports are saved in: written whole or not at all, and read strictly."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp
from typing import IO, TYPE_CHECKING

from reconciler.errors import SavedFileError, SettingsError

if TYPE_CHECKING:
    from reconciler.applying.document import ApplyDocument
    from reconciler.planning.document import PlanDocument


def write_plan(path: Path, document: PlanDocument, redact: Callable[[str], str]) -> None:
    """Save a plan in a file that only its owner may read; it is there as a whole, or as it was before.

    Args:
        path: the file.
        document: the plan.
        redact: takes the token out of a line that holds it.

    Raises:
        SettingsError: it can not be written, or may not be: it holds the token.
    """
    from reconciler.planfile.write import add_checksum, format_plan_json

    try:
        _check_replaceable(path)
        descriptor, name = mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.", suffix=".part")
    except OSError as error:
        raise _make_write_error(path, error) from None
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123  a descriptor
            file.writelines(
                f"{line}\n" for line in add_checksum(_refuse_token(format_plan_json(document), redact))
            )
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)  # noqa: PTH105  what mkstemp gives is a name
        _sync_folder(path.parent)
    except OSError as error:
        raise _make_write_error(path, error) from None
    finally:
        with suppress(OSError):
            os.unlink(name)  # noqa: PTH108  the same


def read_plan(path: Path) -> PlanDocument:
    """The plan that a file holds.

    Raises:
        SavedFileError: it can not be read, holds no plan, or one that can not be relied on.
    """
    from reconciler.planfile.read import read_plan_file

    with _open_saved(path) as file:
        return read_plan_file(file)


def read_saved(path: Path) -> PlanDocument | ApplyDocument:
    """The plan, or the apply, that a file holds.

    Raises:
        SavedFileError: it can not be read, holds neither, or one that can not be relied on.
    """
    from reconciler.planfile.read import read_saved_file

    with _open_saved(path) as file:
        return read_saved_file(file)


@contextmanager
def _open_saved(path: Path) -> Iterator[IO[bytes]]:
    """A file to read; errors about it name the file."""
    try:
        with path.open("rb") as file:
            yield file
    except SavedFileError as error:
        raise SavedFileError(f"{path}: {error}", error.hint) from None
    except OSError as error:
        message = f"{path}: can not be read: {error.strerror}"
        raise SavedFileError(message, "give a saved plan or report") from None


def _check_replaceable(path: Path) -> None:
    """Refuse a path that is a link or a device, which would be replaced by a file."""
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise SettingsError(f"{path} is no file that could be replaced", "give another --out")


def _refuse_token(lines: Iterable[str], redact: Callable[[str], str]) -> Iterator[str]:
    """The lines, if the token is in none: without it, a plan would no longer be what its digest says."""
    for line in lines:
        if redact(line) != line:
            raise SettingsError(
                "the plan holds the token of this run, which is written to no file",
                "take it out of the manifests, or have it taken out of what is registered, and revoke it",
            )
        yield line


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_write_error(path: Path, error: OSError) -> SettingsError:
    return SettingsError(f"can not write the plan {path}: {error.strerror}", "give another --out")
