"""What is registered as declared is counted and dropped as it is listed: a plan is about the rest.

A manifest passes by its digest, without its document. Whatever may be more than that is held back: a
version that differs, one that a manifest fits in two ways, and one whose alias somebody else declares.
Versions may be listed while manifests are still being read: those that nothing is known of yet wait.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.canonical import compute_digest
from reconciler.client.port import Extent, FinishedListing, Sighting
from reconciler.diff import are_same
from reconciler.model import Artifact, Comparison, Declared, Outline, Registered
from reconciler.planning.desired import desired_document
from reconciler.planning.document import Target
from reconciler.planning.orphans import NONE_UNDECLARED, Undeclared
from reconciler.planning.stock import Stock
from reconciler.planning.tally import Tally

_MOST_WAITING = 2000
"""Versions that wait for manifests to be read, of all ML repos together; 9 KiB each."""
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

    See `client.port.Collector`. What it says of them holds once all are taken, and the stock is complete.

    Args:
        stock: the manifests.
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
        self._stock = stock
        self._ml_repo = ml_repo
        self._name = name
        self._comparison = comparison
        self._read_again = read_again
        self._tallies: dict[str, Tally] = {}
        self._strangers: dict[str, array[int]] = {}
        self._doubted: list[tuple[Tally, int, Registered]] = []

    @property
    def is_full(self) -> bool:
        """Whether too many versions wait for manifests to be read."""
        return self._stock.waiting >= _MOST_WAITING and not self._stock.is_complete

    def take(self, row: Registered) -> None:
        """Count a version that is as declared; have others wait, or hold back what may not be as declared."""
        if self._stock.is_complete:
            self._sort_out(row)
        elif not self._passes_early(row):
            self._stock.wait(row, self.take)

    def finish(self) -> None:
        """Hold back what is still in doubt; the stock is complete."""
        for tally, _, row in self._doubted:
            tally.held.append(row)
        self._doubted.clear()

    @property
    def ambiguous(self) -> tuple[Artifact, ...]:
        """Artifacts of which something was counted that may have to be looked at."""
        return tuple(
            Artifact(self._ml_repo, name) for name, tally in self._tallies.items() if tally.is_ambiguous
        )

    @property
    def unchanged(self) -> int:
        """How many manifests are registered as declared, but for those of ambiguous artifacts."""
        return sum(tally.passed.bit_count() for tally in self._tallies.values() if not tally.is_ambiguous)

    @property
    def of(self) -> Artifact | None:
        """The artifact, if the versions are of one only."""
        return None if self._name is None else Artifact(self._ml_repo, self._name)

    @property
    def ml_repo(self) -> str:
        """The ML repo."""
        return self._ml_repo

    @property
    def undeclared(self) -> Iterator[tuple[Artifact, Sequence[int]]]:
        """The numbers of the versions that no manifest is about; of an ambiguous artifact, of all."""
        for name, numbers in self._strangers.items():
            if self._name is None or name == self._name:  # asked for one, a server may add others like it
                yield Artifact(self._ml_repo, name), numbers
        for name, tally in self._tallies.items():
            numbers = tally.known if tally.is_ambiguous else tally.undeclared
            if numbers:
                yield Artifact(self._ml_repo, name), numbers

    def cases(self, reading: FinishedListing[Sieve]) -> Iterator[Case]:
        """The artifacts that are not as declared, but for the ambiguous ones.

        Args:
            reading: the reading that all versions are from.
        """
        names = self._stock.lots(self._ml_repo) if self._name is None else [self._name]
        for name in names:
            artifact = Artifact(self._ml_repo, name)
            tally = self._tallies.get(name) or Tally(self._stock.lot(artifact))
            left = tally.left
            if not tally.is_ambiguous and (left or tally.held):
                versions = tuple(sorted(tally.held, key=lambda row: row.version))
                known = frozenset(tally.known)
                seen = Sighting(reading.ml_repo_id, versions, known, reading.at, reading.settled)
                yield Case(artifact, left, _highest(tally.lot.outlines, known), seen)

    def _passes_early(self, row: Registered) -> bool:
        """Whether a version is as declared, as far as is known before all manifests are."""
        tally = self._tally(row)
        if tally is None:
            return False
        named, is_suspect = tally.fits(row)
        if is_suspect or not named or tally.has_taken(named):
            return False
        (index,) = named
        if not self._says_the_same(row, tally.lot.outlines[index]):
            return False
        tally.known.append(row.version)
        tally.take(named)
        tally.passed |= 1 << index
        if tally.manifests_then is None:
            tally.manifests_then = len(tally.lot.outlines)
        if row.alias and row.alias != tally.lot.outlines[index].alias:
            tally.kept_aliases |= {row.alias}
        return True

    def _sort_out(self, row: Registered) -> None:
        """Count a version, doubt it, hold it back, or see that it is not declared."""
        tally = self._tally(row)
        if tally is None:
            self._strangers.setdefault(row.artifact.name, array("l")).append(row.version)
            return
        tally.known.append(row.version)
        named, is_suspect = tally.fits(row)
        if not named:
            tally.undeclared.append(row.version)
        tally.is_contradicted |= tally.has_taken(named)
        tally.take(named)
        if tally.is_contradicted:
            return  # all of the artifact will be looked at
        if is_suspect:
            tally.held.append(row)
        elif named:
            (index,) = named
            if self._says_the_same(row, tally.lot.outlines[index]):
                tally.passed |= 1 << index
            else:
                self._doubted.append((tally, index, row))
                if len(self._doubted) == _MOST_DOUBTED:
                    self._dispel_doubts()

    def _dispel_doubts(self) -> None:
        """Look at documents whose digests differ: a control plane may write the same in other ways."""
        again = self._read_again([tally.lot.outlines[index] for tally, index, _ in self._doubted])
        for (tally, index, row), declared in zip(self._doubted, again, strict=True):
            if are_same(row.document, desired_document(declared, row, self._comparison)):
                tally.passed |= 1 << index
            else:
                tally.held.append(row)
        self._doubted.clear()

    def _tally(self, row: Registered) -> Tally | None:
        name = row.artifact.name
        tally = self._tallies.get(name)
        if tally is None and (self._name is None or name == self._name):
            lot = self._stock.lots(self._ml_repo).get(name)
            if lot is not None:
                tally = self._tallies[name] = Tally(lot)
        return tally

    def _says_the_same(self, row: Registered, outline: Outline) -> bool:
        try:
            ignore = self._comparison.ignore.in_manifest(outline)
            return compute_digest(row.document, outline.shape, ignore) == outline.digest
        except ValueError:  # a number that no manifest can declare
            return False


def _highest(outlines: Iterable[Outline], known: Iterable[int]) -> int:
    return max([*known, *(outline.version or 0 for outline in outlines)], default=0)
