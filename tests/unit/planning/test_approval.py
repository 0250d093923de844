"""Whether a plan is the approved one, or what is left of it; else in what it goes beyond."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.planning.approval import fits_digest, mismatches
from reconciler.planning.document import ChangeDocument, PlanDocument, Target
from reconciler.planning.order import PARKING_ALIAS
from tests.support.builders import HOST
from tests.support.documents import change, document
from tests.support.saved_plans import named

APPROVED = named(document(change(1), change(2, "create"), change(3), change(4, "conflict")))


def told(*changes: ChangeDocument, approved: PlanDocument = APPROVED, **given: Any) -> list[str]:
    """In what a plan of these changes goes beyond the approved one."""
    return list(mismatches(approved, named(document(*changes, **given))))


def test_the_approved_plan_is_approved_wherever_and_whenever_it_was_made() -> None:
    moved = [replace(each, file="elsewhere.yaml", line=9, author="another") for each in APPROVED.changes]
    assert told(*moved, tool_version="9", counts={}) == []


def test_what_is_left_is_approved_also_in_another_order() -> None:
    assert told() == []
    assert told(change(3), change(1)) == []
    assert told(change(2, "create")) == []


def test_a_change_that_was_not_approved_is_named() -> None:
    assert told(change(1), change(7)) == ["update fraud/scorer-7:1: not in the approved plan"]


def test_a_change_that_stands_there_once_is_approved_once() -> None:
    (said,) = told(change(1), change(1))
    assert said.startswith("update fraud/scorer-1:1: ")


def test_what_was_registered_since_then_is_told_with_both_values() -> None:
    before = {**(change(1).before or {}), "description": "theirs", "metadata": {"rows": 1, "new": True}}
    (said,) = told(change(1, before=before))
    assert said == (
        'update fraud/scorer-1:1: registered since then, description from "old words of 1" to "theirs"; '
        "registered since then, metadata.new from nothing to true"
    )


def test_what_is_to_be_set_instead_is_told_with_both_values() -> None:
    after = {**change(3).after, "description": "other words"}
    assert told(change(3, after=after)) == [
        'update fraud/scorer-3:1: to be set, description from "new words of 3" to "other words"'
    ]


def test_another_verdict_is_told() -> None:
    assert told(change(2)) == [
        "update fraud/scorer-2:1: approved as create; registered since then"
    ]  # fmt: skip
    assert told(change(1, "create")) == [
        "create fraud/scorer-1:1: approved as update; no longer registered"
    ]  # fmt: skip
    assert told(change(3, "conflict")) == ["conflict fraud/scorer-3:1: approved as update"]


def test_another_version_under_the_same_number_is_told() -> None:
    assert told(change(1, id="made-anew")) == [
        "update fraud/scorer-1:1: another version is registered under its number"
    ]


def test_another_control_plane_is_told_and_nothing_else() -> None:
    target = Target("https://other.example.com", "ml", APPROVED.target.tenant)
    assert told(change(9), target=target) == [
        f"it was approved for {HOST}, and is for https://other.example.com"
    ]
    assert told(target=target) != []


def test_another_tenant_is_told() -> None:
    (said,) = told(change(1), target=replace(APPROVED.target, tenant="another"))
    assert said == f"it was approved for tenant {APPROVED.target.tenant}, and is for tenant another"
    (said,) = told(change(1), target=replace(APPROVED.target, tenant=None))
    assert said.endswith("is for tenant unknown")


def test_another_flavour_of_the_api_is_the_same_control_plane() -> None:
    assert told(change(1), target=replace(APPROVED.target, api="svc")) == []


def aliased(number: int, before: str | None, after: str) -> ChangeDocument:
    """An update that moves an alias."""
    usual = change(number)
    return change(
        number,
        before={**(usual.before or {}), "version_alias": before},
        after={**usual.after, "version_alias": after},
    )


SWAP = named(document(aliased(1, "v-green", "v-blue"), aliased(2, "v-blue", "v-green")))


def test_a_swap_that_was_killed_while_an_alias_was_parked_may_go_on() -> None:
    parked = aliased(1, f"{PARKING_ALIAS}1", "v-blue")
    parked = replace(parked, before={**parked.after, "version_alias": f"{PARKING_ALIAS}1"})
    assert told(parked, aliased(2, "v-blue", "v-green"), approved=SWAP) == []
    assert told(parked, approved=SWAP) == []


@pytest.mark.parametrize("alias", [f"{PARKING_ALIAS}2", "v-other", PARKING_ALIAS])
def test_an_alias_that_somebody_else_gave_it_is_no_parked_one(alias: str) -> None:
    given = aliased(1, None, "v-blue")
    given = replace(given, before={**given.after, "version_alias": alias})
    (said,) = told(given, approved=SWAP)
    assert f'version_alias from "v-green" to "{alias}"' in said


def test_what_else_was_changed_while_an_alias_was_parked_is_told() -> None:
    parked = aliased(1, None, "v-blue")
    parked = replace(
        parked, before={**parked.after, "version_alias": f"{PARKING_ALIAS}1", "description": "theirs"}
    )
    (said,) = told(parked, approved=SWAP)
    assert "theirs" in said


def test_a_plan_fits_the_beginning_of_its_digest_and_one_without_changes_fits_all() -> None:
    assert fits_digest(APPROVED, APPROVED.digest)
    assert fits_digest(APPROVED, APPROVED.digest[:12])
    assert not fits_digest(APPROVED, "0" * 12)
    assert fits_digest(named(document()), "0" * 64)
