"""Listings read to the end, and proven whole: a control plane in memory, asked page by page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.client.listing import observe
from reconciler.client.port import Observation, VersionPage
from reconciler.errors import ControlPlaneError, UnexpectedAnswerError
from reconciler.model import Artifact, Registered
from tests.support.builders import registered


class Memory:
    """A reader of rows in memory, with at most `most` on a page."""

    host = "https://example.com"
    api = "ml"

    def __init__(self, rows: Mapping[str, Sequence[Registered]], most: int = 100) -> None:
        self.rows = {name: list(listed) for name, listed in rows.items()}
        self.most = most
        self.asked = 0

    async def ml_repo_id(self, name: str) -> str | None:
        """The name, which is the id here."""
        return name if name in self.rows else None

    async def versions(
        self, ml_repo_id: str, *, offset: int, limit: int, name: str | None = None
    ) -> VersionPage:
        """One page."""
        self.asked += 1
        rows = [row for row in self.rows[ml_repo_id] if name is None or name in row.artifact.name]
        return VersionPage(tuple(rows[offset : offset + min(limit, self.most)]), len(rows))


class Moving(Memory):
    """One to whose listing others add a row, at its head, whenever it is asked for another page."""

    async def versions(
        self, ml_repo_id: str, *, offset: int, limit: int, name: str | None = None
    ) -> VersionPage:
        """One page."""
        if offset:
            self.rows[ml_repo_id].insert(0, registered(10_000 + self.asked, ml_repo=ml_repo_id))
        return await super().versions(ml_repo_id, offset=offset, limit=limit, name=name)


class MovingOnce(Memory):
    """One that skips a row on the first listing, as an offset does when a row before it is deleted."""

    deleted = False

    async def versions(
        self, ml_repo_id: str, *, offset: int, limit: int, name: str | None = None
    ) -> VersionPage:
        """One page."""
        if offset and not self.deleted:
            self.deleted = True
            del self.rows[ml_repo_id][0]
        return await super().versions(ml_repo_id, offset=offset, limit=limit, name=name)


def rows(count: int, **fields: str) -> list[Registered]:
    return [registered(version, **fields) for version in range(1, count + 1)]


def seen(reader: Memory, **names: Sequence[str]) -> Observation:
    return asyncio.run(observe(reader, names))


def numbers(found: Observation, ml_repo: str, name: str) -> list[int]:
    return [version.version for version in found.artifacts[Artifact(ml_repo, name)].versions]


def test_what_is_registered_of_an_artifact_comes_by_rising_version() -> None:
    reader = Memory({"fraud": list(reversed(rows(3)))})
    found = seen(reader, fraud=["scorer"])
    assert numbers(found, "fraud", "scorer") == [1, 2, 3]
    assert (found.host, found.api, found.registered) == ("https://example.com", "ml", 3)


def test_an_artifact_without_a_version_has_none() -> None:
    assert numbers(seen(Memory({"fraud": []}), fraud=["scorer"]), "fraud", "scorer") == []


def test_artifacts_and_repos_are_kept_apart() -> None:
    reader = Memory(
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
    assert found.registered == 10
    assert len(found.artifacts) == 3


@given(st.integers(0, 60), st.integers(2, 25))
def test_every_row_is_read_whatever_the_page_size(count: int, most: int) -> None:
    found = seen(Memory({"fraud": rows(count)}, most), fraud=["scorer"])
    assert numbers(found, "fraud", "scorer") == list(range(1, count + 1))


def test_a_listing_of_many_pages_is_read_to_the_end() -> None:
    found = seen(Memory({"fraud": rows(1234)}), fraud=["scorer"])
    assert numbers(found, "fraud", "scorer") == list(range(1, 1235))


def test_an_ml_repo_that_does_not_exist_is_named() -> None:
    with pytest.raises(ControlPlaneError) as caught:
        seen(Memory({"fraud": []}), frau=["scorer"])
    assert str(caught.value) == "ML repo frau does not exist on https://example.com"
    assert caught.value.hint == "create it there first, or correct ml_repo in the manifests"


def test_a_listing_that_moved_is_read_again() -> None:
    found = seen(MovingOnce({"fraud": rows(10)}, most=4), fraud=["scorer"])
    assert numbers(found, "fraud", "scorer") == list(range(2, 11))


def test_a_listing_that_keeps_moving_is_an_error() -> None:
    reader = Moving({"fraud": rows(10)}, most=4)
    with pytest.raises(ControlPlaneError, match=r"^the listing of ML repo fraud keeps changing$") as caught:
        seen(reader, fraud=["scorer"])
    assert caught.value.hint == "run again when nobody else writes to it"
    assert reader.asked < 100


def test_a_row_of_another_ml_repo_is_no_answer_of_the_api() -> None:
    with pytest.raises(
        UnexpectedAnswerError, match=r"^the listing of ML repo fraud holds a version of search$"
    ):
        seen(Memory({"fraud": rows(1, ml_repo="search")}), fraud=["scorer"])


def test_nothing_declared_asks_for_nothing() -> None:
    reader = Memory({"fraud": rows(1)})
    found = seen(reader)
    assert (found.registered, found.artifacts, reader.asked) == (0, {}, 0)
