"""What became of the registered versions of one artifact, in a few bytes for each."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from reconciler.compare.stock import Lot
from reconciler.model import PARKING_ALIAS, Outline, Registered

_UNMATCHED, _MATCHED, _UNCHANGED = range(3)
"""What is known of a manifest: nothing, that a version is about it, that this is registered as declared."""


class Tally:
    """What became of the versions of one artifact.

    Attributes:
        lot: its manifests.
        known: the numbers of all its registered versions.
        undeclared: of those, the numbers that no manifest is about.
        held: the registered versions to look at.
        is_ambiguous: whether a manifest fits several versions, of which some may not have been held.
    """

    __slots__ = ("_states", "held", "is_ambiguous", "known", "lot", "undeclared")

    def __init__(self, lot: Lot) -> None:
        self.lot = lot
        self.known = array("l")
        self.undeclared = array("l")
        self.held: list[Registered] = []
        self.is_ambiguous = False
        self._states = bytearray(len(lot.outlines))

    def add_version(self, row: Registered) -> int | None:
        """Count a version, and hold it where it has to be looked at even if it is as declared.

        Returns:
            The manifest that it is to be compared with, by its index, where it is not to be looked at anyway.
        """
        self.known.append(row.version)
        indices = self.lot.find_manifests(row)
        if not indices:
            self.undeclared.append(row.version)
        for index in indices:
            self.is_ambiguous |= self._states[index] != _UNMATCHED
            self._states[index] = _MATCHED
        if self.is_ambiguous:
            return None  # all of the artifact will be looked at
        if len(indices) > 1 or self._gives_up_alias(row, indices):
            self.held.append(row)
            return None
        return indices[0] if indices else None

    def mark_unchanged(self, index: int) -> None:
        """Note that a manifest is registered as declared."""
        self._states[index] = _UNCHANGED

    @property
    def unchanged(self) -> int:
        """How many manifests are registered as declared."""
        return self._states.count(_UNCHANGED)

    @property
    def left(self) -> tuple[Outline, ...]:
        """The manifests to look at, by place."""
        pairs = zip(self.lot.outlines, self._states, strict=True)
        left = [outline for outline, state in pairs if state != _UNCHANGED]
        return tuple(sorted(left, key=lambda outline: outline.place))

    def _gives_up_alias(self, row: Registered, indices: Sequence[int]) -> bool:
        """Whether a version holds an alias that another manifest declares, or one of ours."""
        alias = row.alias
        if alias is None:
            return False
        claimant = self.lot.find_claimant(alias)
        return alias.startswith(PARKING_ALIAS) or (claimant is not None and claimant not in indices)
