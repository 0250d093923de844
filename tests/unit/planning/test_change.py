"""The verdicts, as people and programs read them."""

from __future__ import annotations

import pytest

from reconciler.diff import MISSING, Difference
from reconciler.model import Artifact
from reconciler.planning.change import Conflict, Lane, Update
from reconciler.planning.document import PromotionDocument
from tests.support.builders import LEFT_OUT, creation, declared, planned, registered, sighting
from tests.support.changes import find_change_differences

SCORER = Artifact("fraud", "scorer")


def test_a_creation_is_about_every_field() -> None:
    asked = declared(metadata={"a": 1})
    change = creation(asked)
    assert Difference(("metadata",), MISSING, {"a": 1}) in find_change_differences(change)
    assert len(find_change_differences(change)) == len(asked.document)
    assert (change.artifact, change.version, change.registered) == (SCORER, 1, None)


def test_an_unpinned_creation_has_no_version_yet() -> None:
    asked = declared(version=LEFT_OUT, version_alias="v-a")
    change = creation(asked)
    assert (change.version, change.label) == (None, "fraud/scorer@v-a")


def test_an_update_is_about_what_differs_and_has_the_registered_identity() -> None:
    has = registered(4)
    change = Update(declared(version=LEFT_OUT), has, {**has.document, "description": "new"})
    assert find_change_differences(change) == (Difference(("description",), MISSING, "new"),)
    assert (change.artifact, change.version, change.label) == (SCORER, 4, "fraud/scorer:4")


def test_a_conflict_has_the_registered_identity_where_there_is_one() -> None:
    asked, has = declared(version=LEFT_OUT), registered(4)
    assert Conflict(asked, has, asked.document, "r", "h").label == "fraud/scorer:4"
    several = Conflict(asked, None, asked.document, "r", "h")
    assert (several.label, several.version) == ("fraud/scorer (s3://models/scorer/1)", None)


@pytest.mark.parametrize(("target", "expected"), [(3, ":3"), (None, "a new version")])
def test_a_promotion_says_from_where_to_where(target: int | None, expected: str) -> None:
    assert str(PromotionDocument(SCORER, "v-prod", 2, target)) == f"fraud/scorer v-prod: :2 -> {expected}"


def test_a_lane_knows_its_conflict() -> None:
    asked, has = declared(), registered(1)
    conflict = Conflict(asked, has, asked.document, "r", "h")
    created = creation(asked)
    assert Lane(SCORER, (conflict, created), sighting([has])).conflict is conflict
    assert Lane(SCORER, (created,), sighting([])).conflict is None


def test_a_plan_has_a_lane_for_each_artifact() -> None:
    plan = planned(
        {"type": "artifact-version", "ml_repo": "fraud", "name": "b", "version": 1,
         "source": {"type": "truefoundry"}, "metadata": {}},
        {"type": "artifact-version", "ml_repo": "fraud", "name": "a", "version": 1,
         "source": {"type": "truefoundry"}, "metadata": {}},
        {"type": "artifact-version", "ml_repo": "fraud", "name": "b", "version": 2,
         "source": {"type": "truefoundry"}, "metadata": {}},
    )  # fmt: skip
    assert [(str(lane.artifact), len(lane.changes)) for lane in plan.lanes] == [
        ("fraud/a", 1),
        ("fraud/b", 2),
    ]
    assert plan.counts == {"create": 3, "update": 0, "delete": 0, "conflict": 0, "unchanged": 0, "orphan": 0}
