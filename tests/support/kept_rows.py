"""A collector that drops nothing, and a demand that is known from the start."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from reconciler.client.port import Observation
from reconciler.model import Artifact, Registered


class KeptRows:
    """Keeps the versions that it was made for, as they come.

    Args:
        ml_repo: those of an ML repo.
        name: of one artifact in it, if one is given.
    """

    def __init__(self, ml_repo: str, name: str | None) -> None:
        self.ml_repo = ml_repo
        self.name = name
        self.rows: list[Registered] = []

    def take(self, row: Registered) -> None:
        """Keep one version, unless it is of another artifact."""
        if self.is_for(row.artifact):
            self.rows.append(row)

    def is_for(self, artifact: Artifact) -> bool:
        """Whether it was made for the versions of an artifact, among others."""
        return artifact.ml_repo == self.ml_repo and self.name in {None, artifact.name}


class Asked:
    """What is asked for: names of artifacts by ML repo; see `client.port.Demand`."""

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        self._names = names

    async def iterate_ml_repos(self) -> AsyncIterator[str]:
        """All of them."""
        for ml_repo in self._names:
            yield ml_repo

    async def wait_for_names(self, ml_repo: str) -> Sequence[str]:
        """All of them."""
        return self._names[ml_repo]


def kept(observed: Observation[KeptRows], artifact: Artifact) -> list[Registered]:
    """The versions of an artifact, from the only reading that was made for them."""
    (rows,) = (r.collector.rows for r in observed.readings if r.collector.is_for(artifact))
    return [row for row in rows if row.artifact == artifact]
