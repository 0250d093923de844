"""Listings read to the end, and proven whole."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.client.listing import observe_artifact, observe_artifacts
from reconciler.client.port import MlRepo, Observation, VersionPage
from reconciler.errors import ControlPlaneError, UnexpectedAnswerError
from reconciler.model import Artifact, Registered
from tests.support.builders import HOST, TENANT, registered
from tests.support.kept_rows import Asked, KeptRows, kept
from tests.support.memory_reader import MemoryReader


class Moving(MemoryReader):
    """One to whose listing others add a row, at its head, whenever it is asked for another page."""

    async def fetch_versions(
        self, ml_repo_id: str, *, offset: int, limit: int, name: str | None = None
    ) -> VersionPage:
        """One page."""
        if offset:
            self.rows[ml_repo_id].insert(0, registered(10_000 + len(self.pages), ml_repo=ml_repo_id))
        return await super().fetch_versions(ml_repo_id, offset=offset, limit=limit, name=name)


class MovingOnce(MemoryReader):
    """One that skips a row on the first listing, as an offset does when a row before it is deleted."""

    deleted = False

    async def fetch_versions(
        self, ml_repo_id: str, *, offset: int, limit: int, name: str | None = None
    ) -> VersionPage:
        """One page."""
        if offset and not self.deleted:
            self.deleted = True
            del self.rows[ml_repo_id][0]
        return await super().fetch_versions(ml_repo_id, offset=offset, limit=limit, name=name)


class TradingOnce(MovingOnce):
    """One to which others add a row at the end as well, so that its total stays the same."""

    async def fetch_versions(
        self, ml_repo_id: str, *, offset: int, limit: int, name: str | None = None
    ) -> VersionPage:
        """One page."""
        if offset and not self.deleted:
            self.rows[ml_repo_id].append(registered(len(self.rows[ml_repo_id]) + 1))
        return await super().fetch_versions(ml_repo_id, offset=offset, limit=limit, name=name)


def rows(count: int, **fields: str) -> list[Registered]:
    return [registered(version, **fields) for version in range(1, count + 1)]


def seen(reader: MemoryReader, **names: Sequence[str]) -> Observation[KeptRows]:
    return asyncio.run(observe_artifacts(reader, Asked(names), KeptRows))


def numbers(found: Observation[KeptRows], ml_repo: str, name: str) -> list[int]:
    return sorted(version.version for version in kept(found, Artifact(ml_repo, name)))


def test_every_version_is_shown_once_whatever_the_order() -> None:
    found = seen(MemoryReader({"fraud": list(reversed(rows(3)))}), fraud=["scorer"])
    assert numbers(found, "fraud", "scorer") == [1, 2, 3]
    assert (found.host, found.api, found.tenant, found.extents) == (
        HOST, "ml", TENANT, {"fraud": (3, 3)},
    )  # fmt: skip
    assert [(reading.ml_repo_id, reading.settled) for reading in found.readings] == [("fraud", True)]


def test_a_reading_counts_its_rows_and_the_pages_that_they_are_on() -> None:
    (short,) = seen(MemoryReader({"fraud": rows(3)}), fraud=["scorer"]).readings
    (long,) = seen(MemoryReader({"fraud": rows(10)}, most=4), fraud=["scorer", "a", "b", "c"]).readings
    assert (short.rows, short.pages) == (3, 1)
    assert (long.rows, long.pages) == (10, 4)  # each but the first begins with a row of the one before it


def test_the_tenant_is_reported_whatever_ml_repo_is_first_to_answer() -> None:
    class Several(MemoryReader):
        async def find_ml_repo(self, name: str) -> MlRepo | None:
            return MlRepo(name, {"fraud": None, "search": "b", "other": "a"}[name])

    reader = Several({"fraud": [], "search": [], "other": []})
    assert seen(reader, fraud=["scorer"]).tenant is None
    assert seen(reader, fraud=["x"], search=["x"], other=["x"]).tenant == "a"
    assert seen(reader, other=["x"], search=["x"], fraud=["x"]).tenant == "a"


def test_what_is_registered_of_one_artifact_comes_by_rising_version() -> None:
    reader = MemoryReader({"fraud": [*reversed(rows(3)), *rows(5, name="scorer2")]})
    found = asyncio.run(observe_artifact(reader, Artifact("fraud", "scorer"), "fraud"))
    assert [version.version for version in found.versions] == [1, 2, 3]
    assert found.known == frozenset({1, 2, 3})
    assert (found.ml_repo_id, found.settled) == ("fraud", True)


def test_an_artifact_without_a_version_has_none() -> None:
    assert numbers(seen(MemoryReader({"fraud": []}), fraud=["scorer"]), "fraud", "scorer") == []


def test_artifacts_and_repos_are_kept_apart() -> None:
    reader = MemoryReader(
        {
            "fraud": [*rows(2), *rows(3, name="scorer2"), *rows(1, name="other")],
            "search": rows(4, ml_repo="search"),
            "unasked": rows(5, ml_repo="unasked"),
        }
    )
    found = seen(reader, fraud=["scorer", "scorer2"], search=["scorer"])
    assert numbers(found, "fraud", "scorer") == [1, 2]
    assert numbers(found, "fraud", "scorer2") == [1, 2, 3]
    assert numbers(found, "search", "scorer") == [1, 2, 3, 4]
    assert found.extents == {"fraud": (6, 6), "search": (4, 4)}
    assert [reading.ml_repo_id for reading in found.readings] == ["fraud", "search"]


def test_artifacts_that_are_asked_for_by_name_have_a_reading_each() -> None:
    reader = MemoryReader({"fraud": [*rows(2), *rows(3, name="scorer2"), *rows(500, name="other")]})
    found = seen(reader, fraud=["scorer", "scorer2"])
    assert [numbers(found, "fraud", name) for name in ("scorer", "scorer2")] == [[1, 2], [1, 2, 3]]
    assert [reading.collector.name for reading in found.readings] == ["scorer", "scorer2"]
    assert found.extents == {"fraud": (505, 8)}


def test_the_first_page_alone_is_asked_for_before_the_artifacts_are_known() -> None:
    reader = MemoryReader({"fraud": rows(250)})
    pages_before: list[int] = []

    class KnownLate(Asked):
        async def wait_for_names(self, ml_repo: str) -> Sequence[str]:
            await asyncio.sleep(0)  # whoever is to ask for more can do so now
            pages_before.append(len(reader.pages))
            return await super().wait_for_names(ml_repo)

    demand = KnownLate({"fraud": ["scorer", "a", "b", "c"]})
    found = asyncio.run(observe_artifacts(reader, demand, KeptRows))
    assert (pages_before, len(reader.pages)) == ([1], 3)
    assert numbers(found, "fraud", "scorer") == list(range(1, 251))


@given(st.integers(0, 60), st.integers(2, 25))
def test_every_row_is_read_whatever_the_page_size(count: int, most: int) -> None:
    found = seen(MemoryReader({"fraud": rows(count)}, most), fraud=["scorer"])
    assert numbers(found, "fraud", "scorer") == list(range(1, count + 1))


def test_a_listing_of_many_pages_is_read_to_the_end() -> None:
    found = seen(MemoryReader({"fraud": rows(1234)}), fraud=["scorer"])
    assert numbers(found, "fraud", "scorer") == list(range(1, 1235))


def test_an_ml_repo_that_does_not_exist_is_named() -> None:
    with pytest.raises(ControlPlaneError) as caught:
        seen(MemoryReader({"fraud": []}), frau=["scorer"])
    assert str(caught.value) == "ML repo frau does not exist on https://example.com"
    assert caught.value.hint == "create it there first, or correct ml_repo in the manifests"


def test_a_listing_that_moved_is_read_again() -> None:
    found = seen(MovingOnce({"fraud": rows(10)}, most=4), fraud=["scorer"])
    assert numbers(found, "fraud", "scorer") == list(range(2, 11))
    assert [reading.settled for reading in found.readings] == [False]


def test_a_row_that_was_skipped_shows_where_pages_meet_though_the_total_is_the_same() -> None:
    found = seen(TradingOnce({"fraud": rows(10)}, most=4), fraud=["scorer"])
    assert numbers(found, "fraud", "scorer") == list(range(2, 12))
    assert [reading.settled for reading in found.readings] == [False]


def test_a_listing_of_a_whole_ml_repo_that_moved_is_counted_again() -> None:
    found = seen(MovingOnce({"fraud": rows(10)}, most=4), fraud=["scorer", "a", "b", "c"])
    assert numbers(found, "fraud", "scorer") == list(range(2, 11))
    assert ([reading.settled for reading in found.readings], found.extents) == (
        [False], {"fraud": (9, 9)},
    )  # fmt: skip


def test_what_a_reading_showed_that_did_not_hold_together_counts_nowhere() -> None:
    made: list[KeptRows] = []

    def collector(ml_repo: str, name: str | None) -> KeptRows:
        made.append(KeptRows(ml_repo, name))
        return made[-1]

    reader = MovingOnce({"fraud": rows(10)}, most=4)
    found = asyncio.run(observe_artifacts(reader, Asked({"fraud": ["scorer"]}), collector))
    given_up, whole = made
    assert registered(1) in given_up.rows
    assert [reading.collector for reading in found.readings] == [whole]
    assert sorted(row.version for row in whole.rows) == list(range(2, 11))


def test_a_listing_that_keeps_moving_is_an_error() -> None:
    reader = Moving({"fraud": rows(10)}, most=4)
    with pytest.raises(
        ControlPlaneError, match=r"^the listing of ML repo fraud does not fit together, 5 times in a row: "
    ) as caught:
        seen(reader, fraud=["scorer"])
    assert caught.value.hint.startswith("run again when nobody else writes to it; ")
    assert len(reader.pages) < 100


def test_a_whole_ml_repo_that_keeps_moving_is_read_by_the_names_that_are_asked_for() -> None:
    reader = Moving(
        {"fraud": [*rows(10), registered(1, name="ranker"), registered(2, name="ranker")]}, most=4
    )
    found = seen(reader, fraud=["ranker", "x", "y", "z"])
    assert numbers(found, "fraud", "ranker") == [1, 2]
    assert [reading.settled for reading in found.readings] == [True] * 4
    assert found.extents["fraud"].listed == 2


def test_an_ml_repo_never_has_fewer_versions_than_are_listed_of_it() -> None:
    class Growing(MemoryReader):
        """One to which others add a version between the first page and the first artifact."""

        async def fetch_versions(
            self, ml_repo_id: str, *, offset: int, limit: int, name: str | None = None
        ) -> VersionPage:
            """One page."""
            if name and len(self.pages) == 1:
                self.rows[ml_repo_id].append(registered(9, name="ranker"))
            return await super().fetch_versions(ml_repo_id, offset=offset, limit=limit, name=name)

    reader = Growing({"fraud": [registered(number, name="ranker") for number in range(1, 4)]}, most=2)
    assert seen(reader, fraud=["ranker"]).extents["fraud"] == (4, 4)


def test_a_row_of_another_ml_repo_is_no_answer_of_the_api() -> None:
    with pytest.raises(
        UnexpectedAnswerError, match=r"^the listing of ML repo fraud holds a version of search$"
    ):
        seen(MemoryReader({"fraud": rows(1, ml_repo="search")}), fraud=["scorer"])


def test_nothing_declared_asks_for_nothing() -> None:
    reader = MemoryReader({"fraud": rows(1)})
    found = seen(reader)
    assert (found.extents, found.readings, reader.pages) == ({}, (), [])
