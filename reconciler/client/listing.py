"""Listings read to the end, and proven whole.

The API pages by offset, so rows can be skipped or repeated while others write. Each page therefore
begins with the last row of the one before it; that, unique ids and one total on every page show a
listing that did not move. Pages are handed on as they come, and dropped: what has taken them counts
only once the listing is proven.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from reconciler.client.port import (
    Collector,
    Demand,
    Observation,
    Reader,
    Reading,
    Sighting,
    Taker,
    VersionPage,
)
from reconciler.errors import ControlPlaneError, UnexpectedAnswerError
from reconciler.model import Artifact, Registered
from reconciler.wire.routes import PAGE_LIMIT

_Found = TypeVar("_Found")
_ATTEMPTS = 5
_MOST_ROWS = 5_000_000
_SMALLEST_PAGE = 2
"""An overlap of one row takes pages of two."""
_ML_REPOS_AT_ONCE = 16
"""Enough to keep all connections busy: of each, a page is held."""
_AT_ONCE = 8
"""Pages of one listing that are asked for at once."""


class _ListingMovedError(Exception):
    """The pages do not fit together."""


async def observe(
    reader: Reader, demand: Demand, collector: Callable[[str, str | None], Taker]
) -> Observation[Taker]:
    """Show everything registered for the artifacts asked for to collectors.

    Args:
        reader: the control plane.
        demand: the artifacts.
        collector: makes a new one for the versions of an ML repo, or of one artifact in it by its name.
            It may be given others too. A reading that does not hold together is begun again with a new one.

    Raises:
        ControlPlaneError: an ML repo does not exist, its listing keeps changing, or an answer failed.
    """
    room = asyncio.Semaphore(_ML_REPOS_AT_ONCE)

    async def observed(name: str) -> _Observed[Taker]:
        async with room:
            return await _observe_ml_repo(reader, name, demand, collector)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(observed(name)) async for name in demand.ml_repos()]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    found = [task.result() for task in tasks]
    return Observation(
        host=reader.host,
        api=reader.api,
        # By name, and not by what came first: the digest of a plan holds it.
        tenant=min((each.tenant for each in found if each.tenant), default=None),
        readings=tuple(reading for each in found for reading in each.readings),
        registered=sum(each.registered for each in found),
    )


async def look(reader: Reader, artifact: Artifact, ml_repo_id: str) -> Sighting:
    """What is registered of one artifact now, all of it.

    Raises:
        ControlPlaneError: its listing keeps changing, or an answer failed.
    """
    at = time.monotonic()
    listing = _Listing(reader, artifact.ml_repo, ml_repo_id, artifact.name)
    reading = await listing.read(lambda: _Everything(artifact), at)
    versions = tuple(sorted(reading.collector.rows, key=lambda row: row.version))
    return Sighting(ml_repo_id, versions, frozenset(row.version for row in versions), at, reading.settled)


class _Everything:
    """Takes all versions of one artifact."""

    is_full = False

    def __init__(self, artifact: Artifact) -> None:
        self._artifact = artifact
        self.rows: list[Registered] = []

    def take(self, row: Registered) -> None:
        if row.artifact == self._artifact:
            self.rows.append(row)


@dataclass(frozen=True, slots=True)
class _Observed(Generic[Taker]):
    """What is registered of some artifacts, how many versions the whole ML repo has, and whose it is."""

    readings: Sequence[Reading[Taker]]
    registered: int
    tenant: str | None


async def _observe_ml_repo(
    reader: Reader, name: str, demand: Demand, collector: Callable[[str, str | None], Taker]
) -> _Observed[Taker]:
    """What is registered of some artifacts of an ML repo.

    The first page tells how many pages there are: where that is more than there are artifacts to ask
    for, each is asked for by name.
    """
    ml_repo = await reader.ml_repo(name)
    if ml_repo is None:
        hint = "create it there first, or correct ml_repo in the manifests"
        raise ControlPlaneError(f"ML repo {name} does not exist on {reader.host}", hint)
    at = time.monotonic()
    first = await reader.versions(ml_repo.id, offset=0, limit=PAGE_LIMIT)
    pages = len(_offsets(first))
    if pages > len(demand.names(name)):
        await demand.whole()
    artifacts = demand.names(name)
    if pages > len(artifacts):

        async def read_artifact(artifact: str) -> Reading[Taker]:
            listing = _Listing(reader, name, ml_repo.id, artifact)
            return await listing.read(lambda: collector(name, artifact), time.monotonic(), demand=demand)

        readings = await _together(map(read_artifact, artifacts))
        return _Observed(readings, first.total, ml_repo.tenant)
    listing = _Listing(reader, name, ml_repo.id)
    reading = await listing.read(lambda: collector(name, None), at, first, demand)
    return _Observed([reading], reading.rows, ml_repo.tenant)


class _Listing:
    """The versions of an ML repo, or of one artifact in it.

    Args:
        reader: the control plane.
        ml_repo: the name of the ML repo, which every row has to give.
        ml_repo_id: its id.
        name: only the versions of this artifact.
    """

    def __init__(self, reader: Reader, ml_repo: str, ml_repo_id: str, name: str | None = None) -> None:
        self._reader = reader
        self._ml_repo = ml_repo
        self._ml_repo_id = ml_repo_id
        self._name = name

    async def read(
        self,
        collector: Callable[[], Taker],
        at: float,
        first: VersionPage | None = None,
        demand: Demand | None = None,
    ) -> Reading[Taker]:
        """Show every row to a collector.

        Args:
            collector: makes one, for each reading that is begun.
            at: the time, in seconds of the monotonic clock; with a first page, when that was asked for.
            first: the first page, where it was read already.
            demand: what a collector that is full waits for.

        Raises:
            ControlPlaneError: no reading held together, or an answer failed.
        """
        for attempt in range(_ATTEMPTS):
            if first is None:
                first = await self._page(0, PAGE_LIMIT)
            taker = collector()
            try:
                await self._read_whole(first, taker, demand)
            except _ListingMovedError:
                first = None
                continue
            pages = len(_offsets(first)) + 1
            return Reading(taker, self._ml_repo_id, at, attempt == 0, rows=first.total, pages=pages)
        raise ControlPlaneError(
            f"the listing of ML repo {self._ml_repo} keeps changing",
            "run again when nobody else writes to it",
        )

    async def _read_whole(self, first: VersionPage, collector: Collector, demand: Demand | None) -> None:
        """Show every row to a collector, from pages that fit together.

        Raises:
            _ListingMovedError: they do not.
        """
        size = len(first.rows)  # what the server gives at most, which may be less than was asked for
        if size < first.total and size < _SMALLEST_PAGE:
            raise _ListingMovedError
        if first.total > _MOST_ROWS:
            raise UnexpectedAnswerError(f"the listing claims {first.total:,} versions, more than can be")
        offsets = _offsets(first)
        seams = _Seams(len(offsets) + 1)
        self._hand_on(first.rows, collector)
        seams.add(0, first.rows)

        async def read(number: int, offset: int) -> None:
            while collector.is_full and demand:
                await demand.more()
            page = await self._page(offset, size)
            if page.total != first.total or len(page.rows) != min(size, first.total - offset):
                raise _ListingMovedError
            self._hand_on(page.rows[1:], collector)
            seams.add(number, page.rows)

        numbered = enumerate(offsets, 1)
        await _together(_one_by_one(read, numbered) for _ in range(min(_AT_ONCE, len(offsets))))
        if not seams.hold(first.total):
            raise _ListingMovedError

    def _hand_on(self, rows: Iterable[Registered], collector: Collector) -> None:
        for row in rows:
            if row.artifact.ml_repo != self._ml_repo:
                message = f"the listing of ML repo {self._ml_repo} holds a version of {row.artifact.ml_repo}"
                raise UnexpectedAnswerError(message)
            collector.take(row)

    async def _page(self, offset: int, limit: int) -> VersionPage:
        return await self._reader.versions(self._ml_repo_id, offset=offset, limit=limit, name=self._name)


class _Seams:
    """Where the pages of a listing meet, and which ids are on them.

    Args:
        pages: how many there are.
    """

    def __init__(self, pages: int) -> None:
        self._ends: list[tuple[str, str]] = [("", "")] * pages
        # Hashes in place of ids: 8 bytes each. Two that are equal by chance only have the listing read again.
        self._ids = array("q")

    def add(self, number: int, rows: Sequence[Registered]) -> None:
        """Note a page; each but the first begins with the last row of the one before."""
        if rows:
            self._ends[number] = rows[0].id, rows[-1].id
        self._ids.extend(hash(row.id) for row in rows[min(number, 1) :])

    def hold(self, total: int) -> bool:
        """Whether the pages fit together, and hold so many rows, each once."""
        last = self._ends[0][1]
        for first_of_next, last_of_next in self._ends[1:]:
            if first_of_next != last:
                return False
            last = last_of_next
        return len(self._ids) == total == len(set(self._ids))


def _offsets(first: VersionPage) -> range:
    """Where the pages after the first begin: each at the last row of the one before.

    Where that would end with a full page, one more begins at the very last row. A server may count no
    further than it cares to, e.g. to 10,000, and only a page with room for more rows shows that.
    """
    if len(first.rows) == first.total < PAGE_LIMIT:
        return range(0)
    step = max(len(first.rows) - 1, 1)
    return range(step, first.total, step)


async def _one_by_one(
    call: Callable[[int, int], Coroutine[None, None, None]], each: Iterator[tuple[int, int]]
) -> None:
    """Await a call for each pair, of which others take some at the same time."""
    for pair in each:
        await call(*pair)


async def _together(calls: Iterable[Coroutine[None, None, _Found]]) -> list[_Found]:
    """Await calls side by side; the first error ends the others, and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
