"""Whether what was read of a repository is remembered for the next run, and where."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reconciler import __version__

if TYPE_CHECKING:
    from reconciler.manifest.memory import Memory
    from reconciler.source.snapshot import Snapshot


def find_memory(snapshot: Snapshot, *, asked: bool | None) -> Memory | None:
    """The memory of a repository; `None` where there is to be none.

    Args:
        snapshot: of the repository.
        asked: whether the caller asks for it; `None` uses it unless `CI` is set, where it would be another
            job's, or nobody's.
    """
    is_wanted = not os.environ.get("CI") if asked is None else asked
    return open_memory(snapshot.origin) if is_wanted else None


def open_memory(origin: str) -> Memory | None:
    """The memory of the repository that an origin names; `None` where there can be none."""
    from reconciler.manifest.memory import Memory, find_cache_folder

    folder = find_cache_folder(os.environ)
    return Memory(folder, origin, __version__) if folder else None
