"""Files whose contents are there already, as no source of the package has them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from reconciler.source.snapshot import Files, SourceFile, compute_git_id


class FilesInMemory(Files):
    """Files whose contents are there already."""

    has_ids = True

    def __init__(self, files: Iterable[SourceFile], named: Collection[str] = ()) -> None:
        self._files = tuple(files)
        self.named = named
        self.paths = [file.path for file in self._files]
        self.sizes = [len(file.data) for file in self._files]

    def read(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """The contents of some of the files; see `Files`."""
        return (self._files[number].data for number in numbers)

    def list_ids(self) -> Sequence[str]:
        """The ids that git would give to their contents."""
        return [compute_git_id(file.data) for file in self._files]
