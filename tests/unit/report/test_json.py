"""Plans and outcomes for programs; whole documents are in `test_golden`."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonpatch
from hypothesis import given

from reconciler.apply.outcome import Outcome, Result
from reconciler.diff import same
from reconciler.report.json import apply_document, plan_document
from tests.support.builders import COMMIT, HOST, LEFT_OUT, manifest, planned, registered
from tests.support.manifests import json_documents


def test_a_plan_says_its_format_source_control_plane_and_counts() -> None:
    document = plan_document(planned(manifest(), {"type": "service"}, others=2))
    assert document["format_version"] == "0.1"
    assert document["source"] == {"commit": COMMIT, "work_tree": False}
    assert document["control_plane"] == {"host": HOST, "api": "ml"}
    assert document["counts"] == {
        "create": 1,
        "update": 0,
        "conflict": 0,
        "unchanged": 0,
        "other_documents": 1,
        "undeclared": 2,
    }


def test_a_creation_has_nothing_before_and_a_patch_that_makes_it() -> None:
    (change,) = plan_document(planned(manifest()))["changes"]
    assert change == {
        "action": "create",
        "ml_repo": "fraud",
        "name": "scorer",
        "version": 1,
        "file": "0.json",
        "line": 1,
        "before": None,
        "after": manifest(),
        "patch": [{"op": "add", "path": "", "value": manifest()}],
    }


def test_an_unpinned_creation_has_no_version() -> None:
    (change,) = plan_document(planned(manifest(version=LEFT_OUT)))["changes"]
    assert change["version"] is None


def test_a_conflict_says_why_and_what_to_do() -> None:
    (change,) = plan_document(planned(manifest(step=1), has=(registered(1),)))["changes"]
    assert change["action"] == "conflict"
    assert change["reason"] == "step of a registered version can not change"
    assert change["hint"] == "declare it as a new version: 2 is free"


def test_a_release_without_a_manifest_has_no_place_and_the_move_is_a_promotion() -> None:
    has = (registered(1, version_alias="v-a"), registered(2))
    document = plan_document(planned(manifest(version=2, version_alias="v-a"), has=has))
    assert (document["changes"][0]["file"], document["changes"][0]["line"]) == (None, None)
    assert document["promotions"] == [
        {"ml_repo": "fraud", "name": "scorer", "alias": "v-a", "from": 1, "to": 2}
    ]


@given(json_documents(), json_documents())
def test_the_patch_of_an_update_leads_from_before_to_after(
    ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    asked = {key: value for key, value in ours.items() if not key.startswith(".truefoundry")}
    for change in plan_document(planned(manifest(metadata=asked), has=(registered(1, metadata=theirs),)))[
        "changes"
    ]:
        patched = jsonpatch.apply_patch(copy.deepcopy(change["before"]), change["patch"])
        assert same(patched, change["after"])


@given(json_documents())
def test_every_document_is_json(metadata: dict[str, Any]) -> None:
    asked = {key: value for key, value in metadata.items() if not key.startswith(".truefoundry")}
    document = plan_document(planned(manifest(metadata=asked)))
    assert same(json.loads(json.dumps(document, allow_nan=False)), document)


def test_outcomes_stand_beside_the_plan_in_its_order() -> None:
    plan = planned(manifest(version=LEFT_OUT, version_alias="v-a"), manifest(version=2))
    outcomes = [
        Outcome(plan.changes[0], Result.FAILED, None, "why", "do"),
        Outcome(plan.changes[1], Result.CREATED, 7),
    ]
    document = apply_document(plan, outcomes)
    assert document["changes"] == plan_document(plan)["changes"]
    assert document["outcomes"] == [
        {
            "result": "failed", "ml_repo": "fraud", "name": "scorer", "version": 2,
            "action": "create", "message": "why", "hint": "do",
        },
        {
            "result": "created", "ml_repo": "fraud", "name": "scorer", "version": 7,
            "action": "create", "message": "", "hint": "",
        },
    ]  # fmt: skip
