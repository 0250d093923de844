"""How much is too much at once."""

from __future__ import annotations

import pytest

from reconciler.planning.document import GuardResult
from reconciler.planning.guard import check_size, count_in_scope


def violations(registered: int, **counts: int) -> tuple[str, ...]:
    deleted = {"fraud": counts.get("delete", 0)}
    return check_size(counts, {"fraud": registered}, deleted, is_waived=False).violations


@pytest.mark.parametrize(
    ("registered", "update", "is_too_much"),
    [
        (0, 0, False),
        (9, 9, False),
        (10, 3, False),
        (10, 4, True),
        (1000, 300, False),
        (1000, 301, True),
    ],
)
def test_more_than_thirty_percent_updated_is_too_much_from_ten_versions_on(
    registered: int, update: int, *, is_too_much: bool
) -> None:
    assert bool(violations(registered, update=update)) is is_too_much


@pytest.mark.parametrize(
    ("registered", "delete", "is_too_much"), [(3, 0, False), (4, 1, False), (3, 1, True), (1, 1, True)]
)
def test_more_than_thirty_percent_deleted_is_too_much_however_few_there_are(
    registered: int, delete: int, *, is_too_much: bool
) -> None:
    assert bool(violations(registered, delete=delete)) is is_too_much


def test_nothing_else_is_too_much() -> None:
    assert violations(10, create=1000, conflict=1000, unchanged=1000) == ()


def test_every_violation_is_reported_at_once_with_its_numbers() -> None:
    assert violations(30, update=12, delete=10) == (
        "10 of 30 registered versions (33.4 %) would be deleted, more than 30 %",
        "12 of 30 registered versions (40 %) would be updated, more than 30 %",
    )


def test_a_share_that_is_barely_too_much_does_not_look_like_the_bound() -> None:
    assert violations(100_000, update=30_001)[0].startswith("30,001 of 100,000 registered versions (30.1 %)")


@pytest.mark.parametrize(
    ("deleted", "told"),
    [
        (
            {"search": 3},
            ["3 of 4 registered versions in ML repo search (75 %) would be deleted, more than 30 %"],
        ),
        ({"search": 1}, []),
        (
            {"search": 2},
            ["2 of 4 registered versions in ML repo search (50 %) would be deleted, more than 30 %"],
        ),
        ({"fraud": 30}, []),
        ({"lone": 1}, []),
        (
            {"search": 4, "fraud": 31},
            [
                "31 of 100 registered versions in ML repo fraud (31 %) would be deleted, more than 30 %",
                "4 of 4 registered versions in ML repo search (100 %) would be deleted, more than 30 %",
            ],
        ),
    ],
)
def test_large_ml_repos_do_not_hide_what_a_small_one_loses(deleted: dict[str, int], told: list[str]) -> None:
    registered = {"fraud": 100, "search": 4, "lone": 1, "other": 100}
    found = check_size({"delete": sum(deleted.values())}, registered, deleted, is_waived=False)
    assert list(found.violations) == told


def test_of_many_ml_repos_that_lose_too_much_the_first_are_named() -> None:
    deleted = {f"r{number:02}": 2 for number in range(12)}
    registered = {**dict.fromkeys(deleted, 3), "large": 1000}
    *named, last = check_size({"delete": 24}, registered, deleted, is_waived=False).violations
    assert len(named) == 10
    assert last == "of 2 more ML repos too, more than 30 % would be deleted"


def test_a_version_changed_twice_without_a_manifest_is_in_scope_once() -> None:
    found = count_in_scope({"fraud": 3}, [("fraud", "a"), ("fraud", "a"), ("search", "b")])
    assert found == {"fraud": 4, "search": 1}


def test_a_guard_that_is_waived_still_tells_what_is_too_much() -> None:
    result = check_size({"update": 10}, {"fraud": 10}, {}, is_waived=True)
    assert (len(result.violations), result.blocks) == (1, False)
    assert check_size({"update": 10}, {"fraud": 10}, {}, is_waived=False).blocks
    assert not GuardResult().blocks
