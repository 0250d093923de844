"""How wide a line may be."""

from __future__ import annotations

import os
from collections.abc import Mapping

_USUAL = 80


def find_columns(environment: Mapping[str, str]) -> int:
    """Characters in a line of the terminal: what COLUMNS says, else the terminal, else 80.

    `shutil.get_terminal_size` tells the same, and takes as long to import as a tenth of click.
    """
    try:
        told = int(environment["COLUMNS"])
    except (KeyError, ValueError):
        told = 0
    if told > 0:
        return told
    try:
        return os.get_terminal_size(1).columns or _USUAL
    except OSError:
        return _USUAL
