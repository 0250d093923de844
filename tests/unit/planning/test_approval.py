"""Whether a plan is the approved one, or what is left of it; else in what it goes beyond."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from reconciler.model import PARKING_ALIAS, Target
from reconciler.planning.approval import find_expected_mismatches, find_mismatches, is_approval, make_approval
from reconciler.planning.document import ChangeDocument, PlanDocument
from tests.support.builders import HOST
from tests.support.documents import Changes, change, document
from tests.support.saved_plans import named

APPROVED = named(document(change(1), change(2, "create"), change(3), change(4, "conflict")))


def told(*changes: ChangeDocument, approved: PlanDocument = APPROVED, **given: Any) -> list[str]:
    """In what a plan of these changes goes beyond the approved one."""
    return list(find_mismatches(approved, named(document(*changes, **given))))


def test_the_approved_plan_is_approved_wherever_and_whenever_it_was_made() -> None:
    moved = [replace(each, file="elsewhere.yaml", line=9, author="another") for each in APPROVED.changes]
    assert told(*moved, tool_version="9", counts={}) == []


def test_a_plan_of_the_same_digest_is_approved_without_a_look_at_its_changes() -> None:
    changes = Changes(3)
    approved = named(document(changes=changes))
    walked = changes.walks
    assert list(find_mismatches(approved, replace(approved, tool_version="9"))) == []
    assert changes.walks == walked


def test_of_what_is_left_in_order_no_digests_are_held() -> None:
    count = 1_000
    approved = named(document(changes=Changes(count)))
    left = named(document(*islice(approved.changes, 1, None)))
    tracemalloc.start()
    try:
        assert list(find_mismatches(approved, left)) == []
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 64 * count  # the hexadecimal digits of one digest


def test_what_is_left_is_approved_also_in_another_order() -> None:
    assert told() == []
    assert told(change(3), change(1)) == []
    assert told(change(2, "create")) == []


def test_a_change_that_was_not_approved_is_named() -> None:
    assert told(change(1), change(7)) == ["update fraud/scorer-7:1: not in the approved plan"]


def test_a_change_that_stands_there_once_is_approved_once() -> None:
    (said,) = told(change(1), change(1))
    assert said.startswith("update fraud/scorer-1:1: ")


def test_what_was_registered_since_then_is_reported_with_both_values() -> None:
    before = {**(change(1).before or {}), "description": "theirs", "metadata": {"rows": 1, "new": True}}
    (said,) = told(change(1, before=before))
    assert said == (
        'update fraud/scorer-1:1: registered since then, description from "old words of 1" to "theirs"; '
        "registered since then, metadata.new from nothing to true"
    )


def test_a_key_with_a_dot_is_told_from_a_path() -> None:
    before = {**(change(1).before or {}), "metadata": {".truefoundry": {"a.b": 1}}}
    (said,) = told(change(1, before=before))
    assert 'metadata.".truefoundry" from nothing to {"a.b": 1}; ' in said


def test_what_is_to_be_set_instead_is_reported_with_both_values() -> None:
    after = {**change(3).after, "description": "other words"}
    assert told(change(3, after=after)) == [
        'update fraud/scorer-3:1: to be set, description from "new words of 3" to "other words"'
    ]


def test_another_verdict_is_reported() -> None:
    assert told(change(2)) == [
        "update fraud/scorer-2:1: approved as create; registered since then"
    ]  # fmt: skip
    assert told(change(1, "create")) == [
        "create fraud/scorer-1:1: approved as update; no longer registered"
    ]  # fmt: skip
    assert told(change(3, "conflict")) == ["conflict fraud/scorer-3:1: approved as update"]


def test_another_version_under_the_same_number_is_reported() -> None:
    assert told(change(1, id="made-anew")) == [
        "update fraud/scorer-1:1: another version is registered under its number"
    ]


def test_another_control_plane_is_reported_and_nothing_else() -> None:
    target = Target("https://other.example.com", "ml", APPROVED.target.tenant)
    assert told(change(9), target=target) == [
        f"it was approved for {HOST}, and is for https://other.example.com"
    ]
    assert told(target=target) != []


def test_another_tenant_is_reported() -> None:
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


def test_what_else_was_changed_while_an_alias_was_parked_is_reported() -> None:
    parked = aliased(1, None, "v-blue")
    parked = replace(
        parked, before={**parked.after, "version_alias": f"{PARKING_ALIAS}1", "description": "theirs"}
    )
    (said,) = told(parked, approved=SWAP)
    assert "theirs" in said


def expected(approval: str, *changes: ChangeDocument, **given: Any) -> list[str]:
    """In what a plan of these changes goes beyond what it is to be known by."""
    return list(find_expected_mismatches(approval, named(document(*changes, **given))))


def test_a_plan_is_known_by_the_beginning_of_its_digest_and_one_without_changes_by_any() -> None:
    assert expected(APPROVED.digest, *APPROVED.changes) == []
    assert expected(APPROVED.digest[:12], *APPROVED.changes) == []
    first, second = expected("0" * 12, *APPROVED.changes)
    assert first == f"its digest is {APPROVED.digest}, and not {'0' * 12}"
    assert "--plan FILE" in second
    assert expected("0" * 64) == []


def test_an_approval_knows_what_is_left_of_a_plan_in_any_order_and_only_that() -> None:
    approval = make_approval(APPROVED)
    assert is_approval(approval)
    assert approval.startswith(f"{APPROVED.digest}:")
    assert expected(approval, *APPROVED.changes) == []
    assert expected(approval, change(3), change(1)) == []
    assert expected(approval, change(4, "conflict")) == []
    assert expected(approval, change(7), change(1), change(1)) == [
        "update fraud/scorer-7:1: not in the approved plan, or not in this way",
        "update fraud/scorer-1:1: not in the approved plan, or not in this way",
    ]
    before = {**(change(1).before or {}), "description": "theirs"}
    assert len(expected(approval, change(1, before=before))) == 1


def test_an_approval_is_for_one_control_plane_and_one_tenant() -> None:
    target = APPROVED.target
    for other in (replace(target, host="https://other.example.com"), replace(target, tenant="another")):
        (said,) = expected(make_approval(APPROVED), change(1), target=other)
        assert said == f"what was approved was for another control plane than {other.host}, or was changed"
    assert expected(make_approval(APPROVED), change(1), target=replace(target, api="svc")) == []


def test_an_approval_with_any_digit_changed_knows_nothing_that_is_left() -> None:
    approval = make_approval(APPROVED)
    for index, digit in enumerate(approval):
        if digit != ":":
            other = f"{approval[:index]}{(int(digit, 16) + 1) % 16:x}{approval[index + 1 :]}"
            assert expected(other, change(1)), index
    shorter, swapped = approval[:-64], f"{approval[:65]}{approval[129:193]}{approval[65:129]}{approval[193:]}"
    assert expected(shorter, change(1))
    assert expected(swapped, change(1))


def test_an_approval_of_a_swap_knows_it_while_an_alias_is_parked() -> None:
    parked = aliased(1, f"{PARKING_ALIAS}1", "v-blue")
    parked = replace(parked, before={**parked.after, "version_alias": f"{PARKING_ALIAS}1"})
    assert expected(make_approval(SWAP), parked, aliased(2, "v-blue", "v-green")) == []
    assert expected(make_approval(SWAP), replace(parked, version=2)) != []


def test_an_approval_is_short_enough_for_a_command_line_or_the_digest_alone() -> None:
    most = named(document(*(change(number) for number in range(1_500))))
    assert 80_000 < len(make_approval(most)) < 128 * 1024
    more = named(document(*(change(number) for number in range(1_501))))
    assert make_approval(more) == more.digest
    assert make_approval(named(document())) == named(document()).digest


@pytest.mark.parametrize(
    "text", ["", "0" * 11, "0" * 65, "A" * 12, "0" * 64 + ":", "0" * 12 + ":" + "0" * 64]
)
def test_what_can_not_be_an_approval_is_none(text: str) -> None:
    assert not is_approval(text)
