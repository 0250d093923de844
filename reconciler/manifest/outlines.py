"""The outlines of the manifests in files: read by as many processes as are worth it, or remembered.

Processes send each other plain tuples, which takes a third of the time of named ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TypeAlias

from reconciler.canonical import compute_digest, read_shape
from reconciler.errors import Place, Problem, SourceError
from reconciler.manifest.memory import Memory, Row
from reconciler.manifest.rules.problems import Problems
from reconciler.manifest.workers import Work, divide_files
from reconciler.model import EXACT, Artifact, Comparison, Declared, Document, Outline, Shape
from reconciler.source.search import MAX_FILE_BYTES, may_hold_manifests
from reconciler.source.snapshot import Files, SourceFile, compute_git_id, is_json

_FileRows: TypeAlias = tuple[int, Sequence[Row], Sequence[Document], int | None, list[Problem]]
"""What is in a file: its number, the outlines of its manifests, their documents where those are kept, how
many other documents there are (`None` for a file that is not ours), and its problems."""
MAX_FILES = 200_000
"""Files whose contents may hold manifests."""
MAX_TOTAL_BYTES = 256 * 1024 * 1024
"""In all of them together: three times what 100,000 manifests of usual size take."""
_MAX_KEPT_BYTES = 2 * 1024 * 1024
"""Bytes of files, about 2,700 manifests, up to which documents are kept, in 15 MiB, and not read again."""


class Outlines:
    """The manifests of some files, some at a time.

    Args:
        files: the files.
        comparison: how manifests are compared with what is registered.
        memory: what is known of some of them already.

    Attributes:
        files_read: how many files are ours to judge, as they may hold manifests.
        other_files: how many are not.
        others: how many documents in files of ours are no manifests.
    """

    def __init__(self, files: Files, comparison: Comparison, memory: Memory | None = None) -> None:
        self.files_read = self.other_files = self.others = 0
        self._bytes = 0
        self._files = files
        self._comparison = comparison
        self._problems: dict[int, list[Problem]] = {}
        self._artifacts: dict[tuple[str, str], Artifact] = {}
        self._shapes: dict[Shape, Shape] = {}
        self._declared: dict[Place, Declared] = {}
        self._keeps_documents = sum(files.sizes) <= _MAX_KEPT_BYTES
        self._memory = memory
        self._ids: Mapping[int, str] | Sequence[str] = {}
        self._never_remembered: set[int] = set()
        self._remembered: list[Outline] = []
        numbers: Sequence[int] = range(len(files))
        if memory:
            numbers = self._take_remembered(memory)
        if numbers:
            # Now, so that the other processes have it, and not at all where everything is remembered.
            import reconciler.manifest.file  # noqa: F401, PLC0415
        self._work = Work(self._read_share, divide_files(numbers, files.sizes))

    def __iter__(self) -> Iterator[Sequence[Outline]]:
        if self._remembered:
            yield self._remembered
            self._remembered = []
        try:
            for results in self._work.collect_results():
                yield self._take_results(results)
            if self._memory:
                self._memory.close()
        finally:
            if self._memory:
                self._memory.give_up()

    def _take_results(self, results: Iterable[_FileRows]) -> Sequence[Outline]:
        batch: list[Outline] = []
        for number, rows, documents, others, problems in results:
            self._count_file(number, others)
            if problems:
                self._problems[number] = problems
            elif self._memory and number not in self._never_remembered:
                self._memory.add(self._make_content_id(number), rows, others)
            if not rows:
                continue
            path = self._files.paths[number]
            outlines = [_make_outline(row, path, self._artifacts, self._shapes) for row in rows]
            for outline, document in zip(outlines, documents, strict=bool(documents)):
                self._declared[outline.place] = Declared(outline.artifact, document, outline.place)
            batch += outlines
        return batch

    def _count_file(self, number: int, others: int | None) -> None:
        """Count a file.

        Raises:
            SourceError: there are too many that may hold manifests, or they are too large together.
        """
        if others is None:
            self.other_files += 1
            return
        self.others += others
        self.files_read += 1
        self._bytes += min(self._files.sizes[number], MAX_FILE_BYTES)
        if self.files_read > MAX_FILES or self._bytes > MAX_TOTAL_BYTES:
            bound = (
                f"{MAX_FILES:,} files" if self.files_read > MAX_FILES else f"{MAX_TOTAL_BYTES // 1024**2} MiB"
            )
            raise SourceError(
                f"more than {bound} that may hold manifests",
                "say where the manifests are: paths in reconciler.toml",
            )

    def _take_remembered(self, memory: Memory) -> Sequence[int]:
        """Take over what is remembered, and return the numbers of the files that have to be read."""
        files = self._files
        self._never_remembered = {number for number, path in enumerate(files.paths) if path in files.named}
        self._never_remembered |= set(files.faults)
        to_ask = [number for number in range(len(files)) if number not in self._never_remembered]
        known: set[int] = set()
        if files.has_ids:
            self._ids = files.list_ids()
        else:
            found = Work(self._compute_ids, divide_files(to_ask, files.sizes)).collect_results()
            self._ids = ids = dict(chain.from_iterable(found))
            known.update(number for number in to_ask if number not in ids)
        for number in known:  # files that are not ours, for which no id was computed
            self._count_file(number, None)

        def list_wanted() -> dict[str, list[int]]:
            numbers: dict[str, list[int]] = {}
            for number in to_ask:
                if number not in known:
                    numbers.setdefault(self._make_content_id(number), []).append(number)
            return numbers

        for number, rows, others in memory.read_entries(list_wanted, self._comparison):
            known.add(number)
            self._count_file(number, others)
            path = files.paths[number]
            self._remembered += [_make_outline(row, path, self._artifacts, self._shapes) for row in rows]
        return [number for number in range(len(files)) if number not in known]

    def _make_content_id(self, number: int) -> str:
        """The key of what a file says: the id of its bytes, and whether they are read as JSON."""
        return f"{self._ids[number]}j" if is_json(self._files.paths[number]) else self._ids[number]

    def _compute_ids(self, numbers: Sequence[int]) -> Iterator[tuple[int, str]]:
        """The ids of files of ours, which are known only when they are read."""
        for number, data in zip(numbers, self._files.read(numbers), strict=True):
            if may_hold_manifests(data):
                yield number, compute_git_id(data)

    def list_problems(self) -> Iterator[Problem]:
        """What is wrong, in order of the files."""
        return chain.from_iterable(self._problems[number] for number in sorted(self._problems))

    def read_again(self, outlines: Sequence[Outline]) -> list[Declared]:
        """The manifests whose outlines are given, as a whole and in that order.

        Raises:
            ChangedError: one of them says something else by now.
            SourceError: one of them can not be read.
        """
        kept = self._declared
        missing = [outline for outline in outlines if outline.place not in kept]
        found = {declared.place: declared for declared in read_again(self._files, missing, self._comparison)}
        return [kept.get(outline.place) or found[outline.place] for outline in outlines]

    def stop(self) -> None:
        """Read no more."""
        self._work.stop()

    def _read_share(self, numbers: Sequence[int]) -> Iterator[_FileRows]:
        problems_kept = Problems()
        files = self._files
        for number, data in zip(numbers, files.read(numbers), strict=True):
            if not may_hold_manifests(data) and files.paths[number] not in files.named:
                yield number, (), (), None, []
            elif number in files.faults:
                problems_kept.add([files.faults[number]])
                yield number, (), (), 0, [files.faults[number]]
            else:
                file = SourceFile(files.paths[number], data)
                yield _read_rows(
                    number, file, self._comparison, problems_kept, keeps_documents=self._keeps_documents
                )
                if problems_kept.is_full():
                    return


def load_outlines(files: Files) -> tuple[tuple[Outline, ...], tuple[Problem, ...]]:
    """The manifests of some files, nothing in them left to others, and the problems of each file."""
    reading = Outlines(files, EXACT)
    manifests = tuple(chain.from_iterable(reading))
    return manifests, tuple(reading.list_problems())


class ChangedError(SourceError):
    """A manifest is not, or no longer, what its outline says."""


def read_again(files: Files, outlines: Iterable[Outline], comparison: Comparison) -> list[Declared]:
    """The manifests whose outlines are given, as a whole and in that order.

    Args:
        files: where they are.
        outlines: of these manifests.
        comparison: how manifests are compared with what is registered.

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
                found[declared.place] = comparison.with_defaults(declared)
    for place, outline in wanted.items():
        row = _make_row(found[place], comparison) if place in found else None
        if row is None or _make_outline(row, place.file, {}, {}) != outline:
            raise ChangedError(f"{place.file} does not say what it said before", "run again")
    # Artifact and place are those of the outline, so that each is held once.
    return [replace(found[place], artifact=each.artifact, place=place) for place, each in wanted.items()]


