"""Differences that are no changes, and why they are none."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.planning.describe import describe_plan
from reconciler.planning.document import ChangeDocument
from tests.support.builders import declaration, manifest, plan_of, planned, registered


def only(
    given: dict[str, Any],
    has: dict[str, Any],
    ignore: tuple[str, ...] = (),
    normalise: tuple[str, ...] = (),
) -> ChangeDocument:
    """The one change of a manifest whose description is to change."""
    found = declaration(manifest(description="new", **given), ignore=ignore, normalise=normalise)
    (change,) = describe_plan(plan_of(found, (registered(1, description="old", **has),))).changes
    return change


def left(
    given: dict[str, Any],
    has: dict[str, Any],
    ignore: tuple[str, ...] = (),
    normalise: tuple[str, ...] = (),
) -> dict[str, str]:
    """What is left alone but for the step, which is registered as 0 and mostly not declared."""
    change = only(given, has, ignore, normalise)
    return {each.path: each.reason for each in change.left_alone if each.path != "/step"}


def test_what_a_manifest_does_not_give_is_not_declared() -> None:
    assert left({}, {"version_alias": "v-a", "run_id": "r"}) == {
        "/run_id": "undeclared",
        "/version_alias": "undeclared",
    }
    stored = {"source": {"type": "truefoundry", "uri": "s3://a"}}
    assert left({"source": {"type": "truefoundry"}}, stored) == {"/source/uri": "undeclared"}


def test_a_default_that_the_control_plane_has_filled_in_is_not_declared() -> None:
    assert [(each.path, each.reason) for each in only({}, {}).left_alone] == [("/step", "undeclared")]


def test_what_is_not_there_on_either_side_is_no_difference() -> None:
    assert left({"version_alias": None}, {"run_id": None}) == {}


def test_metadata_of_the_platform_is_internal() -> None:
    has = {"metadata": {".truefoundry": {"size": 1}, ".truefoundry/~x": 1, "a": 1}}
    assert left({"metadata": {"a": 1}}, has) == {
        "/metadata/.truefoundry": "internal",
        "/metadata/.truefoundry~1~0x": "internal",
    }


def test_what_the_settings_leave_to_others_is_ignored() -> None:
    has = {"metadata": {"a": 2, "b": {"c": 3}, "d": [1, 2]}}
    given = {"metadata": {"a": 1, "b": {}, "d": [9, 2]}}
    assert left(given, has, ("/metadata/a", "/metadata/b", "/metadata/d/0")) == {
        "/metadata/a": "ignored",
        "/metadata/b/c": "ignored",
        "/metadata/d": "ignored",
    }


def test_another_way_to_write_the_same_is_normalised() -> None:
    has = {"metadata": {"a": "text", "b": [{"c": 1}]}}
    given = {"metadata": {"a": " text ", "b": [{"c": 1.0, "d": None}], "e": None}}
    assert left(given, has, normalise=("trim", "drop-null")) == {
        "/metadata/a": "normalised",
        "/metadata/b": "normalised",
    }
    assert left(given, has) == {}


def test_what_changes_is_not_left_alone() -> None:
    change = only({"metadata": {"a": 1}, "version_alias": "v-a"}, {"metadata": {"a": 2, "b": 3}})
    assert {each.path for each in change.left_alone} == {"/step"}


def test_a_conflict_tells_what_it_leaves_alone_as_well() -> None:
    has = registered(1, run_id="r", metadata={".truefoundry": 1})
    (change,) = describe_plan(planned(manifest(step=7), has=(has,))).changes
    assert change.action == "conflict"
    assert [(each.path, each.reason) for each in change.left_alone] == [
        ("/metadata/.truefoundry", "internal"),
        ("/run_id", "undeclared"),
    ]


@pytest.mark.parametrize("version", [1, 2])
def test_without_a_manifest_or_a_registered_version_there_is_nothing_to_compare(version: int) -> None:
    has = (registered(1, version_alias="v-a"),)
    for change in describe_plan(planned(manifest(version=2, version_alias="v-a"), has=has)).changes:
        if change.version == version:
            assert change.left_alone == ()
