"""Listings read to the end, and proven whole.

The API pages by offset, so rows can be skipped or repeated while others write. Each page therefore
begins with the last row of the one before it; that, unique ids and one total on every page show a
listing that did not move. Pages are handed on as they come, and dropped: what has taken them counts
only once the listing is proven.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from typing import TypeVar

from reconciler.client.port import Collector, Demand, Reader, Reading, Taker, VersionPage
from reconciler.errors import ControlPlaneError, UnexpectedAnswerError
from reconciler.model import Registered
from reconciler.wire.routes import PAGE_LIMIT

_Found = TypeVar("_Found")
BROKEN_LIST = "have the control plane looked at"
"""What helps where a list can not be right, whoever reads it."""
_ATTEMPTS = 5
_MOST_ROWS = 5_000_000
_SMALLEST_PAGE = 2
"""An overlap of one row takes pages of two."""
_AT_ONCE = 8
"""Pages of one listing that are asked for at once."""


class _ListingMovedError(Exception):
    """The pages do not fit together; its text says what of them does not."""


class Listing:
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
        moved = ""
        for attempt in range(_ATTEMPTS):
            if first is None:
                first = await self._page(0, PAGE_LIMIT)
            taker = collector()
            try:
                await self._read_whole(first, taker, demand)
            except _ListingMovedError as error:
                first, moved = None, str(error)
                continue
            pages = len(offsets_of(first)) + 1
            return Reading(taker, self._ml_repo_id, at, attempt == 0, rows=first.total, pages=pages)
        raise ControlPlaneError(
            f"the listing of ML repo {self._ml_repo} does not fit together,"
            f" {_ATTEMPTS} times in a row: {moved}",
            f"run again when nobody else writes to it; if it stays so, {BROKEN_LIST}",
        )

    async def _read_whole(self, first: VersionPage, collector: Collector, demand: Demand | None) -> None:
        """Show every row to a collector, from pages that fit together.

        Raises:
            _ListingMovedError: they do not.
        """
        size = len(first.rows)  # what the server gives at most, which may be less than was asked for
        if size < first.total and size < _SMALLEST_PAGE:
            raise _ListingMovedError(f"{size} of {first.total} rows are on the first page")
        if first.total > _MOST_ROWS:
            message = f"the listing claims {first.total:,} versions, more than can be"
            raise UnexpectedAnswerError(message, BROKEN_LIST)
        offsets = offsets_of(first)
        seams = _Seams(len(offsets) + 1)
        self._hand_on(first.rows, collector)
        seams.add(0, first.rows)

        async def read(number: int, offset: int) -> None:
            while collector.is_full and demand:
                await demand.more()
            page = await self._page(offset, size)
            expected = min(size, first.total - offset)
            if page.total != first.total:
                raise _ListingMovedError(f"of {first.total} rows, then of {page.total}")
            if len(page.rows) != expected:
                raise _ListingMovedError(f"{len(page.rows)} rows after {offset}, where {expected} have to be")
            self._hand_on(page.rows[1:], collector)
            seams.add(number, page.rows)

        numbered = enumerate(offsets, 1)
        await together(_one_by_one(read, numbered) for _ in range(min(_AT_ONCE, len(offsets))))
        if gap := seams.find_gap(first.total):
            raise _ListingMovedError(gap)

    def _hand_on(self, rows: Iterable[Registered], collector: Collector) -> None:
        for row in rows:
            if row.artifact.ml_repo != self._ml_repo:
                message = f"the listing of ML repo {self._ml_repo} holds a version of {row.artifact.ml_repo}"
                raise UnexpectedAnswerError(message, BROKEN_LIST)
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
        """Note a page; each but the first begins with the last row of the one before.

        Raises:
            _ListingMovedError: a row is there twice.
        """
        ids = [row.id for row in rows]
        if len(set(ids)) < len(ids):
            raise _ListingMovedError(f"a page has the row {max(ids, key=ids.count)} twice")
        if ids:
            self._ends[number] = ids[0], ids[-1]
        self._ids.extend(map(hash, ids[min(number, 1) :]))

    def find_gap(self, total: int) -> str:
        """What shows that the pages do not fit together, or do not hold so many rows, each once."""
        last = self._ends[0][1]
        for first_of_next, last_of_next in self._ends[1:]:
            if first_of_next != last:
                return f"a page ends with the row {last}, and the next begins with {first_of_next}"
            last = last_of_next
        rows, different = len(self._ids), len(set(self._ids))
        return "" if rows == total == different else f"{different} different rows of {rows}, out of {total}"


def offsets_of(first: VersionPage) -> range:
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


async def together(calls: Iterable[Coroutine[None, None, _Found]]) -> list[_Found]:
    """Await calls side by side; the first error ends the others, and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
