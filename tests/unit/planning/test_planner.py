"""From what is declared and what is registered to a plan, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import InvalidManifestsError
from reconciler.model import PARKING_ALIAS, Target
from reconciler.planning.change import Plan
from reconciler.planning.describe import describe_plan
from reconciler.planning.document import Scope, Source
from reconciler.planning.order import order_writes
from tests.support.builders import (
    COMMIT,
    HOST,
    LEFT_OUT,
    TENANT,
    declaration,
    external,
    manifest,
    plan_of,
    planned,
    registered,
)


def told(plan: Plan) -> list[str]:
    """The changes as `action identity alias`, the alias that the version is to have."""
    return [
        f"{change.action} {change.label} {change.after.get('version_alias') or 'none'}"
        for change in plan.changes
    ]


def promoted(plan: Plan) -> list[str]:
    return [str(promotion).removeprefix("fraud/scorer ") for promotion in plan.promotions]


def version(number: int, alias: Any = LEFT_OUT, **fields: Any) -> dict[str, Any]:
    return manifest(version=number, version_alias=alias, **fields)


# Verdicts


def test_what_is_registered_as_declared_is_unchanged() -> None:
    plan = planned(manifest(), has=(registered(1, metadata={".truefoundry": {"size": 1}}),))
    assert plan.changes == ()
    assert plan.counts == {"create": 0, "update": 0, "delete": 0, "conflict": 0, "unchanged": 1, "orphan": 0}


def test_what_is_not_registered_is_created() -> None:
    plan = planned(version(2), has=(registered(1),))
    assert told(plan) == ["create fraud/scorer:2 none"]
    assert plan.changes[0].after == version(2)


@pytest.mark.parametrize(
    "fields",
    [{"description": "new"}, {"metadata": {"a": 1}}, {"version_alias": "v-a"}, {"description": None}],
)
def test_description_metadata_and_alias_are_updated(fields: dict[str, Any]) -> None:
    plan = planned(manifest(**fields), has=(registered(1, description="old"),))
    assert [change.action for change in plan.changes] == ["update"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"source": external("s3://other")}, "source"),
        ({"source": {"type": "truefoundry"}}, "source"),
        ({"step": 5}, "step"),
        ({"run_id": "r"}, "run_id"),
        ({"source": external("s3://other"), "step": 5, "run_id": "r"}, "source and step and run_id"),
    ],
)
def test_immutable_fields_are_a_conflict_that_names_them_and_the_next_free_version(
    fields: dict[str, Any], named: str
) -> None:
    plan = planned(manifest(**fields), has=(registered(1), registered(7)))
    (conflict,) = plan.changes
    assert conflict.action == "conflict"
    assert conflict.reason == f"{named} of a registered version can not change"
    assert conflict.hint == "declare it as a new version: 8 is free"


def test_the_next_free_version_is_beyond_the_declared_ones_too() -> None:
    plan = planned(manifest(step=5), version(12), has=(registered(1), registered(7)))
    conflict, creation = plan.changes
    assert conflict.action == "conflict"
    assert conflict.hint == "declare it as a new version: 13 is free"
    assert creation.label == "fraud/scorer:12"


def test_contents_that_several_versions_have_are_a_conflict_that_names_them() -> None:
    plan = planned(manifest(version=LEFT_OUT), has=(registered(1), registered(2)), others=1)
    (conflict,) = plan.changes
    assert conflict.action == "conflict"
    assert conflict.reason == "2 registered versions have this source.uri: 1, 2"
    assert conflict.hint == "say which one is meant: give version"
    assert conflict.registered is None
    assert plan.undeclared == 1


def test_a_manifest_known_by_alias_is_about_the_version_that_holds_it() -> None:
    asked = manifest(version=LEFT_OUT, version_alias="v-a", description="new")
    plan = planned(asked, has=(registered(3, version_alias="v-a"),))
    assert told(plan) == ["update fraud/scorer:3 v-a"]
    assert plan.changes[0].after["version"] == 3


def test_a_manifest_known_by_contents_is_about_the_version_that_has_them() -> None:
    asked = manifest(version=LEFT_OUT, version_alias=None, description="new")
    plan = planned(asked, has=(registered(3), registered(4, source=external("s3://other"))))
    assert told(plan) == ["update fraud/scorer:3 none"]


def test_one_number_in_several_artifacts_is_kept_apart() -> None:
    asked = [
        manifest(),
        manifest(version=2),
        manifest(name="ranker"),
        manifest(ml_repo="fraud-eu"),
    ]
    plan = planned(*asked, has=(registered(1, name="ranker", description="kept"),))
    assert told(plan) == [
        "create fraud/scorer:1 none",
        "create fraud/scorer:2 none",
        "create fraud-eu/scorer:1 none",
    ]
    assert plan.counts["unchanged"] == 1


def test_what_no_manifest_declares_is_counted_and_left_alone() -> None:
    plan = planned(manifest(), has=(registered(1), registered(2), registered(3)), others=4)
    assert (plan.changes, plan.undeclared) == ((), 6)


def test_a_plan_says_what_it_was_made_from() -> None:
    plan = planned(
        manifest(),
        manifest(ml_repo="fraud-eu"),
        {"type": "service", "ml_repo": "a"},
        {"a": 1},
        has=(registered(1),),
        others=3,
    )
    assert plan.source == Source(None, COMMIT, (), in_work_tree=False, is_dirty=False)
    assert plan.target == Target(HOST, "ml", TENANT)
    assert plan.scope == Scope(("fraud", "fraud-eu"), pages=1, rows=4, manifests=2)
    assert (plan.declared, plan.undeclared, plan.others, plan.other_files, plan.warnings) == (
        {"fraud": 1}, 3, 1, 1, (),
    )  # fmt: skip


# Aliases


def test_an_alias_is_taken_from_a_version_whose_manifest_is_silent() -> None:
    plan = planned(
        version(1), version(2, "v-prod"), has=(registered(1, version_alias="v-prod"), registered(2))
    )
    assert told(plan) == ["update fraud/scorer:1 none", "update fraud/scorer:2 v-prod"]
    assert promoted(plan) == ["v-prod: :1 -> :2"]


def test_an_alias_is_taken_from_a_version_without_a_manifest() -> None:
    plan = planned(version(2, "v-prod"), has=(registered(1, version_alias="v-prod"), registered(2)))
    assert told(plan) == ["update fraud/scorer:1 none", "update fraud/scorer:2 v-prod"]
    release = plan.changes[0]
    assert release.declared is None
    assert release.after == {**registered(1).document, "version_alias": None}
    assert plan.undeclared == 1


def test_a_release_keeps_everything_else_of_a_version_without_a_manifest() -> None:
    has = registered(
        1, version_alias="v-prod", description="kept", metadata={".truefoundry": 1, "a": 2}, tags=["x"]
    )
    plan = planned(version(2, "v-prod"), has=(has,))
    assert plan.changes[0].after == {**has.document, "version_alias": None}


def test_a_holder_with_a_new_alias_of_its_own_moves_first() -> None:
    plan = planned(
        version(1, "v-old"), version(2, "v-prod"), has=(registered(1, version_alias="v-prod"), registered(2))
    )
    assert told(plan) == ["update fraud/scorer:1 v-old", "update fraud/scorer:2 v-prod"]
    assert promoted(plan) == ["v-prod: :1 -> :2"]


def test_a_holder_that_clears_its_alias_gives_it_up_first() -> None:
    plan = planned(
        version(1, None), version(2, "v-prod"), has=(registered(1, version_alias="v-prod"), registered(2))
    )
    assert told(plan) == ["update fraud/scorer:1 none", "update fraud/scorer:2 v-prod"]


def test_an_alias_moves_to_a_version_yet_to_be_made() -> None:
    plan = planned(version(1), version(2, "v-prod"), has=(registered(1, version_alias="v-prod"),))
    assert told(plan) == ["update fraud/scorer:1 none", "create fraud/scorer:2 v-prod"]
    assert promoted(plan) == ["v-prod: :1 -> :2"]


def test_two_aliases_swap_over_a_temporary_one() -> None:
    plan = planned(
        version(1, "v-b"),
        version(2, "v-a"),
        has=(registered(1, version_alias="v-a"), registered(2, version_alias="v-b")),
    )
    assert told(plan) == ["update fraud/scorer:2 v-a", "update fraud/scorer:1 v-b"]
    assert promoted(plan) == ["v-a: :1 -> :2", "v-b: :2 -> :1"]
    assert [write.is_last for write in order_writes(plan.changes)] == [False, True, True]


def test_three_aliases_move_in_a_ring() -> None:
    plan = planned(
        version(1, "v-b"),
        version(2, "v-c"),
        version(3, "v-a"),
        has=tuple(registered(n, version_alias=f"v-{letter}") for n, letter in enumerate("abc", start=1)),
    )
    assert told(plan) == [
        "update fraud/scorer:3 v-a",
        "update fraud/scorer:2 v-c",
        "update fraud/scorer:1 v-b",
    ]
    assert promoted(plan) == ["v-a: :1 -> :3", "v-b: :2 -> :1", "v-c: :3 -> :2"]


def test_a_chain_of_aliases_ends_in_a_new_version() -> None:
    plan = planned(
        version(1, "v-old"),
        version(2, "v-stable"),
        version(3, "v-latest"),
        has=(registered(1, version_alias="v-stable"), registered(2, version_alias="v-latest")),
    )
    assert told(plan) == [
        "update fraud/scorer:1 v-old",
        "update fraud/scorer:2 v-stable",
        "create fraud/scorer:3 v-latest",
    ]


def test_an_alias_of_another_artifact_is_nobodys_business() -> None:
    plan = planned(
        version(2, "v-prod"),
        has=(registered(1, name="ranker", version_alias="v-prod"), registered(2, version_alias="v-prod")),
    )
    assert plan.changes == ()


def test_an_alias_that_nobody_else_wants_stays_with_a_silent_manifest() -> None:
    assert planned(version(1), has=(registered(1, version_alias="v-prod"),)).changes == ()


def test_a_taker_in_conflict_takes_nothing() -> None:
    plan = planned(
        version(1), version(2, "v-prod", step=9), has=(registered(1, version_alias="v-prod"), registered(2))
    )
    assert told(plan) == ["conflict fraud/scorer:2 v-prod"]
    assert plan.promotions == ()


def test_a_temporary_alias_that_a_run_left_behind_is_cleared() -> None:
    left = registered(1, version_alias=f"{PARKING_ALIAS}1")
    assert told(planned(version(1), has=(left,))) == ["update fraud/scorer:1 none"]
    assert told(planned(version(2), has=(left, registered(2)))) == ["update fraud/scorer:1 none"]
    assert told(planned(version(1, "v-a"), has=(left,))) == ["update fraud/scorer:1 v-a"]


def test_an_interrupted_swap_is_finished() -> None:
    plan = planned(
        version(1, "v-b"),
        version(2, "v-a"),
        has=(registered(1, version_alias=f"{PARKING_ALIAS}1"), registered(2, version_alias="v-b")),
    )
    assert told(plan) == ["update fraud/scorer:2 v-a", "update fraud/scorer:1 v-b"]
    assert all(write.is_last for write in order_writes(plan.changes))


# Two manifests, one registered version


def test_two_manifests_that_turn_out_to_be_one_version_are_an_error_with_both_places() -> None:
    with pytest.raises(InvalidManifestsError) as caught:
        planned(
            manifest(version=LEFT_OUT, version_alias="v-prod"),
            version(2),
            has=(registered(2, version_alias="v-prod"),),
        )
    assert list(map(str, caught.value.problems)) == [
        (
            "1.json:1:1: fraud/scorer:2 and fraud/scorer@v-prod are one registered version, fraud/scorer:2 "
            "(also at 0.json:1:1)"
        ),
    ]


def test_every_pair_that_turns_out_to_be_one_version_is_reported() -> None:
    with pytest.raises(InvalidManifestsError) as caught:
        planned(
            manifest(version=LEFT_OUT, version_alias="v-1"),
            version(1),
            manifest(name="ranker", version=LEFT_OUT, version_alias="v-1"),
            manifest(name="ranker"),
            has=(registered(1, version_alias="v-1"), registered(1, name="ranker", version_alias="v-1")),
        )
    assert len(caught.value.problems) == 2


# The laws


ALIAS = st.sampled_from(["v-a", "v-b", "v-c"])


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Versions declared and registered, with aliases and descriptions; each alias once on either side."""

    def drawn(alias: st.SearchStrategy[Any]) -> list[dict[str, Any]]:
        numbers = draw(st.sets(st.integers(1, 5)))
        found, taken = [], set()
        for number in sorted(numbers):
            name = draw(alias)
            name = LEFT_OUT if isinstance(name, str) and name in taken else name
            taken.add(name)
            text = draw(st.sampled_from([LEFT_OUT, None, "x", "y"]))
            found.append(version(number, name, description=text))
        return found

    return drawn(ALIAS | st.just(LEFT_OUT) | st.none()), drawn(ALIAS | st.just(LEFT_OUT))


