"""How far a run is, in a line: numbers and fixed words, whatever was read."""

from __future__ import annotations

import asyncio
import re

import pytest

from reconciler.applying.outcome import Outcome, Result
from reconciler.cli.views.progress import Applying, Importing, Planning, Reading
from reconciler.client.listing import observe_artifacts
from reconciler.client.port import Observation
from reconciler.manifest.load import Loading
from tests.support.builders import manifest, planned, registered, snapshot
from tests.support.kept_rows import Asked, KeptRows
from tests.support.memory_reader import MemoryReader

CHANGE = planned(manifest()).changes[0]
NOTHING = snapshot({})


class Clock:
    """Seconds, which go by as they are told to."""

    now = 1000.0

    def __call__(self) -> float:
        """The time by now."""
        return self.now

    def go_on(self, seconds: float) -> None:
        """Let so many seconds go by."""
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def tell(applying: Applying, *results: Result) -> None:
    for result in results:
        applying.count(Outcome(CHANGE, result))


def test_the_manifests_that_were_found_are_counted(clock: Clock) -> None:
    files = {f"{number}.yaml": f"{manifest(version=number + 1)}" for number in range(5)}
    loading = Loading(snapshot({**files, "other.yaml": "type: service"}))
    reading = Reading(loading, clock)
    assert reading.line() == "found 0 manifests in 6 files, 0 s"
    clock.go_on(2.4)
    loading.load_declaration()
    assert reading.line() == "found 5 manifests in 6 files, 2 s"


# Listings


def listed(planning: Planning, reader: MemoryReader, *names: str) -> Observation[KeptRows]:
    return asyncio.run(observe_artifacts(planning.watched(reader), Asked({"fraud": names}), KeptRows))


def test_every_row_that_was_listed_is_counted_once(clock: Clock) -> None:
    planning = Planning(Loading(NOTHING), clock)
    rows = [registered(version) for version in range(1, 251)]
    listed(planning, MemoryReader({"fraud": rows}), "scorer", "a", "b", "c", "d")
    assert planning.line() == "found 0 manifests in 0 files, listed 250 of 250 versions, 0 s"


def test_an_import_tells_of_the_listing_before_anything_is_written(clock: Clock) -> None:
    written: list[str] = []
    importing = Importing(Loading(NOTHING), written, clock)
    listed(importing, MemoryReader({"fraud": [registered(1), registered(2)]}), "scorer")
    head = "found 0 manifests in 0 files, listed 2 of 2 versions, wrote"
    assert importing.line() == f"{head} 0 manifests, 0 s"
    written.append("fraud/scorer/1.yaml")
    assert importing.line() == f"{head} 1 manifests, 0 s"


def test_of_what_is_listed_by_names_nothing_else_is_counted(clock: Clock) -> None:
    planning = Planning(Loading(NOTHING), clock)
    rows = [registered(version) for version in range(1, 2_501)]
    rows += [registered(version, name="ranker") for version in range(1, 31)]
    listed(planning, MemoryReader({"fraud": rows}), "ranker")
    assert planning.line() == "found 0 manifests in 0 files, listed 30 of 30 versions, 0 s"


def test_a_listing_that_begins_anew_is_counted_anew(clock: Clock) -> None:
    planning = Planning(Loading(NOTHING), clock)
    reader = MemoryReader({"fraud": [registered(version) for version in range(1, 151)]})
    for _ in range(2):
        listed(planning, reader, "scorer", "a", "b", "c", "d")
    assert "listed 150 of 150 versions" in planning.line()


def test_what_a_listing_begins_with_tells_how_long_it_is(clock: Clock) -> None:
    planning = Planning(Loading(NOTHING), clock)
    reader = planning.watched(MemoryReader({"fraud": [registered(version) for version in range(1, 1_251)]}))

    async def look() -> str:
        assert (reader.host, reader.api) == (MemoryReader.host, MemoryReader.api)
        ml_repo = await reader.find_ml_repo("fraud")
        assert ml_repo
        await reader.fetch_versions(ml_repo.id, offset=0, limit=100)
        return planning.line()

    assert "listed 100 of 1,250 versions" in asyncio.run(look())


