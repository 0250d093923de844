"""Listings read to the end, and checked to be complete.

The API pages by offset, so rows can be skipped or repeated while others write. Each page therefore
begins with the last row of the one before it; that, unique ids and one total on every page prove a
listing that did not move. Pages are handed to the collector as they come, and dropped: what it
collected counts only when the whole listing has been checked.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import TypeVar

from reconciler.client.port import Collector, FinishedListing, Reader, Taker, VersionPage
from reconciler.errors import ControlPlaneError, UnexpectedAnswerError
from reconciler.model import Registered
from reconciler.wire.routes import DEFAULT_PAGE_ROWS

_Found = TypeVar("_Found")
BROKEN_LIST_HINT = "have the control plane looked at"
"""The hint where the list itself is wrong, so that asking again does not help."""
_MAX_ATTEMPTS = 5
_MAX_ROWS = 5_000_000
_MIN_PAGE_ROWS = 2
"""Pages overlap by one row, so that a page of one row would be no step forward."""
_PAGES_AT_ONCE = 8
"""Pages of one listing that are asked for at once."""


class MovingListingError(ControlPlaneError):
    """The pages of a listing fitted together in no attempt."""

    def __init__(self, ml_repo: str, reason: str) -> None:
        super().__init__(
            f"the listing of ML repo {ml_repo} does not fit together,"
            f" {_MAX_ATTEMPTS} times in a row: {reason}",
            f"run again when nobody else writes to it; if it stays so, {BROKEN_LIST_HINT}",
        )


class _ListingMovedError(Exception):
    """The pages do not fit together, for the reason that its text gives."""


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
        self, collector: Callable[[], Taker], at: float, first: VersionPage | None = None
    ) -> FinishedListing[Taker]:
        """Hand every row to a collector.

        Args:
            collector: makes one, for each attempt to read the listing.
            at: the time, in seconds of the monotonic clock; with a first page, when that was asked for.
            first: the first page, where it was read already.

        Raises:
            MovingListingError: the pages fitted together in no attempt.
            ControlPlaneError: an answer failed.
        """
        reason = ""
        for attempt in range(_MAX_ATTEMPTS):
            if first is None:
                first = await self._fetch_page(0, DEFAULT_PAGE_ROWS)
            taker = collector()
            try:
                await self._read_whole(first, taker)
            except _ListingMovedError as error:
                first, reason = None, str(error)
                continue
            pages = len(compute_offsets(first)) + 1
            return FinishedListing(taker, self._ml_repo_id, at, attempt == 0, rows=first.total, pages=pages)
        raise MovingListingError(self._ml_repo, reason)

    async def _read_whole(self, first: VersionPage, collector: Collector) -> None:
        """Hand every row to a collector, from pages that fit together.

        Raises:
            _ListingMovedError: they do not.
        """
        size = len(first.rows)  # the server's own page size, which may be less than was asked for
        if size < first.total and size < _MIN_PAGE_ROWS:
            raise _ListingMovedError(f"{size} of {first.total} rows are on the first page")
        if first.total > _MAX_ROWS:
            message = f"the listing claims {first.total:,} versions, more than can be"
            raise UnexpectedAnswerError(message, BROKEN_LIST_HINT)
        offsets = compute_offsets(first)
        seams = _Seams(len(offsets) + 1)
        self._hand_over(first.rows, collector)
        seams.add_page(0, first.rows)

        numbered = enumerate(offsets, 1)

        async def read_pages() -> None:
            for number, offset in numbered:  # which several of these share
                page = await self._fetch_page(offset, size)
                expected = min(size, first.total - offset)
                if page.total != first.total:
                    raise _ListingMovedError(f"of {first.total} rows, then of {page.total}")
                if len(page.rows) != expected:
                    message = f"{len(page.rows)} rows after {offset}, where {expected} have to be"
                    raise _ListingMovedError(message)
                self._hand_over(page.rows[1:], collector)
                seams.add_page(number, page.rows)

        await await_together(read_pages() for _ in range(min(_PAGES_AT_ONCE, len(offsets))))
        if gap := seams.find_gap(first.total):
            raise _ListingMovedError(gap)

    def _hand_over(self, rows: Iterable[Registered], collector: Collector) -> None:
        for row in rows:
            if row.artifact.ml_repo != self._ml_repo:
                message = f"the listing of ML repo {self._ml_repo} holds a version of {row.artifact.ml_repo}"
                raise UnexpectedAnswerError(message, BROKEN_LIST_HINT)
            collector.take(row)

    async def _fetch_page(self, offset: int, limit: int) -> VersionPage:
        return await self._reader.fetch_versions(
            self._ml_repo_id, offset=offset, limit=limit, name=self._name
        )


class _Seams:
    """Where the pages of a listing meet, and which ids are on them.

    Args:
        pages: how many there are.
    """

    def __init__(self, pages: int) -> None:
        self._ends: list[tuple[str, str]] = [("", "")] * pages
        # Hashes in place of ids: 8 bytes each. Two that are equal by chance only have the listing read again.
        self._ids = array("q")

    def add_page(self, number: int, rows: Sequence[Registered]) -> None:
        """Add a page; each but the first begins with the last row of the one before.

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
        """Why the pages do not fit together or do not hold `total` different rows; empty if they do."""
        last = self._ends[0][1]
        for first_of_next, last_of_next in self._ends[1:]:
            if first_of_next != last:
                return f"a page ends with the row {last}, and the next begins with {first_of_next}"
            last = last_of_next
        rows, different = len(self._ids), len(set(self._ids))
        return "" if rows == total == different else f"{different} different rows of {rows}, out of {total}"


def compute_offsets(first: VersionPage) -> range:
    """The offsets of the pages after the first: each begins with the last row of the one before.

    Where that would end with a full page, one more begins at the very last row. A server may count no
    further than it cares to, e.g. to 10,000, and only a page with room for more rows shows that.
    """
    if len(first.rows) == first.total < DEFAULT_PAGE_ROWS:
        return range(0)
    step = max(len(first.rows) - 1, 1)
    return range(step, first.total, step)


async def await_together(calls: Iterable[Coroutine[None, None, _Found]]) -> list[_Found]:
    """Await calls side by side; the first error ends the others, and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
