"""Drift: what is not registered as declared, which is all that a plan has to look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.client.port import Extent, Sighting
from reconciler.compare.undeclared import NO_UNDECLARED_VERSIONS, UndeclaredVersions
from reconciler.model import Artifact, Outline, Target


@dataclass(frozen=True, slots=True)
class ArtifactDrift:
    """An artifact that is not registered as declared.

    Args:
        artifact: the artifact.
        outlines: the manifests to look at.
        highest: the highest version declared or registered.
        seen: the versions to look at, as they were listed.
    """

    artifact: Artifact
    outlines: tuple[Outline, ...]
    highest: int
    seen: Sighting


@dataclass(frozen=True, slots=True)
class Drift:
    """What of a declaration is registered, and what there is to look at.

    Args:
        target: what was asked.
        artifacts: those that are not registered as declared, in order.
        unchanged: how many manifests are registered as declared, beside those of `artifacts`, by ML repo.
        extents: of the ML repos asked, by name.
        pages: of their listings.
        undeclared: the versions listed that none of the manifests compared is about.
    """

    target: Target
    artifacts: tuple[ArtifactDrift, ...]
    unchanged: Mapping[str, int]
    extents: Mapping[str, Extent]
    pages: int
    undeclared: UndeclaredVersions = NO_UNDECLARED_VERSIONS

    @property
    def registered(self) -> int:
        """How many versions the ML repos asked have, of the artifacts declared and of others."""
        return sum(extent.versions for extent in self.extents.values())

    @property
    def rows(self) -> int:
        """How many of them were listed."""
        return sum(extent.listed for extent in self.extents.values())

    def raise_highest(self, manifests: Iterable[Outline]) -> Drift:
        """The same, in which no version is free that a manifest declares, be it not compared."""
        highest = {each.artifact: each.highest for each in self.artifacts}
        for outline in manifests:
            if (known := highest.get(outline.artifact)) is not None:
                highest[outline.artifact] = max(known, outline.version or 0)
        raised = (replace(each, highest=highest[each.artifact]) for each in self.artifacts)
        return replace(self, artifacts=tuple(raised))


def take_whole_artifact(artifact: Artifact, outlines: Sequence[Outline], seen: Sighting) -> ArtifactDrift:
    """An artifact of which every manifest and every version is to be looked at."""
    return ArtifactDrift(artifact, tuple(outlines), find_highest_version(outlines, seen.known), seen)


def find_highest_version(outlines: Iterable[Outline], registered: Iterable[int]) -> int:
    """The highest number of a version, declared or registered; 0 where there is none."""
    return max([*registered, *(outline.version or 0 for outline in outlines)], default=0)