def test_what_differs_is_compared_once_all_is_listed(clock: Clock) -> None:
    loading = Loading(snapshot({f"{number}.yaml": f"{manifest(version=number + 1)}" for number in range(3)}))
    planning = Planning(loading, clock)
    first, second, third = loading.load_declaration().manifests
    assert "listed 0 of 0 versions" in planning.line()
    told = [planning.line() for _ in loading.read_documents([[first, second], [third]])] + [planning.line()]
    found = "found 3 manifests in 3 files"
    assert told == [f"{found}, compared {number} of 3, 0 s" for number in (0, 2, 3)]


def test_what_is_read_says_nothing_to_a_terminal(clock: Clock) -> None:
    planning = Planning(Loading(snapshot({"\x1b[31m.yaml": "type: service"})), clock)
    listed(planning, MemoryReader({"fraud": [registered(name="\x1b[31m", description="\r")]}), "\x1b[31m")
    assert re.fullmatch("[ -~]+", planning.line())


# Applying


def test_what_became_of_the_changes_is_counted(clock: Clock) -> None:
    applying = Applying(1_000, clock)
    assert applying.line() == "applied 0 of 1,000"
    tell(applying, Result.CREATED, Result.UPDATED, Result.UNCHANGED)
    assert applying.line() == "applied 3 of 1,000"
    tell(applying, Result.FAILED, Result.UNKNOWN, Result.SKIPPED)
    assert applying.line() == "applied 3 of 1,000, 1 failed, 1 unknown, 1 skipped"


def test_speed_and_time_left_are_reported_once_they_are_known(clock: Clock) -> None:
    applying = Applying(400, clock)
    clock.go_on(0.5)
    tell(applying, *[Result.CREATED] * 10)
    assert applying.line() == "applied 10 of 400"
    clock.go_on(9.5)
    tell(applying, *[Result.CREATED] * 108, *[Result.FAILED] * 2)
    assert applying.line() == "applied 118 of 400, 2 failed, 12 a second, about 25 s left"


def test_what_is_not_sent_takes_no_time_and_is_no_speed(clock: Clock) -> None:
    applying = Applying(100, clock)
    tell(applying, *[Result.SKIPPED] * 90)
    clock.go_on(4)
    assert applying.line() == "applied 0 of 100, 90 skipped"
    tell(applying, *[Result.CREATED] * 4)
    assert applying.line() == "applied 4 of 100, 90 skipped, 1 a second, about 6 s left"


def test_the_speed_is_that_of_the_last_half_minute(clock: Clock) -> None:
    applying = Applying(10_000, clock)
    for _ in range(30):
        clock.go_on(10)
        tell(applying, *[Result.CREATED] * 100)
        applying.line()
    assert applying.line().endswith("10 a second, about 12 min left")
    for _ in range(3):
        clock.go_on(10)
        tell(applying, Result.CREATED)
        applying.line()
    assert applying.line().endswith("applied 3,003 of 10,000, 6 a minute, about 19 h 27 min left")


def test_nothing_is_left_at_the_end(clock: Clock) -> None:
    applying = Applying(2, clock)
    clock.go_on(4)
    tell(applying, Result.CREATED, Result.CREATED)
    assert applying.line() == "applied 2 of 2"


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (1, "1 s"), (10, "10 s"), (11, "15 s"), (58, "60 s"), (114, "115 s"), (119, "2 min"), (121, "3 min"),
        (3600, "60 min"), (7200, "2 h 0 min"), (90_000, "25 h 0 min"),
    ],
)  # fmt: skip
def test_the_time_left_is_reported_roughly(left: int, told: str, clock: Clock) -> None:
    applying = Applying(left + 10, clock)
    clock.go_on(10)
    tell(applying, *[Result.CREATED] * 10)
    assert applying.line() == f"applied 10 of {left + 10:,}, 1 a second, about {told} left"
