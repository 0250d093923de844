"""Listings that lie: rows missing, pages repeated, totals that do not fit. None becomes a plan."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import pytest

from reconciler.errors import ControlPlaneError, UnexpectedAnswerError
from tests.support.fault_answers import (
    FRAUD,
    ML_REPOS,
    VERSIONS,
    answers,
    control_plane,
    in_turn,
    lists,
    page,
    row,
)
from tests.support.fault_runs import Client, declared
from tests.support.raw_server import Exchange, RawServer

Rows: TypeAlias = Callable[[int, int], tuple[Sequence[Any], int]]
ROWS = [row(number) for number in range(1, 251)]
TOTAL = len(ROWS)
ARTIFACTS = [declared(1, name) for name in ("scorer", "ranker", "judge", "writer")]
"""Enough artifacts for the listing of the whole ML repo to be the cheaper one."""
READINGS = 5
MOST_READINGS = READINGS * (1 + len(ARTIFACTS))
"""Of the whole ML repo, then of each artifact by its name."""


def right(offset: int, limit: int) -> tuple[Sequence[Any], int]:
    return ROWS[offset : offset + limit], TOTAL


def cut_short(offset: int, limit: int) -> tuple[Sequence[Any], int]:
    return ROWS[offset : offset + limit - (5 if offset else 0)], TOTAL


def empty_in_the_middle(offset: int, limit: int) -> tuple[Sequence[Any], int]:
    return ([] if 0 < offset < 150 else ROWS[offset : offset + limit]), TOTAL


def always_the_first(_: int, limit: int) -> tuple[Sequence[Any], int]:
    return ROWS[:limit], TOTAL


def off_by_one(offset: int, limit: int) -> tuple[Sequence[Any], int]:
    start = offset + 1 if offset else 0
    return ROWS[start : start + limit], TOTAL


def one_row_twice(offset: int, limit: int) -> tuple[Sequence[Any], int]:
    rows = [*ROWS[:30], ROWS[3], *ROWS[31:]]
    return rows[offset : offset + limit], TOTAL


def too_small_a_total(offset: int, limit: int) -> tuple[Sequence[Any], int]:
    return ROWS[offset : offset + limit], 60


def too_large_a_total(offset: int, limit: int) -> tuple[Sequence[Any], int]:
    return ROWS[offset : offset + limit], TOTAL + 7


def nothing_of_many(_: int, __: int) -> tuple[Sequence[Any], int]:
    return [], TOTAL


def one_row_a_page(offset: int, _: int) -> tuple[Sequence[Any], int]:
    return ROWS[offset : offset + 1], TOTAL


def more_than_asked(offset: int, limit: int) -> tuple[Sequence[Any], int]:
    return ROWS[offset : offset + limit + 20], TOTAL


class _Growing:
    """Whose total rises with each page, so that there is always one more."""

    def __init__(self) -> None:
        self.total = 250

    def __call__(self, offset: int, limit: int) -> tuple[Sequence[Any], int]:
        self.total += 1
        return [row(number + 1) for number in range(offset, offset + limit)], self.total


LIES: dict[str, tuple[Rows, str]] = {
    "a page cut short": (cut_short, " rows after "),
    "an empty page in the middle": (empty_in_the_middle, " rows after "),
    "an offset that is ignored": (always_the_first, " rows after "),
    "an offset that is off by one": (off_by_one, " rows after "),
    "one row twice": (one_row_twice, "a page has the row id-scorer-4 twice"),
    "a total that is too small": (too_small_a_total, "100 different rows of 100, out of 60"),
    "a total that is too large": (too_large_a_total, " rows after "),
    "no row of many": (nothing_of_many, "0 of 250 rows are on the first page"),
    "pages of one row": (one_row_a_page, "1 of 250 rows are on the first page"),
    "endless pages": (_Growing(), "rows, then of "),
}


@pytest.mark.parametrize(("lie", "what"), LIES.values(), ids=LIES)
def test_a_listing_that_does_not_fit_together_is_read_again_and_at_last_refused(lie: Rows, what: str) -> None:
    with RawServer(control_plane(versions=lists(lie))) as server, pytest.raises(ControlPlaneError) as caught:
        Client(server.url).plan(*ARTIFACTS)
    assert str(caught.value).startswith(
        "the listing of ML repo fraud does not fit together, 5 times in a row: "
    )
    assert what in str(caught.value)
    assert READINGS <= len(server.requests) <= 1 + MOST_READINGS * 5


@pytest.mark.parametrize("lie", [lie for lie, _ in LIES.values()], ids=LIES)
def test_a_listing_that_fits_together_the_second_time_is_believed(lie: Rows) -> None:
    pages = 4 if lie not in {nothing_of_many, one_row_a_page} else 1
    versions = in_turn(*[lists(lie)] * min(pages, _pages_of(lie)), lists(right))
    with RawServer(control_plane(versions=versions)) as server:
        plan = Client(server.url).plan(*ARTIFACTS)
    assert plan.counts["create"] == 3
    assert plan.counts["unchanged"] == 1


def _pages_of(lie: Rows) -> int:
    """How many pages the first reading asks for, by what the first page claims."""
    rows, total = lie(0, 100)
    return 1 + max(0, -(-(total - len(rows)) // max(len(rows) - 1, 1)))


def test_a_page_longer_than_asked_for_is_read_all_the_same() -> None:
    with (
        RawServer(control_plane(versions=lists(more_than_asked))) as server,
        pytest.raises(ControlPlaneError),
    ):
        Client(server.url).plan(*ARTIFACTS)
    assert len(server.requests) <= 1 + MOST_READINGS * 4


def test_a_listing_that_claims_more_than_can_be_is_refused_at_once() -> None:
    with (
        RawServer(control_plane(versions=lists(lambda _, limit: (ROWS[:limit], 10**15)))) as server,
        pytest.raises(ControlPlaneError, match="claims 1,000,000,000,000,000 versions"),
    ):
        Client(server.url).plan()
    assert len(server.requests) <= 3


def test_a_row_of_another_ml_repo_is_refused() -> None:
    other = row(1, ml_repo="search")
    with (
        RawServer(control_plane(versions=lists(lambda *_: ([other], 1)))) as server,
        pytest.raises(UnexpectedAnswerError, match="holds a version of search"),
    ):
        Client(server.url).plan()
    assert len(server.requests) == 2


def test_the_search_for_an_ml_repo_that_never_ends_is_given_up() -> None:
    def others(offset: int, limit: int) -> tuple[Sequence[Any], int]:
        names = (f"fraud-{number}" for number in range(offset, offset + limit))
        return [{"id": name, "manifest": {"type": "ml-repo", "name": name}} for name in names], 10**15

    with (
        RawServer(control_plane(ml_repos=lists(others))) as server,
        pytest.raises(ControlPlaneError, match="fraud") as caught,
    ):
        Client(server.url, seconds=5).plan()
    assert "run are over" not in str(caught.value)
    assert len(server.requests) < 200
    assert {request.path for request in server.requests} == {ML_REPOS}


def test_an_ml_repo_is_found_on_a_later_page() -> None:
    def second(offset: int, limit: int) -> tuple[Sequence[Any], int]:
        rows = [
            {"id": f"id-{number}", "manifest": {"type": "ml-repo", "name": f"fraud-{number}"}}
            for number in range(150)
        ]
        rows.append({"id": "ml-repo-1", "manifest": {"type": "ml-repo", "name": "fraud"}})
        return rows[offset : offset + limit], 151

    with RawServer(control_plane(ml_repos=lists(second))) as server:
        assert Client(server.url).plan().counts["create"] == 1
    asked = [request.query for request in server.requests if request.path == ML_REPOS]
    assert [(query["offset"], query.get("name")) for query in asked] == [
        ("0", None),
        ("0", "fraud"),
        ("100", "fraud"),
    ]


def test_a_wrong_row_of_somebody_else_s_ml_repo_harms_nobody() -> None:
    wrong = {"id": "", "manifest": {"type": "ml-repo", "name": "other"}}

    def ml_repos(exchange: Exchange) -> None:
        is_search = exchange.request.query.get("name") == "fraud"
        answers(FRAUD if is_search else page([wrong, *FRAUD["data"]]))(exchange)

    with RawServer(control_plane(ml_repos=ml_repos)) as server:
        assert Client(server.url).plan().counts["create"] == 1


def test_32_ml_repos_are_listed_in_two_round_trips() -> None:
    """No listing is answered before all have been asked for; one after the other, the run would not go on."""
    names = [f"fraud-{number}" for number in range(32)]
    rows = [{"id": f"id-{name}", "manifest": {"type": "ml-repo", "name": name}} for name in names]
    all_arrived = threading.Barrier(len(names), timeout=20)

    def versions(exchange: Exchange) -> None:
        assert exchange.request.is_whole
        all_arrived.wait()
        answers(page([]))(exchange)

    with RawServer(control_plane(ml_repos=answers(page(rows)), versions=versions)) as server:
        plan = Client(server.url).plan(*({**declared(), "ml_repo": name} for name in names))
        assert plan.counts["create"] == 32
        assert [request.path for request in server.requests] == [ML_REPOS] + [VERSIONS] * 32


def test_the_name_of_an_ml_repo_is_never_matched_in_part() -> None:
    rows = [{"id": "1", "manifest": {"type": "ml-repo", "name": "fraudulent"}}]
    with (
        RawServer(control_plane(ml_repos=lists(lambda *_: (rows, 1)))) as server,
        pytest.raises(ControlPlaneError, match=r"^ML repo fraud does not exist on http"),
    ):
        Client(server.url).plan()
    assert len(server.requests) == 1


def test_a_server_that_filters_by_part_of_a_name_is_filtered_again() -> None:
    both = [row(1), row(1, "scorer-old"), row(2, "scorer-old")]
    with RawServer(control_plane(versions=lists(lambda *_: (both, 3)))) as server:
        plan = Client(server.url).plan(declared(1), declared(2))
    assert (plan.counts["unchanged"], plan.counts["create"]) == (1, 1)


def test_a_listing_of_no_rows_is_an_empty_ml_repo() -> None:
    with RawServer(control_plane()) as server:
        assert Client(server.url).plan().counts["create"] == 1
        assert [request.path for request in server.requests] == [ML_REPOS, VERSIONS]
