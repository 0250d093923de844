"""Listings that move while they are read, or lie: what is believed of them is so, the rest is an error."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import TypeAlias, get_args

import pytest

from reconciler.client.listing import observe_artifact, observe_artifacts
from reconciler.client.port import Reader, VersionPage
from reconciler.errors import ControlPlaneError
from reconciler.model import Artifact, Registered
from reconciler.registry import Behaviour, Store
from reconciler.wire.routes import DEFAULT_PAGE_ROWS
from tests.support.builders import declaration, external, manifest
from tests.support.drifting_listing import (
    ML_REPO,
    NAMES,
    Drift,
    DriftingListing,
    Order,
    Writes,
    still_listing,
)
from tests.support.kept_rows import Asked, KeptRows, kept
from tests.support.scale import is_cut_short, seeds
from tests.support.states import Plane, replayable


@dataclass(frozen=True)
class Seen:
    """A page as it should be: where it begins, and every row that there is."""

    page: VersionPage
    offset: int
    every: tuple[Registered, ...]


Bend: TypeAlias = Callable[[Seen], VersionPage]
"""What a server makes of a page."""
_DRIFTS = [Drift(order, writes, 0.15) for order, writes in product(get_args(Order), get_args(Writes))]
_MOVED = "the listing of ML repo fraud does not fit together"
_READINGS = 5
_ONE = ("scorer",)


@dataclass
class Figures:
    """What became of some listings."""

    listings: int = 0
    readings: int = 0
    errors: int = 0
    other_errors: int = 0
    wrong: list[int] = field(default_factory=list)
    unsettled: int = 0


@pytest.mark.law
@pytest.mark.parametrize("drift", _DRIFTS, ids=lambda drift: f"{drift.order}, {drift.writes}")
@pytest.mark.parametrize("in_turn", [True, False], ids=["answers in turn", "answers in any order"])
def test_a_listing_that_moves_is_read_right_or_not_at_all(drift: Drift, *, in_turn: bool) -> None:
    figures = read_many(Drift(drift.order, drift.writes, drift.rate, in_turn=in_turn))
    assert figures.wrong == [], f"replay with RECONCILER_SEED={figures.wrong[0]}"
    assert figures.other_errors == 0
    assert figures.readings > figures.listings or is_cut_short()
    # A reading of eleven pages lives with 0.15 writes a page one time in five; five readings, two in three.
    assert figures.errors <= max(0.45 * figures.listings, 1) or is_cut_short()
    assert figures.unsettled + figures.errors > 0 or is_cut_short()


def read_many(drift: Drift) -> Figures:
    """Read many listings that drift like this: a whole ML repo and, in turn, one artifact of many pages.

    A whole ML repo is read in every case, name by name if need be, as one artifact here is a page long.
    """
    figures = Figures()

    async def read_all() -> None:
        for seed in seeds(30, 334, 1_667):
            with replayable(seed):
                await _read(seed, drift, figures)

    asyncio.run(read_all())
    return figures


async def _read(seed: int, drift: Drift, figures: Figures) -> None:
    draw = random.Random(f"{seed} {drift}")  # noqa: S311  repeatable, guards nothing
    is_one_artifact = bool(seed % 2)
    names = _ONE if is_one_artifact else NAMES
    listing = DriftingListing(draw, draw.randint(900, 1_100), drift, names)
    figures.listings += 1
    try:
        rows, settled = await (_look(listing) if is_one_artifact else _observe(listing))
    except ControlPlaneError as error:
        figures.errors += 1
        is_expected = is_one_artifact and listing.readings == _READINGS and str(error).startswith(_MOVED)
        figures.other_errors += not is_expected
    else:
        assert settled == (listing.readings in {1, _READINGS + len(NAMES)})
        figures.unsettled += not settled
        if listing.is_wrong(rows):
            figures.wrong.append(seed)
    figures.readings += listing.readings


async def _look(reader: Reader) -> tuple[list[Registered], bool]:
    seen = await observe_artifact(reader, Artifact(ML_REPO, _ONE[0]), f"id of {ML_REPO}")
    return list(seen.versions), seen.settled


async def _observe(reader: Reader) -> tuple[list[Registered], bool]:
    seen = await observe_artifacts(reader, Asked({ML_REPO: NAMES}), KeptRows)
    rows = [row for name in NAMES for row in kept(seen, Artifact(ML_REPO, name))]
    versions = seen.extents[ML_REPO].versions
    assert versions == len(rows) if len(seen.readings) == 1 else versions >= len(rows)
    return rows, all(reading.settled for reading in seen.readings)


@pytest.mark.parametrize("drift", _DRIFTS, ids=lambda drift: f"{drift.order}, {drift.writes}")
def test_a_reader_that_checks_nothing_would_be_wrong_about_the_same_listings(drift: Drift) -> None:
    """The law above says something: these listings do move under the reader."""
    wrong = 0
    for seed in range(50):
        listing = DriftingListing(random.Random(seed), 1_000, drift)  # noqa: S311
        wrong += listing.is_wrong(asyncio.run(_trustful(listing)))
    # Who appends to a list that is oldest first disturbs nobody.
    assert (wrong >= 10) == (drift != Drift("oldest first", "creations", 0.15))


async def _trustful(reader: Reader) -> list[Registered]:
    rows: list[Registered] = []
    while True:
        page = await reader.fetch_versions(f"id of {ML_REPO}", offset=len(rows), limit=DEFAULT_PAGE_ROWS)
        rows += page.rows
        if len(rows) >= page.total or not page.rows:
            return rows


def test_a_listing_that_holds_still_is_read_once() -> None:
    for rows in (0, 1, 2, 3, 99, 100, 101, 198, 199, 200, 298, 1_000, 10_000):
        listing = still_listing(rows, _ONE)
        found, settled = asyncio.run(_look(listing))
        assert (len(found), settled, listing.readings) == (rows, True, 1)
        assert [row.version for row in found] == list(range(1, rows + 1))


@pytest.mark.parametrize("cap", [2, 3, 10, 99])
@pytest.mark.parametrize("rows", [2, 3, 50, 99, 100, 101, 250])
def test_a_server_that_gives_smaller_pages_than_asked_is_read_to_the_end(cap: int, rows: int) -> None:
    reader = Bent(rows, lambda seen: VersionPage(seen.page.rows[:cap], seen.page.total))
    found, settled = asyncio.run(_look(reader))
    assert (len(found), settled) == (rows, True)


def test_pages_of_one_row_can_not_be_proven_and_are_refused() -> None:
    with pytest.raises(ControlPlaneError, match="does not fit together"):
        asyncio.run(_look(Bent(5, lambda seen: VersionPage(seen.page.rows[:1], seen.page.total))))


@pytest.mark.parametrize("rows", [100, 101, 199, 250, 1_000])
@pytest.mark.parametrize("lie", [-1_000, -100, -99, -51, -2, -1, 1, 2, 49, 99, 100, 1_000])
def test_a_total_that_is_not_so_is_noticed(rows: int, lie: int) -> None:
    """One that is too small by a whole page, too: that is how a server looks that counts to 10,000."""
    reader = Bent(rows, lambda seen: VersionPage(seen.page.rows, max(seen.page.total + lie, 0)))
    with pytest.raises(ControlPlaneError, match="does not fit together"):
        asyncio.run(_look(reader))


def test_a_server_that_counts_no_further_than_10_000_is_not_believed() -> None:
    reader = Bent(10_050, lambda seen: VersionPage(seen.page.rows, min(seen.page.total, 10_000)))
    with pytest.raises(ControlPlaneError, match="does not fit together"):
        asyncio.run(_look(reader))


@pytest.mark.parametrize(
    "bend",
    [
        pytest.param(
            lambda seen: VersionPage(seen.page.rows if seen.offset == 0 else (), seen.page.total),
            id="an empty page",
        ),
        pytest.param(lambda seen: VersionPage((), seen.page.total), id="no page at all"),
        pytest.param(
            lambda seen: VersionPage(seen.every[: len(seen.page.rows)], seen.page.total),
            id="the offset ignored",
        ),
        pytest.param(
            lambda seen: VersionPage(
                (*seen.page.rows[:-2], seen.every[0], seen.page.rows[-1]), seen.page.total
            ),
            id="one row on every page",
        ),
        pytest.param(
            lambda seen: VersionPage(
                (*seen.page.rows[:-2], seen.page.rows[0], seen.page.rows[-1]), seen.page.total
            ),
            id="a row twice on a page",
        ),
        pytest.param(
            lambda seen: VersionPage(seen.page.rows[:-1] if seen.offset else seen.page.rows, seen.page.total),
            id="pages cut short",
        ),
        pytest.param(
            lambda seen: VersionPage(
                seen.every[seen.offset + (seen.offset > 0) :][:DEFAULT_PAGE_ROWS], seen.page.total
            ),
            id="offsets counted from one",
        ),
        pytest.param(
            lambda seen: VersionPage(seen.page.rows, seen.page.total + (seen.offset == 198)),
            id="a total that wavers",
        ),
    ],
)
def test_pages_that_do_not_fit_together_are_refused(bend: Bend) -> None:
    reader = Bent(250, bend)
    with pytest.raises(ControlPlaneError, match="does not fit together") as error:
        asyncio.run(_look(reader))
    assert error.value.hint.startswith("run again when nobody else writes to it; ")
    assert reader.listing.readings == _READINGS
    assert reader.listing.pages <= _READINGS * 4


@pytest.mark.parametrize("total", [5_000_001, 10**15])
def test_a_total_beyond_belief_is_no_reason_to_ask_for_all_of_it(total: int) -> None:
    reader = Bent(250, lambda seen: VersionPage(seen.page.rows, total))
    with pytest.raises(ControlPlaneError, match="more than can be"):
        asyncio.run(_look(reader))
    assert reader.listing.pages == 1


def test_rows_of_another_ml_repo_are_refused() -> None:
    reader = Bent(5, lambda seen: seen.page)
    with pytest.raises(ControlPlaneError, match="holds a version of fraud"):
        asyncio.run(observe_artifact(reader, Artifact("search", _ONE[0]), f"id of {ML_REPO}"))


@pytest.mark.parametrize(
    ("declared", "each", "others"),
    [
        (1, 1, 0),
        (1, 1, 99),
        (1, 1, 400),
        (3, 2, 150),
        (3, 2, 400),
        (8, 20, 0),
        (8, 20, 600),
        (2, 60, 300),
        (40, 6, 0),
    ],
)
def test_whatever_needs_fewer_requests_is_asked(declared: int, each: int, others: int) -> None:
    """The whole ML repo, or one artifact after another: counted by the registry."""
    wanted = [_version(f"scorer-{number}", 1) for number in range(declared)]
    has = [_version(f"scorer-{number}", v) for number in range(declared) for v in range(2, each + 1)]
    has += [_version("other", version) for version in range(1, others + 1)]
    with Store() as store:
        plane = Plane(store, Behaviour(), [*wanted, *has])
        plan = asyncio.run(plane.plan(declaration(*wanted)))
    assert (plan.changes, plan.unchanged) == ((), declared)
    total = len(wanted) + len(has)
    pages = 0 if total < DEFAULT_PAGE_ROWS else -(-total // (DEFAULT_PAGE_ROWS - 1)) - 1
    ml_repo_and_first_page = 3  # the ML repo is asked for under both prefixes
    assert plane.reads == ml_repo_and_first_page + min(pages, declared)


def _version(name: str, version: int) -> dict[str, object]:
    return manifest(name=name, version=version, source=external(f"s3://models/{name}/{version}"))


class Bent:
    """Reads a listing that holds still through a server that bends its pages."""

    def __init__(self, rows: int, bend: Bend) -> None:
        self.listing = still_listing(rows, _ONE)
        self.host, self.api = self.listing.host, self.listing.api
        self.find_ml_repo = self.listing.find_ml_repo
        self._bend = bend
        self._every = self.listing.rows
        self.fetch_version = self.listing.fetch_version

    async def fetch_versions(
        self, ml_repo_id: str, *, offset: int, limit: int, name: str | None = None
    ) -> VersionPage:
        """A page, bent."""
        page = await self.listing.fetch_versions(ml_repo_id, offset=offset, limit=limit, name=name)
        return self._bend(Seen(page, offset, self._every))
