"""Plans and outcomes for programs; whole documents are in `test_golden`."""

from __future__ import annotations

import copy
import json
from hashlib import sha256
from typing import Any

import jsonpatch
from hypothesis import given

from reconciler.applying.document import ApplyDocument, describe_outcome
from reconciler.applying.outcome import Outcome, Result
from reconciler.diff import are_same
from reconciler.planfile.write import (
    add_checksum,
    format_apply_json,
    format_plan_json,
    make_begin_json,
    make_end_json,
    make_outcome_event_json,
)
from reconciler.planning.describe import Describer, describe_plan
from reconciler.planning.document import ChangeDocument, PlanDocument
from tests.support.builders import COMMIT, HOST, LEFT_OUT, TENANT, described, manifest, planned, registered
from tests.support.documents import Changes, change, document
from tests.support.manifests import json_documents

RUN = {"actor": "ada", "url": "https://ci.example.com/7"}


def written(plan: PlanDocument) -> Any:
    """A plan as a reader of JSON has it."""
    return json.loads("\n".join(add_checksum(format_plan_json(plan))))


def test_a_plan_says_its_format_source_control_plane_and_counts() -> None:
    plan = written(described(manifest(), {"type": "service", "ml_repo": "a"}, {"a": 1}, others=2))
    assert plan["format_version"] == "1.0"
    assert (plan["source"]["commit"], plan["source"]["work_tree"]) == (COMMIT, False)
    assert plan["control_plane"] == {"host": HOST, "api": "ml", "tenant": TENANT}
    assert plan["counts"] == {
        "create": 1,
        "update": 0,
        "delete": 0,
        "conflict": 0,
        "unchanged": 0,
        "orphan": 0,
        "other_documents": 1,
        "other_files": 1,
        "undeclared": 2,
    }


def test_a_creation_has_nothing_before_and_a_patch_that_makes_it() -> None:
    (told,) = written(described(manifest()))["changes"]
    assert (told["action"], told["id"], told["fqn"], told["before"]) == ("create", None, None, None)
    assert (told["file"], told["line"]) == ("0.json", 1)
    assert told["after"] == manifest()
    assert told["patch"] == [{"op": "add", "path": "", "value": manifest()}]


def test_an_unpinned_creation_has_no_version() -> None:
    (told,) = written(described(manifest(version=LEFT_OUT)))["changes"]
    assert told["version"] is None


def test_an_update_says_which_version_it_rests_on_and_tests_what_it_replaces() -> None:
    has = registered(1, description="old", metadata={"a": 1})
    (told,) = written(described(manifest(description="new", metadata={}), has=(has,)))["changes"]
    assert (told["id"], told["fqn"]) == (has.id, has.fqn)
    assert told["before"] == has.document
    assert sorted(told["patch"], key=lambda operation: operation["path"]) == [
        {"op": "test", "path": "/description", "value": "old"},
        {"op": "replace", "path": "/description", "value": "new"},
        {"op": "test", "path": "/metadata/a", "value": 1},
        {"op": "remove", "path": "/metadata/a"},
    ]


def test_a_conflict_says_why_and_what_to_do() -> None:
    (told,) = written(described(manifest(step=1), has=(registered(1),)))["changes"]
    assert told["action"] == "conflict"
    assert told["reason"] == "step of a registered version can not change"
    assert told["hint"] == "declare it as a new version: 2 is free"


def test_a_release_without_a_manifest_has_no_place_and_the_move_is_a_promotion() -> None:
    has = (registered(1, version_alias="v-a"), registered(2))
    plan = written(described(manifest(version=2, version_alias="v-a"), has=has))
    assert (plan["changes"][0]["file"], plan["changes"][0]["line"]) == (None, None)
    assert plan["promotions"] == [{"ml_repo": "fraud", "name": "scorer", "alias": "v-a", "from": 1, "to": 2}]


