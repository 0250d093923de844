"""Exit codes, which are part of the interface."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.applying.outcome import Outcome, Result
from reconciler.cli.exits import Exit, Strictness, choose_apply_exit, choose_plan_exit, merge_exits
from reconciler.planning.change import Delete, Plan
from reconciler.planning.describe import document_of
from reconciler.planning.document import GuardResult
from reconciler.planning.orphans import Orphan
from reconciler.workflow.apply import Ended
from tests.support.builders import described, manifest, planned, registered
from tests.support.documents import change, document

CREATION = manifest()
CONFLICT = manifest(name="ranker", step=1)
HAS = (registered(1, name="ranker"),)


def ended(plan: Plan, outcomes: tuple[Outcome, ...]) -> Ended:
    return Ended(plan, document_of(plan, allows_mass_change=True), outcomes=outcomes)


def test_the_codes_are_the_documented_ones() -> None:
    documented = {
        "DONE": 0,
        "FAILED": 1,
        "PENDING": 2,
        "PARTIAL": 3,
        "BLOCKED": 4,
        "USAGE": 64,
        "INTERRUPTED": 130,
    }
    assert documented.items() <= {code.name: code.value for code in Exit}.items()


@pytest.mark.parametrize(
    ("declared", "detailed", "expected"),
    [
        ([], False, Exit.DONE),
        ([], True, Exit.DONE),
        ([CREATION], False, Exit.DONE),
        ([CREATION], True, Exit.PENDING),
        ([CONFLICT], False, Exit.BLOCKED),
        ([CONFLICT, CREATION], True, Exit.BLOCKED),
    ],
)
def test_a_plan_ends_by_what_it_holds(
    declared: list[dict[str, object]], expected: Exit, *, detailed: bool
) -> None:
    assert choose_plan_exit(described(*declared, has=HAS), Strictness(detailed_exitcode=detailed)) is expected


@pytest.mark.parametrize("detailed", [False, True])
def test_a_plan_that_the_guard_blocks_ends_as_blocked(*, detailed: bool) -> None:
    document = described(CREATION)
    blocked = replace(document, guard=GuardResult(("too much",)))
    waived = replace(document, guard=GuardResult(("too much",), is_waived=True))
    assert choose_plan_exit(blocked, Strictness(detailed_exitcode=detailed)) is Exit.BLOCKED
    assert choose_plan_exit(waived, Strictness(detailed_exitcode=detailed)) is (
        Exit.PENDING if detailed else Exit.DONE
    )


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([], Exit.DONE),
        ([Result.CREATED], Exit.DONE),
        ([Result.CREATED, Result.UPDATED], Exit.DONE),
        ([Result.FAILED], Exit.FAILED),
        ([Result.UNKNOWN], Exit.FAILED),
        ([Result.FAILED, Result.SKIPPED], Exit.FAILED),
        ([Result.CREATED, Result.FAILED], Exit.PARTIAL),
        ([Result.UPDATED, Result.UNKNOWN], Exit.PARTIAL),
    ],
)
@pytest.mark.parametrize("conflict", [False, True])
def test_an_apply_ends_by_what_became_of_its_changes(
    results: list[Result], expected: Exit, *, conflict: bool
) -> None:
    documents = [manifest(version=number) for number in range(1, len(results) + 1)]
    plan = planned(*documents, *([CONFLICT] if conflict else []), has=HAS)
    told = iter(results)
    outcomes = tuple(
        Outcome(change, Result.SKIPPED if change.action == "conflict" else next(told))
        for change in plan.changes
    )
    blocked = conflict and expected is Exit.DONE
    assert choose_apply_exit(ended(plan, outcomes)) is (Exit.BLOCKED if blocked else expected)


@pytest.mark.parametrize(
    ("conflict", "results", "expected"),
    [
        (True, [Result.CREATED], Exit.BLOCKED),
        (True, [Result.FAILED], Exit.FAILED),
        (False, [Result.CREATED], Exit.PARTIAL),
    ],
)
def test_deletions_that_wait_for_a_conflict_are_blocked_and_not_failed(
    results: list[Result], expected: Exit, *, conflict: bool
) -> None:
    plan = planned(manifest(version=1), *([CONFLICT] if conflict else []), has=HAS)
    gone = Delete(Orphan(registered(9, name="gone"), "id", None, ()))
    plan = replace(plan, deletes=(gone,))
    told = {"create": results[0]}
    outcomes = tuple(Outcome(change, told.get(change.action, Result.SKIPPED)) for change in plan.changes)
    assert choose_apply_exit(ended(plan, outcomes)) is expected


@pytest.mark.parametrize(
    ("codes", "reached", "expected"),
    [
        ([0, 0], 2, 0),
        ([0, 4], 1, 4),
        ([1, 1], 0, 1),
        ([0, 1], 1, 3),
        ([4, 1], 0, 1),
        ([3, 4], 1, 3),
        ([0, 130], 1, 130),
        ([0, None], 1, None),
        ([None, None], 0, None),
    ],
)
def test_applies_of_shards_end_as_one_of_the_whole_would(
    codes: list[int | None], reached: int, expected: int | None
) -> None:
    results = [Result.CREATED] * reached + [Result.FAILED]
    outcomes = tuple(OutcomeDocument(change(number), result) for number, result in enumerate(results))
    applies = [
        ApplyDocument(document(), outcomes if not number else (), 3, code)
        for number, code in enumerate(codes)
    ]
    assert merge_exits(applies) == expected


def test_an_apply_that_was_stopped_or_never_began_ends_by_what_stood_in_the_way() -> None:
    plan = planned(CREATION)
    created = ended(plan, tuple(Outcome(change, Result.CREATED) for change in plan.changes))
    assert choose_apply_exit(replace(created, signal=15)) is Exit.TERMINATED
    assert choose_apply_exit(replace(created, mismatches=("it creates fraud/scorer:1",))) is Exit.BLOCKED
    assert choose_apply_exit(replace(created, is_agreed=False)) is Exit.FAILED
