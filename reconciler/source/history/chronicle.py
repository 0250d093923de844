"""Every content that files have had on the first-parent line of a commit, and what took contents away."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from operator import attrgetter

from reconciler.errors import SourceError
from reconciler.source.git import Git
from reconciler.source.history.record import Record, name_content
from reconciler.source.objects import read_blobs, read_sizes
from reconciler.source.search import MAX_FILE_BYTES
from reconciler.source.snapshot import Files

_MOST_BYTES = 4 * 1024**3
"""Of all contents together, which are read one after another."""


class Chronicle:
    """What files have been.

    Args:
        git: that repository's git.
        record: what commits did to them.
    """

    def __init__(self, git: Git, record: Record) -> None:
        self._git = git
        self.record = record

    def list_names(self, but_for: Iterable[tuple[str, str]] = ()) -> Sequence[str]:
        """The names of all contents, each once, but for those that some files have.

        Args:
            but_for: the paths of those files, and the ids of their blobs.
        """
        known = {name_content(oid, path) for path, oid in but_for}
        return [name for name in self.record.names if name not in known]

    def open_contents(self, names: Sequence[str]) -> Contents:
        """The contents of some names.

        Raises:
            SourceError: git does not have them all, or they are too large together.
        """
        return Contents(self._git, names)

    def find_removals(self, holders: Mapping[str, Collection[str]]) -> Mapping[str, str]:
        """The last commit that took something away from all contents that have it, by its id.

        Args:
            holders: for each thing looked for, the contents that have it, as `Contents` names them; some may
                be of other histories.
        """
        found: dict[str, str] = {}
        things: dict[int, set[str]] = {}
        numbers = self.record.names.find_numbers(set(chain.from_iterable(holders.values())))
        for thing, names in holders.items():
            for name in names:
                if (number := numbers.get(name)) is not None:
                    things.setdefault(number, set()).add(thing)
        nothing: frozenset[str] = frozenset()
        matter = (
            step for step in self.record.iterate_steps() if step.before in things or step.after in things
        )
        for number, of_commit in groupby(matter, key=attrgetter("commit")):
            lost: set[str] = set()
            kept: set[str] = set()
            for step in of_commit:
                lost |= things.get(step.before, nothing)
                kept |= things.get(step.after, nothing)
            for thing in lost - kept:
                found.setdefault(thing, self.record.commits[number])
        return found


class Contents(Files):
    """Contents that files have had, as files whose names are those of the contents.

    Args:
        git: that repository's git.
        names: the id of each blob, and what a file of its kind ends with.

    Raises:
        SourceError: git does not have them all, or they are too large together.
    """

    has_ids = True

    def __init__(self, git: Git, names: Sequence[str]) -> None:
        self._git = git
        sizes = list(read_sizes(git, [_find_oid(name) for name in names]))
        if None in sizes:
            raise SourceError(
                "git does not have all contents that files have had", "fetch all of the repository"
            )
        readable = [
            (name, size) for name, size in zip(names, sizes, strict=True) if size and size <= MAX_FILE_BYTES
        ]
        self.paths = [name for name, _ in readable]
        self.sizes = array("l", (size for _, size in readable))
        if sum(self.sizes) > _MOST_BYTES:
            raise SourceError(
                f"more than {_MOST_BYTES // 1024**3} GiB of YAML and JSON in the history",
                "keep manifests in a repository of their own",
            )

    def read(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """The contents of some; see `Files`."""
        return read_blobs(self._git, [_find_oid(self.paths[number]) for number in numbers])

    def list_ids(self) -> Sequence[str]:
        """The ids of their blobs; see `Files`."""
        return [_find_oid(name).decode() for name in self.paths]


def _find_oid(name: str) -> bytes:
    return name.partition(".")[0].encode()
