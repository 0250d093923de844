"""Where fields of manifests stand, found on demand: an outline only knows where its manifest begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.errors import Place
from reconciler.model import Pointer
from reconciler.source.snapshot import Files

_MAX_BYTES = 1024 * 1024
"""Of files read again, in a third of a second; in further files, only the start of a manifest is shown."""


class FieldPlaces:
    """Finds where fields of manifests stand.

    Args:
        files: where the manifests are.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._bytes_left = _MAX_BYTES

    def find_places(self, wanted: Mapping[Place, Sequence[Pointer]]) -> Mapping[Place, Place]:
        """The place of the first of some fields of each manifest, or where the manifest begins.

        Args:
            wanted: the paths of fields, by where the manifest begins.

        Raises:
            SourceError: a file can not be read.
        """
        from reconciler.manifest.file import locate_fields  # noqa: PLC0415  few runs ask for any

        found = {place: place for place in wanted}
        by_file: dict[str, dict[Place, Sequence[Pointer]]] = {}
        for place, fields in wanted.items():
            by_file.setdefault(place.file, {})[place] = fields
        for file in self._files.read_at(by_file, self._bytes_left):
            self._bytes_left -= len(file.data)
            found.update(locate_fields(file, by_file[file.path]))
        return found
