"""The file of an embedded registry, which belongs into no commit."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

from reconciler.errors import SourceError
from reconciler.source.location import find_top
from reconciler.source.ls_files import would_add
from reconciler.source.new_files import NewFiles

_SPECIAL = re.compile(r"[\\*?\[\] ]")
"""Characters with a meaning of their own in the patterns of a .gitignore."""


def keep_out_of_git(database: Path) -> bool:
    """Have git ignore a registry's file, and those that SQLite keeps beside it, where it does not already.

    A folder that holds nothing else is ignored as a whole. A `.gitignore` that there is stays as it is.

    Args:
        database: the file.

    Returns:
        False where git would commit it and a person has to prevent that.
    """
    file = database.resolve()
    top, folder = find_top(file.parent), file.parent
    if top is None:
        return True
    try:
        if not would_add(top, PurePosixPath(file.relative_to(top))):
            return True
        is_alone = all(entry.name.startswith(file.name) for entry in folder.iterdir())
        named = "" if is_alone else "/" + _SPECIAL.sub(r"\\\g<0>", file.name)
        with NewFiles(folder) as files:
            return files.add(".gitignore", os.fsencode(f"{named}*\n"))
    except SourceError:  # whatever is wrong with git or the folder, a registry can be served
        return False
