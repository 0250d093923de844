"""Plans of shards that make no whole: refused, with what is the matter and where."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from reconciler.client.port import Extent
from reconciler.compare.selector import Shard
from reconciler.errors import Place, Problem, SavedFileError
from reconciler.model import Target
from reconciler.planning.document import (
    ChangeDocument,
    GuardResult,
    PlanDocument,
    PromotionDocument,
    Share,
    Source,
)
from reconciler.planning.merge import merge_plans
from tests.support.builders import COMMIT, HOST, TENANT
from tests.support.documents import change, document
from tests.support.saved_plans import named

CHANGES = [*(change(number) for number in range(11)), change(11, file=None, line=None)]


def shard(number: int, of: int = 3, **given: Any) -> PlanDocument:
    """A shard of a plan of twelve updates, in an ML repo of 40 versions, 11 of which are declared."""
    part = Shard(number, of)
    changes = tuple(each for each in CHANGES if part.includes(each.artifact))
    promotions = tuple(PromotionDocument(each.artifact, "v-prod", 1, 2) for each in changes)
    usual = document(*changes, promotions=promotions)
    declared = sum(each.file is not None for each in changes)
    scope = replace(usual.scope, manifests=declared, not_selected=11 - declared)
    counts = {**usual.counts, "undeclared": 40 - declared}
    share = Share(part, (), {"fraud": Extent(40, 40)}, {"fraud": declared})
    return named(replace(usual, **{"scope": scope, "counts": counts, "share": share, **given}))


SHARDS = [shard(number) for number in (1, 2, 3)]


class Counted(Collection[ChangeDocument]):
    """Changes, which count how many of them were taken."""

    def __init__(self, changes: Collection[ChangeDocument]) -> None:
        self._changes = sorted(changes, key=lambda change: change.artifact)
        self.taken = 0

    def __len__(self) -> int:
        return len(self._changes)

    def __iter__(self) -> Iterator[ChangeDocument]:
        for each in self._changes:
            self.taken += 1
            yield each

    def __contains__(self, change: object) -> bool:
        return change in self._changes


def refusal(plans: Sequence[PlanDocument]) -> str:
    """What is said of plans, which are called a, b, c ..."""
    with pytest.raises(SavedFileError) as caught:
        merge_plans(list(zip("abcdefghijklm", plans, strict=False)))
    assert caught.value.hint
    return str(caught.value)


def test_what_adds_up_is_added_and_what_is_of_the_whole_is_taken_once() -> None:
    merged = merge_plans(list(zip("abc", SHARDS, strict=True)))
    assert [each.artifact for each in merged.changes] == sorted(each.artifact for each in CHANGES)
    assert merged.counts["update"] == 12
    assert [each.artifact for each in merged.promotions] == sorted(each.artifact for each in CHANGES)
    assert merged.counts["undeclared"] == 29
    assert (merged.scope.manifests, merged.scope.not_selected, merged.scope.rows) == (11, 0, 40)
    assert merged.share is None


def test_changes_are_taken_from_the_shards_as_they_are_come_to_and_not_held() -> None:
    counted = [Counted(each.changes) for each in SHARDS]
    shards = [replace(each, changes=changes) for each, changes in zip(SHARDS, counted, strict=True)]
    merged = merge_plans(list(zip("abc", shards, strict=True)))
    for each in counted:
        each.taken = 0
    assert next(iter(merged.changes)) == min(CHANGES, key=lambda change: change.artifact)
    assert [each.taken for each in counted] == [1, 1, 1]


def test_the_guard_judges_the_whole_and_is_waived_where_all_shards_waived_it() -> None:
    told = "12 of 12 registered versions (100 %) would be updated, more than 30 %"
    waived = replace(SHARDS[0], guard=GuardResult(("of this shard",), is_waived=True))
    merged = merge_plans(list(zip("abc", [waived, *SHARDS[1:]], strict=True)))
    assert merged.guard == GuardResult((told,), is_waived=False)
    all_waived = [replace(each, guard=waived.guard) for each in SHARDS]
    assert merge_plans(list(zip("abc", all_waived, strict=True))).guard.is_waived


def test_a_shard_that_asked_nobody_does_not_know_the_tenant() -> None:
    silent = replace(SHARDS[0], target=Target(HOST, "auto", None))
    found = merge_plans(list(zip("abc", [silent, *SHARDS[1:]], strict=True)))
    assert found.target == Target(HOST, "ml", TENANT)


def test_shards_that_asked_under_different_prefixes_are_of_one_plan() -> None:
    other = replace(SHARDS[0], target=Target(HOST, "svc", TENANT))
    found = merge_plans(list(zip("abc", [other, *SHARDS[1:]], strict=True)))
    assert found.digest == merge_plans(list(zip("abc", SHARDS, strict=True))).digest


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tool_version": "9.9"}, "a and b are of different versions of reconciler"),
        ({"source": Source(None, "f" * 40, (), in_work_tree=False, is_dirty=False)}, "different commits"),
        ({"source": Source(None, COMMIT, (), in_work_tree=True, is_dirty=False)}, "different commits"),
        ({"source": Source(None, COMMIT, ("a",), in_work_tree=False, is_dirty=False)}, "different paths"),
        (
            {"source": Source(None, COMMIT, (), in_work_tree=False, is_dirty=False, base="b")},
            "different bases",
        ),
        (
            {"source": Source(None, COMMIT, (), in_work_tree=False, is_dirty=True)},
            "b is of an edited work tree",
        ),
        ({"target": Target("https://other.example.com", "ml", TENANT)}, "different hosts"),
        ({"target": Target(HOST, "ml", "other")}, "a and b are of different tenants"),
        ({"share": Share(Shard(2, 3), ("fraud/*",), {}, {})}, "different selections"),
        ({"scope": replace(SHARDS[1].scope, manifests=99)}, "different manifests"),
        ({"diagnostics": (Problem(Place("a.yaml", 1, 1), "c", "m"),)}, "different manifests"),
        ({"counts": {**SHARDS[1].counts, "other_documents": 7}}, "different manifests"),
        ({"share": None}, "b is no shard"),
        ({"changes": tuple(CHANGES)}, "is not in shard 2/3"),
        ({"share": Share(Shard(2, 4), (), {}, {})}, "a is shard 1/3, and b is shard 2/4"),
    ],
)
def test_what_is_not_of_one_plan_is_refused(given: dict[str, Any], told: str) -> None:
    assert told in refusal([SHARDS[0], replace(SHARDS[1], **given), SHARDS[2]])


def test_a_shard_that_is_there_twice_is_refused() -> None:
    assert refusal([*SHARDS, SHARDS[1]]) == "d and b are both shard 2/3"


def test_shards_that_are_missing_are_listed() -> None:
    assert refusal(SHARDS[1:]) == "missing: shard 1/3"
    assert refusal([shard(2, 4), shard(1, 4)]) == "missing: shards 3/4, 4/4"
    assert refusal([shard(1, 20), shard(20, 20)]).endswith("11/20 and 8 more")
