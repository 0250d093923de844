"""The manifests to compare, by everything that a registered version can be known by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.model import Artifact, Outline, Registered


class DeclaredArtifact:
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


class DeclaredArtifacts:
    """The manifests of all artifacts, grouped by artifact as they are read."""

    def __init__(self) -> None:
        self._by_ml_repo: dict[str, dict[str, DeclaredArtifact]] = {}

    def add(self, outlines: Iterable[Outline]) -> None:
        """Add manifests."""
        for outline in outlines:
            name, ml_repo = outline.artifact.name, outline.artifact.ml_repo
            by_name = self._by_ml_repo.setdefault(ml_repo, {})
            if name not in by_name:
                by_name[name] = DeclaredArtifact()
            by_name[name].add(outline)

    @property
    def ml_repos(self) -> Sequence[str]:
        """The ML repos declared so far, in the order in which they became known."""
        return tuple(self._by_ml_repo)

    def list_names(self, ml_repo: str) -> Sequence[str]:
        """The names of the artifacts of an ML repo that are declared so far."""
        return tuple(self._by_ml_repo[ml_repo])

    def get(self, artifact: Artifact) -> DeclaredArtifact:
        """The manifests of an artifact that is declared."""
        return self._by_ml_repo[artifact.ml_repo][artifact.name]
