"""Listings read to the end, and proven whole.

The API pages by offset, so rows can be skipped or repeated while others write. Each page therefore
begins with the last row of the one before it; that, unique ids and one total on every page show a
listing that did not move.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from reconciler.client.port import Observation, Reader, VersionPage
from reconciler.errors import ControlPlaneError, UnexpectedAnswerError
from reconciler.model import Artifact, Registered
from reconciler.wire.routes import PAGE_LIMIT

_ATTEMPTS = 3


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
    listings = await asyncio.gather(*(_observe_ml_repo(reader, ml_repo) for ml_repo in names))
    versions: dict[Artifact, list[Registered]] = {
        Artifact(ml_repo, name): [] for ml_repo, listed in names.items() for name in listed
    }
    for listing in listings:
        for version in listing:
            if version.artifact in versions:
                versions[version.artifact].append(version)
    return Observation(
        host=reader.host,
        api=reader.api,
        versions={
            artifact: tuple(sorted(listed, key=lambda version: version.version))
            for artifact, listed in versions.items()
        },
        registered=sum(len(listing) for listing in listings),
    )


async def _observe_ml_repo(reader: Reader, ml_repo: str) -> Sequence[Registered]:
    ml_repo_id = await reader.ml_repo_id(ml_repo)
    if ml_repo_id is None:
        hint = "create it there first, or correct ml_repo in the manifests"
        raise ControlPlaneError(f"ML repo {ml_repo} does not exist on {reader.host}", hint)
    for _ in range(_ATTEMPTS):
        try:
            rows = await _whole_listing(reader, ml_repo_id)
        except _ListingMovedError:
            continue
        for row in rows:
            if row.artifact.ml_repo != ml_repo:
                raise UnexpectedAnswerError(
                    f"the listing of ML repo {ml_repo} holds a version of {row.artifact.ml_repo}"
                )
        return rows
    raise ControlPlaneError(
        f"the listing of ML repo {ml_repo} keeps changing", "run again when nobody else writes to it"
    )


async def _whole_listing(reader: Reader, ml_repo_id: str) -> Sequence[Registered]:
    """Every row, from pages that fit together.

    Raises:
        _ListingMovedError: they do not.
    """
    first = await reader.versions(ml_repo_id, offset=0, limit=PAGE_LIMIT)
    size = min(PAGE_LIMIT, len(first.rows))  # what the server gives at most, which may be less
    if size == first.total:
        return _unique(first.rows, first.total)
    if size < 2:  # noqa: PLR2004  an overlap of one row takes pages of two
        raise _ListingMovedError
    step = size - 1
    offsets = range(step, first.total - 1, step)
    others = await asyncio.gather(
        *(reader.versions(ml_repo_id, offset=offset, limit=size) for offset in offsets)
    )
    rows = list(first.rows)
    for offset, page in zip(offsets, others, strict=True):
        _check(page, rows[-1], first.total, min(size, first.total - offset))
        rows += page.rows[1:]
    return _unique(rows, first.total)


def _check(page: VersionPage, last: Registered, total: int, expected: int) -> None:
    if page.total != total or len(page.rows) != expected or page.rows[0].id != last.id:
        raise _ListingMovedError


def _unique(rows: Sequence[Registered], total: int) -> Sequence[Registered]:
    if len({row.id for row in rows}) != total or len(rows) != total:
        raise _ListingMovedError
    return rows
