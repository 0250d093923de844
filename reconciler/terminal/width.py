"""How wide a line may be."""

from __future__ import annotations

import os

_USUAL = 80


def columns() -> int:
    """Characters in a line of the terminal: what COLUMNS says, else the terminal, else 80.

    `shutil.get_terminal_size` tells the same, and takes as long to import as a tenth of click.
    """
    try:
        told = int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        told = 0
    if told > 0:
        return told
    try:
        return os.get_terminal_size(1).columns or _USUAL
    except OSError:
        return _USUAL
