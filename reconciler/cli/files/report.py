"""`apply --report FILE`: JSON Lines, a line for each outcome as it becomes known."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from reconciler.cli.exits import Exit
from reconciler.errors import SettingsError
from reconciler.escape import as_json_line
from reconciler.terminal.terminal import Terminal


class ReportFile:
    """A report that says what was done even if the process is killed.

    Args:
        terminal: redacts the token, and prints what went wrong.
        path: the file, made anew and readable by its owner only; `None` writes nothing.

    Raises:
        SettingsError: it can not be made.
    """

    def __init__(self, terminal: Terminal, path: Path | None) -> None:
        self._terminal = terminal
        self._path = path
        self._error = ""
        self._is_begun = False
        self._descriptor = -1
        if path is not None:
            try:
                self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise self._make_write_error(error) from None

    @property
    def is_wanted(self) -> bool:
        """Whether there is a file to write."""
        return self._path is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def add(self, line: Mapping[str, Any]) -> None:
        """Hand a line to the operating system; after a failure, nothing more.

        Raises:
            SettingsError: not even the first line can be written, so that nothing is to be begun.
        """
        if self._descriptor < 0 or self._error:
            return
        data = (self._terminal.redactor.redact(as_json_line(line)) + "\n").encode()
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            if not self._is_begun:
                raise self._make_write_error(error) from None
            self._error = f"the report is incomplete: {error.strerror}"
        self._is_begun = True

    def choose_exit(self, code: Exit) -> Exit:
        """The exit code of the run, which is a failure if this report could not be written."""
        if not self._error:
            return code
        self._terminal.print_failure(f"error: {self._error}")
        return code or Exit.FAILED

    def _make_write_error(self, error: OSError) -> SettingsError:
        return SettingsError(
            f"can not write the report {self._path}: {error.strerror}", "give another --report"
        )
