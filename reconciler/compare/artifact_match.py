"""How the registered versions of one artifact fit its manifests, in a few bytes for each."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from reconciler.compare.declared import DeclaredArtifact
from reconciler.model import PARKING_ALIAS, Outline, Registered

_UNMATCHED, _MATCHED, _UNCHANGED = range(3)
"""The states of a manifest: no version fits it, one does, or that one is as declared."""


class ArtifactMatch:
    """How the registered versions of one artifact fit its manifests.

    Attributes:
        outlines: the manifests.
        numbers: of all registered versions.
        undeclared: of those, the numbers that no manifest is about.
        kept: the registered versions to look at.
        is_ambiguous: whether a manifest fits several versions, of which some may not have been kept.
    """

    __slots__ = ("_declared", "_states", "is_ambiguous", "kept", "numbers", "outlines", "undeclared")

    def __init__(self, declared: DeclaredArtifact) -> None:
        self.outlines = declared.outlines
        self.numbers = array("l")
        self.undeclared = array("l")
        self.kept: list[Registered] = []
        self.is_ambiguous = False
        self._declared = declared
        self._states = bytearray(len(declared.outlines))

    def add_version(self, row: Registered) -> int | None:
        """Count a version, and keep it where it has to be looked at even if it is as declared.

        Returns:
            The index of the manifest to compare it with; `None` where there is none, or no need.
        """
        self.numbers.append(row.version)
        indices = self._declared.find_manifests(row)
        if not indices:
            self.undeclared.append(row.version)
        for index in indices:
            self.is_ambiguous |= self._states[index] != _UNMATCHED
            self._states[index] = _MATCHED
        if self.is_ambiguous:
            return None  # all versions of the artifact will be looked at
        if len(indices) > 1 or self._may_lose_alias(row, indices):
            self.kept.append(row)
            return None
        return indices[0] if indices else None

    def mark_unchanged(self, index: int) -> None:
        """Note that a manifest is registered as declared."""
        self._states[index] = _UNCHANGED

    @property
    def unchanged(self) -> int:
        """How many manifests are registered as declared."""
        return self._states.count(_UNCHANGED)

    def list_open_manifests(self) -> tuple[Outline, ...]:
        """The manifests to look at, by place."""
        pairs = zip(self.outlines, self._states, strict=True)
        found = [outline for outline, state in pairs if state != _UNCHANGED]
        return tuple(sorted(found, key=lambda outline: outline.place))

    def _may_lose_alias(self, row: Registered, indices: Sequence[int]) -> bool:
        """Whether a version holds an alias that another manifest declares, or one of ours."""
        alias = row.alias
        if alias is None:
            return False
        claimant = self._declared.find_claimant(alias)
        return alias.startswith(PARKING_ALIAS) or (claimant is not None and claimant not in indices)
