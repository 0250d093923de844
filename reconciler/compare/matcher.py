"""Matches what is registered with what is declared, as it is listed: a plan is about what differs.

A version whose digest is that of its manifest is counted and dropped. Kept are those that may be more than
that: one that differs, one that fits two manifests, and one whose alias another manifest declares.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence

from reconciler.canonical import compute_digest
from reconciler.client.port import FinishedListing, Sighting
from reconciler.compare.artifact_match import ArtifactMatch
from reconciler.compare.declared import DeclaredArtifacts
from reconciler.compare.desired import make_desired_document
from reconciler.compare.drift import ArtifactDrift, find_highest_version
from reconciler.diff import are_same
from reconciler.model import Artifact, Comparison, Declared, Outline, Registered

_NONE_KNOWN: frozenset[int] = frozenset()
"""Shared by 100,000 artifacts of which nothing is registered: an empty set takes 216 bytes."""
_MAX_DOUBTFUL_VERSIONS = 1000
"""Versions with another digest that are held, until their documents are compared with the manifests'."""


class Matcher:
    """Takes the versions of an ML repo, or of one artifact in it, as they are listed.

    See `client.port.Collector`. Its results are valid once all versions are taken.

    Args:
        declared: the manifests, all of them.
        ml_repo: the ML repo.
        name: the artifact, if the versions are of one only.
        comparison: how manifests are compared with what is registered.
        read_again: gives the manifests that outlines are of.

    Attributes:
        artifact: the artifact, if the versions are of one only.
    """

    def __init__(
        self,
        declared: DeclaredArtifacts,
        ml_repo: str,
        name: str | None,
        comparison: Comparison,
        read_again: Callable[[Sequence[Outline]], Sequence[Declared]],
    ) -> None:
        self.ml_repo = ml_repo
        self.artifact = None if name is None else Artifact(ml_repo, name)
        names = declared.list_names(ml_repo) if name is None else (name,)
        self._matches = {each: ArtifactMatch(declared.get(Artifact(ml_repo, each))) for each in names}
        self._comparison = comparison
        self._read_again = read_again
        self._undeclared: dict[str, array[int]] = {}
        self._doubtful: list[tuple[ArtifactMatch, int, Registered]] = []

    def take(self, row: Registered) -> None:
        """Count a version that is as declared; keep one that may not be."""
        name = row.artifact.name
        match = self._matches.get(name)
        if match is None:
            if self.artifact is None:  # a server may list other artifacts than the one asked for
                self._undeclared.setdefault(name, array("l")).append(row.version)
            return
        index = match.add_version(row)
        if index is None:
            return
        if self._has_same_digest(row, match.outlines[index]):
            match.mark_unchanged(index)
            return
        self._doubtful.append((match, index, row))
        if len(self._doubtful) == _MAX_DOUBTFUL_VERSIONS:
            self._compare_documents()

    def finish(self) -> None:
        """Keep what is still in doubt."""
        for match, _, row in self._doubtful:
            match.kept.append(row)
        self._doubtful.clear()

    @property
    def ambiguous_artifacts(self) -> tuple[Artifact, ...]:
        """Artifacts of which all versions have to be looked at, though some were only counted."""
        return tuple(
            Artifact(self.ml_repo, name) for name, match in self._matches.items() if match.is_ambiguous
        )

    @property
    def unchanged(self) -> int:
        """How many manifests are registered as declared, but for those of ambiguous artifacts."""
        return sum(match.unchanged for match in self._matches.values() if not match.is_ambiguous)

    def iterate_undeclared(self) -> Iterator[tuple[Artifact, Sequence[int]]]:
        """The numbers of the versions that no manifest is about; of an ambiguous artifact, of all."""
        for name, numbers in self._undeclared.items():
            yield Artifact(self.ml_repo, name), numbers
        for name, match in self._matches.items():
            numbers = match.numbers if match.is_ambiguous else match.undeclared
            if numbers:
                yield Artifact(self.ml_repo, name), numbers

    def iterate_drift(self, listing: FinishedListing[Matcher]) -> Iterator[ArtifactDrift]:
        """The artifacts that are not as declared, but for the ambiguous ones.

        Args:
            listing: that all versions are from.
        """
        for name, match in self._matches.items():
            outlines = match.list_open_manifests()
            if not match.is_ambiguous and (outlines or match.kept):
                versions = tuple(sorted(match.kept, key=lambda row: row.version))
                known = frozenset(match.numbers) if match.numbers else _NONE_KNOWN
                sighting = Sighting(listing.ml_repo_id, versions, known, listing.at, listing.settled)
                highest = find_highest_version(match.outlines, known)
                yield ArtifactDrift(Artifact(self.ml_repo, name), outlines, highest, sighting)

    def _compare_documents(self) -> None:
        """Compare the documents whose digests differ: a control plane may write a value in other ways."""
        again = self._read_again([match.outlines[index] for match, index, _ in self._doubtful])
        for (match, index, row), declared in zip(self._doubtful, again, strict=True):
            if are_same(row.document, make_desired_document(declared, row, self._comparison)):
                match.mark_unchanged(index)
            else:
                match.kept.append(row)
        self._doubtful.clear()

    def _has_same_digest(self, row: Registered, outline: Outline) -> bool:
        try:
            ignore = self._comparison.ignore.in_manifest(outline)
            return compute_digest(row.document, outline.shape, ignore) == outline.digest
        except ValueError:  # a number that no manifest can declare
            return False
