"""Listings read to the end, and proven whole.

The API pages by offset, so rows can be skipped or repeated while others write. Each page therefore
begins with the last row of the one before it; that, unique ids and one total on every page show a
listing that did not move.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import TypeVar

from reconciler.client.port import Observation, Reader, Sighting, VersionPage
from reconciler.errors import ControlPlaneError, UnexpectedAnswerError
from reconciler.model import Artifact, Registered
from reconciler.wire.routes import PAGE_LIMIT

_Found = TypeVar("_Found")
_ATTEMPTS = 5
_MOST_ROWS = 5_000_000
_SMALLEST_PAGE = 2
"""An overlap of one row takes pages of two."""


class _ListingMovedError(Exception):
    """The pages do not fit together."""


async def observe(reader: Reader, names: Mapping[str, Sequence[str]]) -> Observation:
    """Everything registered for the artifacts named.

    Args:
        reader: the control plane.
        names: artifact names by ML repo.

    Raises:
        ControlPlaneError: an ML repo does not exist, its listing keeps changing, or an answer failed.
    """
    found = await _together(_observe_ml_repo(reader, *item) for item in names.items())
    seen: dict[Artifact, Sighting] = {}
    registered = 0
    for sightings, total in found:
        seen |= sightings
        registered += total
    return Observation(host=reader.host, api=reader.api, artifacts=seen, registered=registered)


async def look(reader: Reader, artifact: Artifact, ml_repo_id: str) -> Sighting:
    """What is registered of one artifact now.

    Raises:
        ControlPlaneError: its listing keeps changing, or an answer failed.
    """
    at = time.monotonic()
    rows, settled = await _listing(reader, artifact.ml_repo, ml_repo_id, name=artifact.name)
    return _sighting(ml_repo_id, [row for row in rows if row.artifact == artifact], at, settled=settled)


async def _observe_ml_repo(
    reader: Reader, ml_repo: str, names: Sequence[str]
) -> tuple[dict[Artifact, Sighting], int]:
    """What is registered of some artifacts, and how many versions the whole ML repo has.

    The first page tells how many pages there are: where that is more than there are artifacts to ask
    for, each is asked for by name.
    """
    ml_repo_id = await reader.ml_repo_id(ml_repo)
    if ml_repo_id is None:
        hint = "create it there first, or correct ml_repo in the manifests"
        raise ControlPlaneError(f"ML repo {ml_repo} does not exist on {reader.host}", hint)
    at = time.monotonic()
    first = await reader.versions(ml_repo_id, offset=0, limit=PAGE_LIMIT)
    artifacts = [Artifact(ml_repo, name) for name in names]
    if len(_offsets(first)) > len(artifacts):
        sightings = await _together(look(reader, artifact, ml_repo_id) for artifact in artifacts)
        return dict(zip(artifacts, sightings, strict=True)), first.total
    rows, settled = await _listing(reader, ml_repo, ml_repo_id, first=first)
    by_artifact: dict[Artifact, list[Registered]] = {artifact: [] for artifact in artifacts}
    for row in rows:
        if row.artifact in by_artifact:
            by_artifact[row.artifact].append(row)
    return {
        artifact: _sighting(ml_repo_id, found, at, settled=settled) for artifact, found in by_artifact.items()
    }, len(rows)


async def _listing(
    reader: Reader,
    ml_repo: str,
    ml_repo_id: str,
    *,
    name: str | None = None,
    first: VersionPage | None = None,
) -> tuple[Sequence[Registered], bool]:
    """Every row, and whether the first reading of them held together.

    Args:
        reader: the control plane.
        ml_repo: the name of the ML repo, which every row has to give.
        ml_repo_id: its id.
        name: only the versions of this artifact.
        first: the first page, where it was read already.

    Raises:
        ControlPlaneError: no reading held together, or an answer failed.
    """
    for attempt in range(_ATTEMPTS):
        if first is None:
            first = await reader.versions(ml_repo_id, offset=0, limit=PAGE_LIMIT, name=name)
        try:
            rows = await _whole_listing(reader, ml_repo_id, name, first)
        except _ListingMovedError:
            first = None
            continue
        for row in rows:
            if row.artifact.ml_repo != ml_repo:
                raise UnexpectedAnswerError(
                    f"the listing of ML repo {ml_repo} holds a version of {row.artifact.ml_repo}"
                )
        return rows, attempt == 0
    raise ControlPlaneError(
        f"the listing of ML repo {ml_repo} keeps changing",
        "run again when nobody else writes to it",
    )


async def _whole_listing(
    reader: Reader, ml_repo_id: str, name: str | None, first: VersionPage
) -> Sequence[Registered]:
    """Every row, from pages that fit together.

    Raises:
        _ListingMovedError: they do not.
    """
    size = len(first.rows)  # what the server gives at most, which may be less than was asked for
    if size < first.total and size < _SMALLEST_PAGE:
        raise _ListingMovedError
    if first.total > _MOST_ROWS:
        raise UnexpectedAnswerError(f"the listing claims {first.total:,} versions, more than can be")
    offsets = _offsets(first)
    pages = await _together(
        reader.versions(ml_repo_id, offset=offset, limit=size, name=name) for offset in offsets
    )
    rows = list(first.rows)
    for offset, page in zip(offsets, pages, strict=True):
        expected = min(size, first.total - offset)
        if page.total != first.total or len(page.rows) != expected or page.rows[0].id != rows[-1].id:
            raise _ListingMovedError
        rows += page.rows[1:]
    if len(rows) != first.total or len({row.id for row in rows}) != first.total:
        raise _ListingMovedError
    return rows


def _offsets(first: VersionPage) -> range:
    """Where the pages after the first begin: each at the last row of the one before.

    Where that would end with a full page, one more begins at the very last row. A server may count no
    further than it cares to, e.g. to 10,000, and only a page with room for more rows shows that.
    """
    if len(first.rows) == first.total < PAGE_LIMIT:
        return range(0)
    step = max(len(first.rows) - 1, 1)
    return range(step, first.total, step)


async def _together(calls: Iterable[Coroutine[None, None, _Found]]) -> list[_Found]:
    """Await calls side by side; the first error ends the others, and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


def _sighting(ml_repo_id: str, rows: Sequence[Registered], at: float, *, settled: bool) -> Sighting:
    ordered = tuple(sorted(rows, key=lambda row: row.version))
    return Sighting(ml_repo_id, ordered, at, settled)
