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
    from reconciler.manifest.memory import Memory, find_cache_folder

    is_wanted = not os.environ.get("CI") if asked is None else asked
    folder = find_cache_folder(os.environ) if is_wanted else None
    return Memory(folder, snapshot.origin, __version__) if folder else None