@given(json_documents(), json_documents())
def test_the_patch_of_an_update_leads_from_before_to_after(
    ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    asked = {key: value for key, value in ours.items() if not key.startswith(".truefoundry")}
    plan = described(manifest(metadata=asked), has=(registered(1, metadata=theirs),))
    for told in written(plan)["changes"]:
        patched = jsonpatch.apply_patch(copy.deepcopy(told["before"]), told["patch"])
        assert are_same(patched, told["after"])


def test_the_checksum_is_of_every_byte_before_its_line() -> None:
    data = "".join(f"{line}\n" for line in add_checksum(format_plan_json(described(manifest())))).encode()
    body, end = data[: data.rindex(b'  "checksum"')], data[data.rindex(b'  "checksum"') :]
    assert end == b'  "checksum": "%s"\n}\n' % sha256(body).hexdigest().encode()


def test_each_change_stands_on_a_line_of_its_own() -> None:
    plan = document(changes=Changes(3))
    lines = "\n".join(add_checksum(format_plan_json(plan))).split("\n")
    start = lines.index('  "changes": [')
    assert [json.loads(line.rstrip(","))["name"] for line in lines[start + 1 : start + 4]] == [
        "scorer-0",
        "scorer-1",
        "scorer-2",
    ]
    assert lines[start + 4] == "  ],"


def test_changes_are_written_as_they_are_come_to() -> None:
    made: list[int] = []

    def make(number: int) -> ChangeDocument:
        made.append(number)
        return change(number)

    lines = format_plan_json(document(changes=Changes(100, make), counts={}))
    del made[:]
    for _ in range(12):
        next(lines)
    assert 0 < len(made) <= 12


def test_a_text_that_a_runner_would_obey_is_written_so_that_it_does_not() -> None:
    plan = described(manifest(description="##[error]a ##vso[task] \x1b[31m \u202e"))
    text = "\n".join(format_plan_json(plan))
    assert "##[" not in text
    assert "\x1b" not in text
    assert written(plan)["changes"][0]["after"]["description"] == "##[error]a ##vso[task] \x1b[31m \u202e"


def test_a_stream_without_unicode_gets_a_document_without_it() -> None:
    plan = described(manifest(description="é→"))
    assert "\n".join(format_plan_json(plan, ascii_only=True)).isascii()
    assert "é→" in "\n".join(format_plan_json(plan))


def applied() -> ApplyDocument:
    plan = planned(manifest(version=LEFT_OUT, version_alias="v-a"), manifest(version=2))
    outcomes = [
        Outcome(plan.changes[0], Result.FAILED, None, "why", "do", 0.25, 1.5, 2, "r-7"),
        Outcome(plan.changes[1], Result.CREATED, 7),
    ]
    describer = Describer(plan)
    found = tuple(describe_outcome(outcome, describer) for outcome in outcomes)
    return ApplyDocument(describe_plan(plan), found, 2, 3)


def test_outcomes_stand_beside_the_plan_in_its_order() -> None:
    told = json.loads("\n".join(add_checksum(format_apply_json(applied()))))
    assert told["changes"] == written(applied().plan)["changes"]
    assert (told["planned"], told["exit_code"]) == (2, 3)
    assert told["outcomes"] == [
        {
            "result": "failed", "ml_repo": "fraud", "name": "scorer", "version": 2, "action": "create",
            "message": "why", "hint": "do", "began": 0.25, "seconds": 1.5,
            "attempts": 2, "request_id": "r-7",
        },
        {
            "result": "created", "ml_repo": "fraud", "name": "scorer", "version": 7, "action": "create",
            "message": "", "hint": "", "began": None, "seconds": None,
            "attempts": 0, "request_id": None,
        },
    ]  # fmt: skip


def test_a_report_begins_with_the_plan_and_tells_the_change_of_each_outcome() -> None:
    document, plan = applied(), written(applied().plan)
    begin = make_begin_json(document.plan, RUN)
    del plan["checksum"]
    assert begin == {"event": "begin", **plan, "changes": 2, "run": RUN}
    assert begin["digest"] == document.plan.digest
    lines = [make_outcome_event_json(outcome) for outcome in document.outcomes]
    assert [line["change"] for line in lines] == plan["changes"]
    assert make_end_json(document.outcomes, 3) == {
        "event": "end",
        "counts": {"created": 1, "failed": 1},
        "exit_code": 3,
    }
