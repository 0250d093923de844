"""What became of the registered versions of one artifact, in a few bytes for each."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from reconciler.compare.stock import Lot
from reconciler.model import PARKING_ALIAS, Outline, Registered


class Tally:
    """What became of the versions of one artifact.

    Attributes:
        lot: its manifests.
        known: the numbers of all its registered versions.
        undeclared: of those, the numbers that no manifest is about.
        passed: the manifests that are registered as declared, a bit for each.
        held: the registered versions to look at.
        manifests_then: how many were known when the first version passed, if that was before all were.
        kept_aliases: of those that did, the registered aliases that their manifests do not declare.
        is_contradicted: whether a manifest fits several versions, of which some may not have been held.
    """

    __slots__ = (
        "_taken",
        "held",
        "is_contradicted",
        "kept_aliases",
        "known",
        "lot",
        "manifests_then",
        "passed",
        "undeclared",
    )  # fmt: skip

    def __init__(self, lot: Lot) -> None:
        self.lot = lot
        self.known = array("l")
        self.undeclared = array("l")
        self.passed = 0
        self.held: list[Registered] = []
        self.manifests_then: int | None = None
        self.kept_aliases: frozenset[str] = frozenset()
        self.is_contradicted = False
        self._taken = 0

    @property
    def is_ambiguous(self) -> bool:
        """Whether a version was counted that more is to be said about than was known then."""
        # One that is known by something else than its number may be a version that has passed already.
        are_more = self.manifests_then is not None and len(self.lot.outlines) > self.manifests_then
        if self.is_contradicted or (are_more and self.lot.unpinned):
            return True
        return not self.kept_aliases.isdisjoint(self.lot.claims)

    @property
    def left(self) -> tuple[Outline, ...]:
        """The manifests to look at, by place."""
        left = [o for index, o in enumerate(self.lot.outlines) if not self.has_passed(index)]
        return tuple(sorted(left, key=lambda outline: outline.place))

    def has_passed(self, index: int) -> bool:
        """Whether a manifest is registered as declared."""
        return bool(self.passed >> index & 1)

    def has_taken(self, indices: Iterable[int]) -> bool:
        """Whether another version is about one of these manifests."""
        return any(self._taken >> index & 1 for index in indices)

    def take(self, indices: Iterable[int]) -> None:
        """Note that a version is about these manifests."""
        for index in indices:
            self._taken |= 1 << index

    def fits(self, row: Registered) -> tuple[Sequence[int], bool]:
        """The manifests that a version is about, and whether to look at it even if it is as one declares."""
        alias = row.alias
        named = self.lot.named_by(row, alias)
        if len(named) > 1:
            return named, True
        claimant = self.lot.claims.get(alias) if alias else None
        is_contested = claimant is not None and [claimant] != named
        return named, is_contested or (alias is not None and alias.startswith(PARKING_ALIAS))
