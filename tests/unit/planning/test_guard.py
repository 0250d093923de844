"""How much is too much at once."""

from __future__ import annotations

import pytest

from reconciler.planning.document import GuardResult
from reconciler.planning.guard import guard


def violations(registered: int, **counts: int) -> tuple[str, ...]:
    return guard(counts, registered, is_waived=False).violations


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


def test_every_violation_is_told_at_once_with_its_numbers() -> None:
    assert violations(30, update=12, delete=10) == (
        "10 of 30 registered versions (33.4 %) would be deleted, more than 30 %",
        "12 of 30 registered versions (40 %) would be updated, more than 30 %",
    )


def test_a_share_that_is_barely_too_much_does_not_look_like_the_bound() -> None:
    assert violations(100_000, update=30_001)[0].startswith("30,001 of 100,000 registered versions (30.1 %)")


def test_a_guard_that_is_waived_still_tells_what_is_too_much() -> None:
    result = guard({"update": 10}, 10, is_waived=True)
    assert (len(result.violations), result.blocks) == (1, False)
    assert guard({"update": 10}, 10, is_waived=False).blocks
    assert not GuardResult().blocks
