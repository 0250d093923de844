"""A listing that others write to while it is read, and what it means to have read it right.

It is a `client.port.Reader` in memory, so that thousands of listings take seconds. Time is counted in
pages: before each one that is read, somebody may create or delete a version.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Literal, TypeAlias

from reconciler.client.port import MlRepo, VersionPage
from reconciler.model import Artifact, Document, Registered

ML_REPO = "fraud"
NAMES = tuple(f"scorer-{number}" for number in range(20))
"""The artifacts of the ML repo; the versions are dealt out to them in turn."""

Order: TypeAlias = Literal["newest first", "oldest first"]
Writes: TypeAlias = Literal["creations", "deletions", "both"]


@dataclass(frozen=True, slots=True)
class Drift:
    """How a listing moves.

    Args:
        order: in which order it lists.
        writes: what others do.
        rate: how many writes there are for each page that is read.
        in_turn: whether requests that are made at once are answered in the order they were made.
    """

    order: Order
    writes: Writes
    rate: float
    in_turn: bool = True


class DriftingListing:
    """An ML repo that changes while it is read.

    Args:
        draw: decides when, and which.
        rows: how many versions there are at first.
        drift: how it changes.
        names: the artifacts that have them.

    Attributes:
        pages: how many pages were read.
        readings: how often a reading began, i.e. a first page was read.
    """

    host = "https://example.com"
    api = "ml"

    def __init__(self, draw: random.Random, rows: int, drift: Drift, names: Sequence[str] = NAMES) -> None:
        self.pages = 0
        self.readings = 0
        self._draw = draw
        self._drift = drift
        self._names = names
        self._numbers = count(rows)
        self._rows = [_row(number, names[number % len(names)]) for number in range(rows)]
        self._born: dict[str, int] = {}
        self._gone: dict[str, int] = {}
        self._first_page = 0
        self._is_read_by_name = False

    @property
    def rows(self) -> tuple[Registered, ...]:
        """Every version that there is now, as they are listed."""
        newest_first = self._drift.order == "newest first"
        return tuple(reversed(self._rows) if newest_first else self._rows)

    async def find_ml_repo(self, name: str) -> MlRepo:
        """The only ML repo."""
        return MlRepo(f"id of {name}", None)

    async def fetch_version(self, version_id: str) -> Registered | None:
        """One version as it is at this moment."""
        return next((row for row in self.rows if row.id == version_id), None)

    async def fetch_versions(
        self, ml_repo_id: str, *, offset: int, limit: int, name: str | None = None
    ) -> VersionPage:
        """A page as it is at this moment; the next one may be of another."""
        assert ml_repo_id == f"id of {ML_REPO}"
        if not self._drift.in_turn:
            for _ in range(self._draw.randrange(4)):
                await asyncio.sleep(0)
        self.pages += 1
        if self._draw.random() < self._drift.rate:
            self._write()
        if offset == 0:
            self.readings += 1
            # What is read name by name counts as one reading, which began with the first name.
            if not (self._is_read_by_name and len(self._names) > 1):
                self._first_page = self.pages
            self._is_read_by_name = name is not None
        rows = self.rows if name is None else tuple(row for row in self.rows if row.artifact.name == name)
        return VersionPage(rows[offset : offset + limit], len(rows))

    def is_wrong(self, found: Collection[Registered]) -> bool:
        """Whether what was found can not have been read off, since the last time a first page was.

        A version that was there all the time is missing, one is there twice, or one was never there.
        """
        ids = {row.id for row in found}
        there_now = {row.id for row in self._rows}
        all_the_time = {row_id for row_id in there_now if self._born.get(row_id, 0) <= self._first_page}
        gone_since = {row_id for row_id, gone in self._gone.items() if gone > self._first_page}
        return len(ids) != len(found) or not all_the_time <= ids <= there_now | gone_since

    def _write(self) -> None:
        """Create or delete one version, before the page that is about to be read."""
        what = self._drift.writes
        if what == "both":
            what = self._draw.choice(("creations", "deletions"))
        if what == "deletions":
            row = self._rows.pop(self._draw.randrange(len(self._rows)))
            self._gone[row.id] = self.pages
        else:
            row = _row(number := next(self._numbers), self._names[number % len(self._names)])
            self._rows.append(row)
            self._born[row.id] = self.pages


def still_listing(rows: int, names: Sequence[str] = NAMES) -> DriftingListing:
    """One that nobody else writes to."""
    nobody = random.Random(0)  # noqa: S311  draws nothing
    return DriftingListing(nobody, rows, Drift("newest first", "both", 0.0), names)


@cache
def _row(number: int, name: str) -> Registered:
    artifact = Artifact(ML_REPO, name)
    document: Document = {"type": "artifact-version", "ml_repo": ML_REPO, "name": name, "version": number + 1}
    return Registered(
        f"id-{number}", f"artifact:tenant/{artifact}:{number + 1}", artifact, number + 1, document
    )
