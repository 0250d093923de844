"""The progress of a run: counters that the run adds to, and a line of text made from them meanwhile."""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.applying.outcome import Outcome
    from reconciler.client.port import Lister, MlRepo, VersionPage
    from reconciler.manifest.load import Loading
    from reconciler.model import Registered

_LOOKED_BACK_SECONDS = 30.0
"""The speed is that of the last seconds, as servers grow slower and quicker again."""
_SHORTEST_SECONDS = 1.0
"""In less time a speed is not known yet."""
_MINUTE_SECONDS = 60
_BY_FIVES_SECONDS = 10
"""Longer durations are rounded up to five seconds."""


class Reading:
    """The progress of reading manifests.

    Args:
        loading: reads them.
        clock: seconds.
    """

    def __init__(self, loading: Loading, clock: Callable[[], float] = time.monotonic) -> None:
        self._loading = loading
        self._clock = clock
        self._begun = clock()

    def line(self) -> str:
        """The counts, and the seconds since the start."""
        return f"{self._done()}, {self._clock() - self._begun:.0f} s"

    def _done(self) -> str:
        loading = self._loading
        return f"found {loading.found_count:,} manifests in {len(loading.snapshot.files):,} files"


class Planning(Reading):
    """The progress of reading manifests, listing registered versions, and comparing the two."""

    def __init__(self, loading: Loading, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(loading, clock)
        self._rows: dict[tuple[str, str | None], int] = {}
        self._totals: dict[tuple[str, str | None], int] = {}

    def watched(self, reader: Lister) -> Lister:
        """Wrap a reader so that its listings are counted."""
        return _Watched(reader, self)

    def count(self, page: VersionPage, ml_repo_id: str, offset: int, name: str | None) -> None:
        """Add a page of the listing of an ML repo, or of one artifact in it."""
        listing = ml_repo_id, name
        if offset == 0:  # it begins, perhaps anew
            self._rows[listing], self._totals[listing] = 0, page.total
            if name is not None:  # its first page has shown that it is better listed by names
                self._rows.pop((ml_repo_id, None), None)
                self._totals.pop((ml_repo_id, None), None)
        if listing in self._rows:
            # Each page but the first begins with the last row of the one before it.
            self._rows[listing] += max(len(page.rows) - bool(offset), 0)

    def _done(self) -> str:
        if to_look_at := self._loading.to_look_at:  # all is listed, and a terminal has no room for both
            return f"{super()._done()}, compared {self._loading.looked_at:,} of {to_look_at:,}"
        rows, total = sum(tuple(self._rows.values())), sum(tuple(self._totals.values()))
        return f"{super()._done()}, listed {rows:,} of {total:,} versions"


class Importing(Planning):
    """The progress of reading manifests, listing registered versions, and writing new manifests.

    Args:
        loading: reads manifests.
        written: the files written so far.
        clock: seconds.
    """

    def __init__(
        self, loading: Loading, written: Sequence[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(loading, clock)
        self._written = written

    def _done(self) -> str:
        return f"{super()._done()}, wrote {len(self._written):,} manifests"


class _Watched:
    """A reader that counts the pages of listings it has read."""

    def __init__(self, reader: Lister, planning: Planning) -> None:
        self._reader = reader
        self._planning = planning

    @property
    def host(self) -> str:
        return self._reader.host

    @property
    def api(self) -> str:
        return self._reader.api

    async def find_ml_repo(self, name: str) -> MlRepo | None:
        return await self._reader.find_ml_repo(name)

    async def list_ml_repos(self) -> Mapping[str, MlRepo]:
        return await self._reader.list_ml_repos()

    async def fetch_version(self, version_id: str) -> Registered | None:
        return await self._reader.fetch_version(version_id)

    async def fetch_versions(
        self, ml_repo_id: str, *, offset: int, limit: int, name: str | None = None
    ) -> VersionPage:
        page = await self._reader.fetch_versions(ml_repo_id, offset=offset, limit=limit, name=name)
        self._planning.count(page, ml_repo_id, offset, name)
        return page


class Applying:
    """The progress of an apply.

    Args:
        changes: how many there are to apply.
        clock: seconds.
    """

    def __init__(self, changes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._changes = changes
        self._clock = clock
        self._counts: Counter[str] = Counter()
        self._seen = deque([(clock(), 0)])

    def count(self, outcome: Outcome) -> None:
        """Add an outcome."""
        from reconciler.applying.outcome import REACHED

        self._counts["applied" if outcome.result in REACHED else outcome.result] += 1

    def line(self) -> str:
        """How many changes were applied and failed, how quickly, and how long the others will take."""
        counts = self._counts
        sent = counts["applied"] + counts["failed"] + counts["unknown"]
        left = self._changes - sent - counts["skipped"]
        parts = [f"applied {counts['applied']:,} of {self._changes:,}"]
        parts += [f"{counts[each]:,} {each}" for each in ("failed", "unknown", "skipped") if counts[each]]
        speed = self._measure_speed(sent)
        if speed and left:
            parts += [_format_speed(speed), f"about {_format_duration(left / speed)} left"]
        return ", ".join(parts)

    def _measure_speed(self, sent: int) -> float:
        """Changes per second, lately; 0 if that is not known yet."""
        now, seen = self._clock(), self._seen
        while len(seen) > 1 and seen[1][0] <= now - _LOOKED_BACK_SECONDS:
            seen.popleft()
        then, before = seen[0]
        seen.append((now, sent))
        return (sent - before) / (now - then) if now - then >= _SHORTEST_SECONDS else 0.0


def _format_speed(changes: float) -> str:
    return f"{changes:,.0f} a second" if changes >= 1 else f"{changes * _MINUTE_SECONDS:.0f} a minute"


def _format_duration(seconds: float) -> str:
    """Seconds as people say them, rather too many than too few."""
    whole = math.ceil(seconds)
    if whole > _BY_FIVES_SECONDS:
        whole = math.ceil(whole / 5) * 5
    if whole < 2 * _MINUTE_SECONDS:
        return f"{whole} s"
    minutes = math.ceil(seconds / _MINUTE_SECONDS)
    return f"{minutes} min" if minutes < 2 * _MINUTE_SECONDS else f"{minutes // 60} h {minutes % 60} min"
