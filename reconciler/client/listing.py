"""What is registered, read by listings whose pages are checked to fit together (see `pages`)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic

from reconciler.client.pages import Listing, MovingListingError, await_together, compute_offsets
from reconciler.client.port import Demand, Extent, FinishedListing, Observation, Reader, Sighting, Taker
from reconciler.errors import ControlPlaneError
from reconciler.model import Artifact, Registered
from reconciler.wire.routes import DEFAULT_PAGE_ROWS

_ML_REPOS_AT_ONCE = 32
"""As many as there are connections: of each, a page is held."""


async def observe_artifacts(
    reader: Reader, demand: Demand, collector: Callable[[str, str | None], Taker]
) -> Observation[Taker]:
    """Hand all registered versions of the artifacts asked for to collectors.

    Args:
        reader: the control plane.
        demand: the artifacts.
        collector: makes a collector for the versions of an ML repo, or of one artifact in it by its name. It
            may be given others too. A listing that does not fit together is read again with a new one.

    Raises:
        ControlPlaneError: an ML repo does not exist, its listing does not fit together, or an answer failed.
    """
    slots = asyncio.Semaphore(_ML_REPOS_AT_ONCE)

    async def observe_one(name: str) -> _MlRepoObservation[Taker]:
        async with slots:
            return await _observe_ml_repo(reader, name, demand, collector)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(observe_one(name)) async for name in demand.iterate_ml_repos()]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    found = [task.result() for task in tasks]
    return Observation(
        host=reader.host,
        api=reader.api,
        # The first by name, not the first to come: the digest of a plan holds it.
        tenant=min((each.tenant for each in found if each.tenant), default=None),
        readings=tuple(reading for each in found for reading in each.readings),
        extents={each.ml_repo: each.extent for each in found},
    )


async def observe_artifact(reader: Reader, artifact: Artifact, ml_repo_id: str) -> Sighting:
    """What is registered of one artifact now, all of it.

    Raises:
        ControlPlaneError: its listing does not fit together, or an answer failed.
    """
    listing = Listing(reader, artifact.ml_repo, ml_repo_id, artifact.name)
    reading = await listing.read(lambda: _ArtifactCollector(artifact), time.monotonic())
    versions = tuple(sorted(reading.collector.rows, key=lambda row: row.version))
    known = frozenset(row.version for row in versions)
    return Sighting(ml_repo_id, versions, known, reading.at, reading.settled)


async def read_ml_repo(
    reader: Reader, ml_repo: str, ml_repo_id: str, collector: Callable[[], Taker]
) -> Taker:
    """Hand every version of an ML repo to a collector.

    Args:
        reader: the control plane.
        ml_repo: the name of the ML repo.
        ml_repo_id: its id.
        collector: makes one, for each attempt to read the listing.

    Raises:
        ControlPlaneError: the listing does not fit together, or an answer failed.
    """
    reading = await Listing(reader, ml_repo, ml_repo_id).read(collector, time.monotonic())
    return reading.collector


async def find_versions(
    reader: Reader, artifacts: Sequence[tuple[Artifact, str]], are_wanted: Callable[[Registered], bool]
) -> list[Registered]:
    """The versions of some artifacts that are wanted, as they are registered now, by artifact and version.

    Args:
        reader: the control plane.
        artifacts: each with the id of its ML repo.
        are_wanted: says of a version whether it is.

    Raises:
        ControlPlaneError: a listing does not fit together, or an answer failed.
    """
    slots = asyncio.Semaphore(_ML_REPOS_AT_ONCE)

    async def find_in_artifact(artifact: Artifact, ml_repo_id: str) -> list[Registered]:
        async with slots:
            listing = Listing(reader, artifact.ml_repo, ml_repo_id, artifact.name)
            reading = await listing.read(lambda: _ArtifactCollector(artifact, are_wanted), time.monotonic())
            return reading.collector.rows

    rows = await await_together(find_in_artifact(*each) for each in artifacts)
    return sorted((row for each in rows for row in each), key=lambda row: (row.artifact, row.version))


class _ArtifactCollector:
    """Collects the versions of one artifact that are wanted."""

    def __init__(self, artifact: Artifact, are_wanted: Callable[[Registered], bool] | None = None) -> None:
        self._artifact = artifact
        self._are_wanted = are_wanted
        self.rows: list[Registered] = []

    def take(self, row: Registered) -> None:
        if row.artifact == self._artifact and (self._are_wanted is None or self._are_wanted(row)):
            self.rows.append(row)


@dataclass(frozen=True, slots=True)
class _MlRepoObservation(Generic[Taker]):
    """What is registered of some artifacts of an ML repo, how much of the ML repo that is, and its tenant."""

    ml_repo: str
    readings: Sequence[FinishedListing[Taker]]
    extent: Extent
    tenant: str | None


async def _observe_ml_repo(
    reader: Reader, name: str, demand: Demand, collector: Callable[[str, str | None], Taker]
) -> _MlRepoObservation[Taker]:
    """What is registered of some artifacts of an ML repo.

    The first page gives the number of pages: where that is larger than the number of artifacts, each artifact
    is listed by name; also where others write so much that the whole does not hold still, as the shards of
    one plan do. Only this page is read before all artifacts are known, so that all further rows can be
    compared, and dropped, as they come.
    """
    ml_repo = await reader.find_ml_repo(name)
    if ml_repo is None:
        hint = "create it there first, or correct ml_repo in the manifests"
        raise ControlPlaneError(f"ML repo {name} does not exist on {reader.host}", hint)
    at = time.monotonic()
    first = await reader.fetch_versions(ml_repo.id, offset=0, limit=DEFAULT_PAGE_ROWS)
    artifacts = await demand.wait_for_names(name)
    if len(compute_offsets(first)) <= len(artifacts):
        with suppress(MovingListingError):
            listing = Listing(reader, name, ml_repo.id)
            reading = await listing.read(lambda: collector(name, None), at, first)
            return _MlRepoObservation(name, [reading], Extent(reading.rows, reading.rows), ml_repo.tenant)

    async def read_artifact(artifact: str) -> FinishedListing[Taker]:
        listing = Listing(reader, name, ml_repo.id, artifact)
        return await listing.read(lambda: collector(name, artifact), time.monotonic())

    readings = await await_together(map(read_artifact, artifacts))
    listed = sum(reading.rows for reading in readings)
    extent = Extent(max(first.total, listed), listed)  # others may have created some since the first page
    return _MlRepoObservation(name, readings, extent, ml_repo.tenant)