def _read_rows(
    number: int, file: SourceFile, comparison: Comparison, problems_kept: Problems, *, keeps_documents: bool
) -> _FileRows:
    """What is in a file, up to the bound of problems in one."""
    from reconciler.manifest.file import OtherDocument, read_file  # noqa: PLC0415  as above

    rows: list[Row] = []
    documents: list[Document] = []
    problems: list[Problem] = []
    others = 0
    for found in read_file(file):
        match found:
            case Declared():
                declared = comparison.with_defaults(found)
                rows.append(_make_row(declared, comparison))
                if keeps_documents:
                    documents.append(declared.document)
            case Problem():
                problems_kept.add([found])
                problems.append(found)
            case OtherDocument():
                others += 1
        if problems_kept.is_full(file.path):
            break  # no more problems of the file would be shown
    return number, rows, documents, others, problems


def _make_outline(
    row: Row, path: str, artifacts: dict[tuple[str, str], Artifact], shapes: dict[Shape, Shape]
) -> Outline:
    """An outline of which is kept once what is the same in others: there may be 100,000 of them."""
    ml_repo, name, version, alias, uri, line, column, shape, digest = row
    key = ml_repo, name
    artifact = artifacts.get(key)
    if artifact is None:
        artifact = artifacts[key] = Artifact(ml_repo, name)
    place = Place(path, line, column)
    return Outline(artifact, version, alias, uri, place, shapes.setdefault(shape, shape), digest)


def _make_row(declared: Declared, comparison: Comparison) -> Row:
    artifact, place, shape = declared.artifact, declared.place, read_shape(declared.document)
    ignore = comparison.ignore.in_manifest(declared)
    return (
        artifact.ml_repo, artifact.name, declared.version, declared.alias, declared.uri,
        place.line, place.column, shape, compute_digest(declared.document, shape, ignore),
    )  # fmt: skip
