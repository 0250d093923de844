"""The manifests declared so far, by everything that a registered version can be known by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from reconciler.model import Artifact, Outline, Registered

_Waiting: TypeAlias = tuple[Registered, Callable[[Registered], None]]


class Lot:
    """The manifests of one artifact.

    Attributes:
        outlines: the manifests, in the order in which they became known.
        claims: which of them declares an alias, by its number in `outlines`.
        unpinned: how many have no version.
    """

    __slots__ = ("_by_uri", "_by_version", "claims", "outlines", "unpinned")

    def __init__(self) -> None:
        self.outlines: list[Outline] = []
        self.claims: dict[str, int] = {}
        self.unpinned = 0
        self._by_version: dict[int, int] = {}
        self._by_uri: dict[str, int] = {}

    def add(self, outline: Outline) -> None:
        """Add a manifest."""
        index = len(self.outlines)
        self.outlines.append(outline)
        if outline.alias is not None:
            self.claims[outline.alias] = index
        if outline.version is not None:
            self._by_version[outline.version] = index
            return
        self.unpinned += 1
        if outline.alias is None and outline.uri is not None:
            self._by_uri[outline.uri] = index

    def named_by(self, row: Registered, alias: str | None) -> list[int]:
        """The manifests that a registered version fits: by its number, its alias, its contents."""
        index = self._by_version.get(row.version)
        found = [] if index is None else [index]
        if self.unpinned:
            claimant = self.claims.get(alias) if alias else None
            if claimant is not None and self.outlines[claimant].version is None:
                found.append(claimant)
            by_uri = self._by_uri.get(row.uri or "")
            if by_uri is not None:
                found.append(by_uri)
        return found


class Stock:
    """The manifests declared so far, and the registered versions that wait for more of them.

    Attributes:
        is_complete: whether there are no more.
        waiting: how many registered versions wait.
    """

    def __init__(self) -> None:
        self.is_complete = False
        self.waiting = 0
        self._lots: dict[str, dict[str, Lot]] = {}
        self._waiting: dict[Artifact, list[_Waiting]] = {}

    def wait(self, row: Registered, take: Callable[[Registered], None]) -> None:
        """Have a version taken again once more of its artifact is declared, or all is known."""
        self._waiting.setdefault(row.artifact, []).append((row, take))
        self.waiting += 1

    def add(self, outlines: Sequence[Outline]) -> None:
        """Add manifests."""
        for outline in outlines:
            artifact = outline.artifact
            lots = self._lots.setdefault(artifact.ml_repo, {})
            lot = lots.get(artifact.name)
            if lot is None:
                lot = lots[artifact.name] = Lot()
            lot.add(outline)
        if self._waiting:
            self._serve({outline.artifact for outline in outlines})

    def complete(self) -> None:
        """There are no more."""
        self.is_complete = True
        self._serve(tuple(self._waiting))

    def _serve(self, artifacts: Iterable[Artifact]) -> None:
        for artifact in artifacts:
            waiting = self._waiting.pop(artifact, ())
            self.waiting -= len(waiting)
            for row, take in waiting:
                take(row)

    @property
    def ml_repos(self) -> Sequence[str]:
        """The ML repos declared so far, in the order in which they became known."""
        return tuple(self._lots)

    def lots(self, ml_repo: str) -> Mapping[str, Lot]:
        """The artifacts of an ML repo that are declared so far, by name."""
        return self._lots[ml_repo]

    def lot(self, artifact: Artifact) -> Lot:
        """The manifests of an artifact that is declared."""
        return self._lots[artifact.ml_repo][artifact.name]