def carried_out(plan: Plan, has: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is registered after every write, one by one, on a control plane that refuses a taken alias."""
    state = {row["version"]: row for row in has}
    for write in order_writes(plan.changes):
        document: dict[str, Any] = dict(write.document)
        alias = document.get("version_alias")
        holders = [n for n, row in state.items() if alias and row.get("version_alias") == alias]
        assert set(holders) <= {document["version"]}
        state[document["version"]] = document
    return list(state.values())


@given(situations())
def test_a_plan_carried_out_leaves_nothing_to_do(
    situation: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    asked, has = situation
    plan = planned(*asked, has=tuple(registered(**row) for row in has))
    after = carried_out(plan, has)
    assert planned(*asked, has=tuple(registered(**row) for row in after)).changes == ()
    wanted = {row["version"]: row["version_alias"] for row in asked if "version_alias" in row}
    assert {row["version"]: row.get("version_alias") for row in after if row["version"] in wanted} == wanted


@given(situations(), st.randoms(use_true_random=False))
def test_a_plan_does_not_depend_on_the_order_of_anything(
    situation: tuple[list[dict[str, Any]], list[dict[str, Any]]], random: Any
) -> None:
    asked, has = situation
    rows = [registered(**row) for row in has]

    def shown(plan: Plan) -> object:
        document = describe_plan(plan)
        changes = [replace(change, file=None, line=None) for change in document.changes]
        return changes, document.promotions, document.counts, document.digest

    first = shown(planned(*asked, has=tuple(rows)))
    random.shuffle(asked)
    random.shuffle(rows)
    assert shown(planned(*asked, has=tuple(rows))) == first


def test_an_alias_that_is_left_to_others_is_neither_taken_nor_released() -> None:
    made = declaration(version(1), version(2, "v-a"), ignore=["/version_alias"])
    plan = plan_of(made, has=(registered(1, version_alias="v-a"), registered(2)))
    assert plan.changes == ()
    assert plan.promotions == ()
