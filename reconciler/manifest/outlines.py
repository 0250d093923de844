"""The outlines of the manifests in files: read by as many processes as are worth it, or remembered.

Of a file only plain values travel from one process to another, at a third of the time of anything named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeAlias

from reconciler.canonical import digest, shape_of
from reconciler.errors import Place, Problem, SourceError
from reconciler.manifest.memory import Memory, Row
from reconciler.manifest.problems import Problems
from reconciler.manifest.workers import Work, shares
from reconciler.model import Artifact, Declared, Document, Outline, Pointer, Shape
from reconciler.source.snapshot import Files, SourceFile

_FileRead: TypeAlias = tuple[int, Sequence[Row], Sequence[Document], int, list[Problem]]
"""What is in a file: its number, its manifests as outlines and, where they are kept, as a whole, how many
other documents there are, and all that is wrong."""
_KEPT_WHOLE = 2 * 1024 * 1024
"""Bytes of manifests, about 2,700, up to which all are kept as a whole, in 15 MiB, and not read again."""


class Outlines:
    """The manifests of some files, some at a time.

    Args:
        files: the files.
        ignore: parts of documents that are left to others.
        memory: what is known of some of them already.

    Attributes:
        others: how many documents are no manifests.
    """

    def __init__(self, files: Files, ignore: Sequence[Pointer], memory: Memory | None = None) -> None:
        self.others = 0
        self._files = files
        self._ignore = ignore
        self._wrong: dict[int, list[Problem]] = {}
        self._artifacts: dict[tuple[str, str], Artifact] = {}
        self._shapes: dict[Shape, Shape] = {}
        self._whole: dict[Place, Declared] = {}
        self._keeps_whole = sum(files.sizes) <= _KEPT_WHOLE
        self._memory = memory
        self._ids: Sequence[str] = ()
        self._recalled: list[Outline] = []
        numbers: Sequence[int] = range(len(files))
        if memory:
            self._ids = _content_ids(files)
            numbers = self._recall(memory)
        if numbers:
            # Now, so that the other processes have it, and not at all where everything is remembered.
            import reconciler.manifest.file  # noqa: F401, PLC0415
        self._work = Work(self._read, shares(numbers, files.sizes))

    def __iter__(self) -> Iterator[Sequence[Outline]]:
        if self._recalled:
            yield self._recalled
            self._recalled = []
        try:
            for results in self._work.results():
                yield self._taken(results)
            if self._memory:
                self._memory.close()
        finally:
            if self._memory:
                self._memory.give_up()

    def _taken(self, results: Iterable[_FileRead]) -> Sequence[Outline]:
        batch: list[Outline] = []
        for number, rows, documents, others, problems in results:
            self.others += others
            if problems:
                self._wrong[number] = problems
            elif self._memory:
                self._memory.keep(self._ids[number], rows, others)
            path = self._files.paths[number]
            outlines = [self._outline(row, path) for row in rows]
            for outline, document in zip(outlines, documents, strict=bool(documents)):
                self._whole[outline.place] = Declared(outline.artifact, document, outline.place)
            batch += outlines
        return batch

    def _recall(self, memory: Memory) -> Sequence[int]:
        """Take over what is remembered; the numbers of the files of which nothing is."""
        wanted: dict[str, list[int]] = {}
        for number, content_id in enumerate(self._ids):
            wanted.setdefault(content_id, []).append(number)
        known: set[int] = set()
        for number, rows, others in memory.recall(wanted, self._ignore):
            known.add(number)
            self.others += others
            path = self._files.paths[number]
            self._recalled += [self._outline(row, path) for row in rows]
        return [number for number in range(len(self._ids)) if number not in known]

    def problems(self) -> Iterator[Problem]:
        """What is wrong, in order of the files."""
        return chain.from_iterable(self._wrong[number] for number in sorted(self._wrong))

    def again(self, outlines: Sequence[Outline]) -> list[Declared]:
        """The manifests whose outlines are given, as a whole and in that order.

        Raises:
            ChangedError: one of them says something else by now.
            SourceError: one of them can not be read.
        """
        whole = self._whole
        missing = [outline for outline in outlines if outline.place not in whole]
        found = {declared.place: declared for declared in read_again(self._files, missing, self._ignore)}
        return [whole.get(outline.place) or found[outline.place] for outline in outlines]

    def stop(self) -> None:
        """Read no more."""
        self._work.stop()

    def _outline(self, row: Row, path: str) -> Outline:
        """An outline of which is kept once what is the same in others: there may be 100,000 of them."""
        key, shape = row[:2], row[-2]
        artifact = self._artifacts.get(key)
        if artifact is None:
            artifact = self._artifacts[key] = Artifact(*key)
        return _outline(row, path, artifact, self._shapes.setdefault(shape, shape))

    def _read(self, numbers: Sequence[int]) -> Iterator[_FileRead]:
        room = Problems()
        for number, data in zip(numbers, self._files.read(numbers), strict=True):
            file = SourceFile(self._files.paths[number], data)
            yield _file_read(number, file, self._ignore, room, keeps_whole=self._keeps_whole)
            if room.is_full():
                return


def load_outlines(files: Files) -> tuple[tuple[Outline, ...], tuple[Problem, ...]]:
    """The manifests of some files, nothing in them left to others, and the problems of each file."""
    reading = Outlines(files, ())
    manifests = tuple(chain.from_iterable(reading))
    return manifests, tuple(reading.problems())


class ChangedError(SourceError):
    """A manifest is not, or no longer, what its outline tells."""


def read_again(files: Files, outlines: Iterable[Outline], ignore: Sequence[Pointer]) -> list[Declared]:
    """The manifests whose outlines are given, as a whole and in that order.

    Args:
        files: where they are.
        outlines: what is known of them.
        ignore: parts of documents that are left to others.

    Raises:
        ChangedError: one of them says something else.
        SourceError: one of them can not be read.
    """
    from reconciler.manifest.file import read_file  # noqa: PLC0415  as above

    wanted = {outline.place: outline for outline in outlines}
    paths = {place.file for place in wanted}
    numbers = [number for number, path in enumerate(files.paths) if path in paths]
    found: dict[Place, Declared] = {}
    for number, data in zip(numbers, files.read(numbers), strict=True):
        for declared in read_file(SourceFile(files.paths[number], data)):
            if isinstance(declared, Declared) and declared.place in wanted:
                found[declared.place] = declared
    for place, outline in wanted.items():
        if place not in found or _outline(_row(found[place], ignore), place.file) != outline:
            raise ChangedError(f"{place.file} does not say what it said before", "run again")
    return [found[place] for place in wanted]


def _content_ids(files: Files) -> Sequence[str]:
    """What tells apart what the files say: contents, and whether they are read as JSON."""
    named = zip(files.paths, files.ids(), strict=True)
    return [f"{content_id}j" if path.endswith(".json") else content_id for path, content_id in named]


def _file_read(
    number: int, file: SourceFile, ignore: Sequence[Pointer], room: Problems, *, keeps_whole: bool
) -> _FileRead:
    """What is in a file, as far as there is room to tell what is wrong with it."""
    from reconciler.manifest.file import Other, read_file  # noqa: PLC0415  as above

    rows: list[Row] = []
    documents: list[Document] = []
    problems: list[Problem] = []
    others = 0
    for found in read_file(file):
        match found:
            case Declared():
                rows.append(_row(found, ignore))
                if keeps_whole:
                    documents.append(found.document)
            case Problem():
                room.add([found])
                problems.append(found)
            case Other():
                others += 1
        if room.is_full(file.path):
            break  # nothing more of the file would be told
    return number, rows, documents, others, problems


def _outline(row: Row, path: str, artifact: Artifact | None = None, shape: Shape | None = None) -> Outline:
    ml_repo, name, version, alias, uri, line, column, given, of = row
    place = Place(path, line, column)
    return Outline(artifact or Artifact(ml_repo, name), version, alias, uri, place, shape or given, of)


def _row(declared: Declared, ignore: Sequence[Pointer]) -> Row:
    artifact, place, shape = declared.artifact, declared.place, shape_of(declared.document)
    return (
        artifact.ml_repo, artifact.name, declared.version, declared.alias, declared.uri,
        place.line, place.column, shape, digest(declared.document, shape, ignore),
    )  # fmt: skip
