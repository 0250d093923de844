"""What is kept of manifests: outlines, and, as long as they are few, the whole documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import pytest

from reconciler.manifest.outlines import Outlines
from reconciler.model import EXACT, Declared, Outline
from reconciler.source.snapshot import SourceFile
from tests.support.files_in_memory import FilesInMemory

MANIFEST = """\
type: artifact-version
ml_repo: fraud
name: scorer
version: {0}
source: {{type: external, uri: s3://models/{0}}}
metadata: {{notes: {1}}}
"""


class CountedFiles(FilesInMemory):
    """Files that count how often they are read."""

    def __init__(self, files: Sequence[SourceFile]) -> None:
        super().__init__(files)
        self.reads = 0

    def read(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """The contents; see `Files`."""
        self.reads += len(numbers)
        return super().read(numbers)


def files_of(count: int, size: int) -> CountedFiles:
    texts = (MANIFEST.format(number, "x" * size) for number in range(1, count + 1))
    return CountedFiles([SourceFile(f"{number}.yaml", text.encode()) for number, text in enumerate(texts)])


def read(files: CountedFiles) -> tuple[Outlines, list[Outline]]:
    reading = Outlines(files, EXACT)
    return reading, list(chain.from_iterable(reading))


def as_a_whole(reading: Outlines, outlines: Sequence[Outline]) -> list[tuple[int | None, int]]:
    found: list[Declared] = reading.read_again(outlines)
    assert [declared.place for declared in found] == [outline.place for outline in outlines]
    return [(declared.version, len(str(declared.document["metadata"]))) for declared in found]


@pytest.mark.parametrize("count", [3, 1_500], ids=["in this process", "in several"])
def test_few_manifests_are_read_once(count: int) -> None:
    files = files_of(count, 600)
    reading, outlines = read(files)
    here = files.reads  # other processes count for themselves
    assert {version for version, _ in as_a_whole(reading, outlines)} == set(range(1, count + 1))
    assert files.reads == here


def test_of_many_manifests_those_that_are_asked_for_are_read_again() -> None:
    files = files_of(6, 400_000)
    reading, outlines = read(files)
    here = files.reads
    chosen = sorted(outlines, key=lambda outline: -(outline.version or 0))[:2]
    assert [version for version, _ in as_a_whole(reading, chosen)] == [6, 5]
    assert files.reads == here + 2
