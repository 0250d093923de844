"""The manifests to compare, by everything that a registered version can be known by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.model import Artifact, Outline, Registered


class Lot:
    """The manifests of one artifact.

    Attributes:
        outlines: the manifests, in the order in which they were read.
    """

    __slots__ = ("_by_alias", "_by_uri", "_by_version", "outlines")

    def __init__(self) -> None:
        self.outlines: list[Outline] = []
        self._by_version: dict[int, int] = {}
        self._by_alias: dict[str, int] = {}
        self._by_uri: dict[str, int] = {}

    def add(self, outline: Outline) -> None:
        """Add a manifest."""
        index = len(self.outlines)
        self.outlines.append(outline)
        if outline.version is not None:
            self._by_version[outline.version] = index
        if outline.alias is not None:
            self._by_alias[outline.alias] = index
        elif outline.version is None and outline.uri is not None:
            self._by_uri[outline.uri] = index

    def find_manifests(self, row: Registered) -> list[int]:
        """The manifests that a registered version fits, by their indices in `outlines`.

        One may fit by its number, one by its alias, one by its contents.
        """
        by_version = self._by_version.get(row.version)
        by_alias = self.find_claimant(row.alias)
        if by_alias is not None and self.outlines[by_alias].version is not None:
            by_alias = None
        by_uri = self._by_uri.get(row.uri or "") if self._by_uri else None
        return [index for index in (by_version, by_alias, by_uri) if index is not None]

    def find_claimant(self, alias: str | None) -> int | None:
        """The manifest that declares an alias, by its index in `outlines`."""
        return None if alias is None else self._by_alias.get(alias)


class Stock:
    """The manifests of all artifacts, grouped by artifact as they are read."""

    def __init__(self) -> None:
        self._lots: dict[str, dict[str, Lot]] = {}

    def add(self, outlines: Iterable[Outline]) -> None:
        """Add manifests."""
        for outline in outlines:
            artifact = outline.artifact
            lots = self._lots.setdefault(artifact.ml_repo, {})
            lot = lots.get(artifact.name)
            if lot is None:
                lot = lots[artifact.name] = Lot()
            lot.add(outline)

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
