"""What files have been: the commit that made each what it is, and earlier contents."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from reconciler.source.history.commits import Touch
from reconciler.source.snapshot import Snapshot, SomeFiles, are_the_same
from reconciler.workflow.branch.base import Base

_MOST_EARLIER = 10
"""Earlier contents of a file that are looked at."""


def find_committed_ids(paths: Collection[str], snapshot: Snapshot, base: Base) -> dict[str, str]:
    """The ids of the blobs that files are in the commit; without those that the work tree has edited.

    Args:
        paths: of the files.
        snapshot: what is read.
        base: has the commit that is read, or that the work tree is based on.

    Raises:
        SourceError: git or the file system does not give a file.
    """
    files = base.repository.list_files(base.head, paths.__contains__)
    ids = dict(zip(files.paths, files.list_ids(), strict=True))
    if not snapshot.in_work_tree:
        return ids
    here = SomeFiles(
        snapshot.files, [number for number, path in enumerate(snapshot.files.paths) if path in ids]
    )
    return {
        file.path: ids[file.path]
        for file, committed in zip(here, files, strict=True)
        if are_the_same(file.data, committed.data)
    }


@dataclass(slots=True)
class Past:
    """What is found of a file's history.

    Args:
        present: the id of its blob in the commit that is read; `None` where it is not to be looked for.
        is_deep: whether earlier contents are to be found.
        last: what made it what it is.
        earlier: the ids of what it has been, the last first.
    """

    present: str | None
    is_deep: bool
    last: Touch | None = None
    earlier: dict[str, None] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether nothing more is to be found."""
        is_found = self.present is None or self.last is not None
        return is_found and (not self.is_deep or self.is_all_seen)

    @property
    def is_all_seen(self) -> bool:
        """Whether all earlier contents were seen that are ever looked at, also in a clone that lacks some."""
        return len(self.earlier) >= _MOST_EARLIER

    def take(self, touch: Touch) -> None:
        """Note what a commit did to the file."""
        if self.last is None and touch.after == self.present:
            self.last = touch
        for oid in (touch.after, *touch.before):
            if self.is_deep and oid and len(self.earlier) < _MOST_EARLIER:
                self.earlier[oid] = None


def read_pasts(base: Base, present: Mapping[str, str], deep: Collection[str]) -> dict[str, Past]:
    """The history of files, by path, as far back as there is something to find.

    Args:
        base: where it is.
        present: the files of which the last commit is looked for.
        deep: those of which earlier contents are.

    Raises:
        SourceError: git does not give it.
    """
    found = {path: Past(present.get(path), path in deep) for path in {*present, *deep}}
    left = len(found)
    if not left:
        return found
    for touch in base.repository.history.iterate_touches(base.head, found):
        past = found[touch.path]
        if not past.is_known:
            past.take(touch)
            left -= past.is_known
            if not left:
                break
    return found
