"""What is registered as declared is counted and dropped as it is listed: a plan is about the rest.

A manifest passes by its digest, without its document. Whatever may be more than that is held back: a
version that differs, one that fits two manifests, and one whose alias another manifest declares.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.canonical import compute_digest
from reconciler.client.port import Extent, FinishedListing, Sighting
from reconciler.compare.desired import desired_document
from reconciler.compare.stock import Stock
from reconciler.compare.tally import Tally
from reconciler.compare.undeclared import NONE_UNDECLARED, Undeclared
from reconciler.diff import are_same
from reconciler.model import Artifact, Comparison, Declared, Outline, Registered, Target

_NONE_KNOWN: frozenset[int] = frozenset()
"""Shared by 100,000 artifacts of which nothing is registered: an empty set takes 216 bytes."""
_MOST_DOUBTED = 1000
"""Versions whose digest differs and whose document may not, together with that of their manifest."""


@dataclass(frozen=True, slots=True)
class Case:
    """An artifact that is not registered as declared.

    Args:
        artifact: the artifact.
        outlines: the manifests to look at.
        highest: the highest version declared or registered.
        seen: the versions to look at.
    """

    artifact: Artifact
    outlines: tuple[Outline, ...]
    highest: int
    seen: Sighting


@dataclass(frozen=True, slots=True)
class Sifted:
    """What of a declaration is registered, and what there is to look at.

    Args:
        target: what was asked.
        cases: the artifacts that are not registered as declared, in order.
        unchanged: how many manifests are registered as declared, beside those of the cases, by
            ML repo.
        extents: of the ML repos asked, by name.
        pages: of their listings.
        undeclared: the versions listed that none of the manifests compared is about.
    """

    target: Target
    cases: tuple[Case, ...]
    unchanged: Mapping[str, int]
    extents: Mapping[str, Extent]
    pages: int
    undeclared: Undeclared = NONE_UNDECLARED

    @property
    def registered(self) -> int:
        """How many versions the ML repos asked have, of the artifacts declared and of others."""
        return sum(extent.versions for extent in self.extents.values())

    @property
    def rows(self) -> int:
        """How many of them were listed."""
        return sum(extent.listed for extent in self.extents.values())


def case_of_all(artifact: Artifact, outlines: Sequence[Outline], seen: Sighting) -> Case:
    """The case of an artifact of which everything is to be looked at."""
    return Case(artifact, tuple(outlines), _highest(outlines, seen.known), seen)


class Sieve:
    """Takes the versions of an ML repo, or of one artifact in it, as they are listed.

    See `client.port.Collector`. What it says of them holds once all are taken.

    Args:
        stock: the manifests, all of them.
        ml_repo: the ML repo.
        name: the artifact, if the versions are of one only.
        comparison: how manifests are compared with what is registered.
        read_again: gives the manifests that outlines are of.
    """

    def __init__(
        self,
        stock: Stock,
        ml_repo: str,
        name: str | None,
        comparison: Comparison,
        read_again: Callable[[Sequence[Outline]], Sequence[Declared]],
    ) -> None:
        self.ml_repo = ml_repo
        self._name = name
        names = stock.lots(ml_repo) if name is None else (name,)
        self._tallies = {each: Tally(stock.lot(Artifact(ml_repo, each))) for each in names}
        self._comparison = comparison
        self._read_again = read_again
        self._strangers: dict[str, array[int]] = {}
        self._doubted: list[tuple[Tally, int, Registered]] = []

    def take(self, row: Registered) -> None:
        """Count a version that is as declared; hold back what may not be."""
        name = row.artifact.name
        tally = self._tallies.get(name)
        if tally is None:
            if self._name is None:  # asked for one artifact, a server may add others like it
                self._strangers.setdefault(name, array("l")).append(row.version)
            return
        index = tally.add_version(row)
        if index is None:
            return
        if self._says_the_same(row, tally.lot.outlines[index]):
            tally.mark_unchanged(index)
            return
        self._doubted.append((tally, index, row))
        if len(self._doubted) == _MOST_DOUBTED:
            self._dispel_doubts()

    def finish(self) -> None:
        """Hold back what is still in doubt."""
        for tally, _, row in self._doubted:
            tally.held.append(row)
        self._doubted.clear()

    @property
    def ambiguous(self) -> tuple[Artifact, ...]:
        """Artifacts of which something was counted that has to be looked at."""
        return tuple(
            Artifact(self.ml_repo, name) for name, tally in self._tallies.items() if tally.is_ambiguous
        )

    @property
    def unchanged(self) -> int:
        """How many manifests are registered as declared, but for those of ambiguous artifacts."""
        return sum(tally.unchanged for tally in self._tallies.values() if not tally.is_ambiguous)

    @property
    def of(self) -> Artifact | None:
        """The artifact, if the versions are of one only."""
        return None if self._name is None else Artifact(self.ml_repo, self._name)

    @property
    def undeclared(self) -> Iterator[tuple[Artifact, Sequence[int]]]:
        """The numbers of the versions that no manifest is about; of an ambiguous artifact, of all."""
        for name, numbers in self._strangers.items():
            yield Artifact(self.ml_repo, name), numbers
        for name, tally in self._tallies.items():
            numbers = tally.known if tally.is_ambiguous else tally.undeclared
            if numbers:
                yield Artifact(self.ml_repo, name), numbers

    def cases(self, reading: FinishedListing[Sieve]) -> Iterator[Case]:
        """The artifacts that are not as declared, but for the ambiguous ones.

        Args:
            reading: the reading that all versions are from.
        """
        for name, tally in self._tallies.items():
            left = tally.left
            if not tally.is_ambiguous and (left or tally.held):
                versions = tuple(sorted(tally.held, key=lambda row: row.version))
                known = frozenset(tally.known) if tally.known else _NONE_KNOWN
                seen = Sighting(reading.ml_repo_id, versions, known, reading.at, reading.settled)
                artifact = Artifact(self.ml_repo, name)
                yield Case(artifact, left, _highest(tally.lot.outlines, known), seen)

    def _dispel_doubts(self) -> None:
        """Look at documents whose digests differ: a control plane may write the same in other ways."""
        again = self._read_again([tally.lot.outlines[index] for tally, index, _ in self._doubted])
        for (tally, index, row), declared in zip(self._doubted, again, strict=True):
            if are_same(row.document, desired_document(declared, row, self._comparison)):
                tally.mark_unchanged(index)
            else:
                tally.held.append(row)
        self._doubted.clear()

    def _says_the_same(self, row: Registered, outline: Outline) -> bool:
        try:
            ignore = self._comparison.ignore.in_manifest(outline)
            return compute_digest(row.document, outline.shape, ignore) == outline.digest
        except ValueError:  # a number that no manifest can declare
            return False


def _highest(outlines: Iterable[Outline], known: Iterable[int]) -> int:
    return max([*known, *(outline.version or 0 for outline in outlines)], default=0)
