"""The width of the terminal is what the standard library says that it is."""

from __future__ import annotations

import os
import shutil

import pytest

from reconciler.terminal.width import find_columns


@pytest.mark.parametrize("said", [None, "", "132", "0", "-5", "wide"])
@pytest.mark.parametrize("terminal", [None, 120, 0])
def test_the_width_is_that_of_the_standard_library(
    said: str | None, terminal: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def size(_descriptor: int) -> os.terminal_size:
        if terminal is None:
            raise OSError
        return os.terminal_size((terminal, 40))

    monkeypatch.setattr(os, "get_terminal_size", size)
    if said is None:
        monkeypatch.delenv("COLUMNS", raising=False)
    else:
        monkeypatch.setenv("COLUMNS", said)
    assert find_columns(os.environ) == shutil.get_terminal_size().columns
    assert find_columns(os.environ) == (132 if said == "132" else terminal or 80)
