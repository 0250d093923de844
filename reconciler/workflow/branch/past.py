"""What files have been: the commit that made each what it is, and earlier contents."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from reconciler.source.history.commits import Touch
from reconciler.source.snapshot import Snapshot, are_the_same
from reconciler.workflow.branch.base import Base

_MOST_EARLIER = 10
"""Earlier contents of a file that are looked at."""


def find_committed_ids(paths: Collection[str], snapshot: Snapshot, base: Base) -> dict[str, str]:
    """The ids of the blobs of files in the commit; without files that the work tree has edited.

    Args:
        paths: of the files.
        snapshot: what is read.
        base: has the commit that is read, or that the work tree is based on.

    Raises:
        SourceError: git or the file system does not give a file.
    """
    files = base.repository.list_files(base.head, paths.__contains__)
    ids = dict(files.iterate_ids())
    if not snapshot.in_work_tree:
        return ids
    present = snapshot.files.select(ids.__contains__)
    return {
        file.path: ids[file.path]
        for file, committed in zip(present, files, strict=True)
        if are_the_same(file.data, committed.data)
    }


@dataclass(slots=True)
class Past:
    """The history of a file, as far as it is needed.

    Args:
        present: the id of its blob in the commit that is read; `None` where its last commit is not wanted.
        is_deep: whether earlier contents are wanted.
        last: the touch that gave it its present contents.
        earlier: the ids of earlier blobs, the last first.
    """

    present: str | None
    is_deep: bool
    last: Touch | None = None
    earlier: dict[str, None] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether nothing more is wanted."""
        is_found = self.present is None or self.last is not None
        return is_found and (not self.is_deep or self.has_enough_earlier)

    @property
    def has_enough_earlier(self) -> bool:
        """Whether as many earlier contents were found as are ever read."""
        return len(self.earlier) >= _MOST_EARLIER

    def add_touch(self, touch: Touch) -> None:
        """Add what a commit did to the file."""
        if self.last is None and touch.after == self.present:
            self.last = touch
        for oid in (touch.after, *touch.before):
            if self.is_deep and oid and len(self.earlier) < _MOST_EARLIER:
                self.earlier[oid] = None


def read_pasts(base: Base, present: Mapping[str, str], deep: Collection[str]) -> dict[str, Past]:
    """The history of files, by path, as far back as it is needed.

    Args:
        base: has the repository.
        present: the files whose last commit is wanted, with the ids of their blobs.
        deep: the files whose earlier contents are wanted.

    Raises:
        SourceError: git does not give it.
    """
    found = {path: Past(present.get(path), path in deep) for path in {*present, *deep}}
    left = len(found)
    if not left:
        return found
    for touch in base.repository.history.iterate_touches(base.head, found):
        past = found[touch.path]
        if not past.is_complete:
            past.add_touch(touch)
            left -= past.is_complete
            if not left:
                break
    return found
