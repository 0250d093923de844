"""What stands in the way of a plan, as problems of every format that tells them."""

from __future__ import annotations

from sarif_kit.validate import validation_errors

from reconciler.errors import Place, Problem
from reconciler.planning.document import GuardResult, PlanDocument
from reconciler.report.ci.annotations import render_annotations
from reconciler.report.ci.junit import render_junit
from reconciler.report.ci.plan_problems import find_plan_problems
from reconciler.report.ci.sarif import make_sarif_log
from reconciler.report.view import view_changes
from tests.support.documents import Changes, change, document
from tests.support.judges import Command, runner_commands
from tests.support.xml import read_xml


def commands(plan: PlanDocument) -> list[Command]:
    return runner_commands("".join(f"{line}\n" for line in render_annotations(find_plan_problems(plan))))


def test_a_conflict_is_an_error_at_its_manifest() -> None:
    (command,) = commands(document(change(1), change(2, "conflict", line=7)))
    assert command.name == "error"
    assert command.properties["file"] == "models/scorer-2.yaml"
    assert command.properties["line"] == "7"
    assert command.data == (
        "fraud/scorer-2:1: source of a registered version can not change"
        " (declare it as a new version: 2 is free)"
    )


def test_a_conflict_whose_field_was_looked_for_is_an_error_at_the_field() -> None:
    plan = document(change(2, "conflict", line=7, at=Place("models/scorer-2.yaml", 9, 12)))
    (command,) = commands(plan)
    assert (command.properties["line"], command.properties["col"]) == ("9", "12")
    (view,) = view_changes(plan)
    assert (view.place, view.line) == ("models/scorer-2.yaml:9", 9)


def test_a_guard_is_an_error_unless_it_was_allowed() -> None:
    (command,) = commands(document(guard=GuardResult(("9 of 10 registered versions",))))
    assert command.name == "error"
    assert command.data.startswith("9 of 10 registered versions (")
    assert "--allow-mass-change" in command.data
    (command,) = commands(document(guard=GuardResult(("9 of 10 registered versions",), is_waived=True)))
    assert command.name == "warning"
    assert "--allow-mass-change" not in command.data


def test_warnings_about_manifests_are_warnings() -> None:
    warning = Problem(Place("a.yaml", 1, 2), "similar-type", "looks wrong", severity="warning")
    (command,) = commands(document(diagnostics=(warning,)))
    assert (command.name, command.properties["title"]) == ("warning", "similar-type")


DELETION = change(
    1, "delete", file=None, line=None, after={}, commit="f" * 40, author="Ada", date="2026-01-31T09:30:00Z",
    in_use=("alias v-prod",), waits_for="fraud/x:1",
)  # fmt: skip


def test_a_deletion_is_a_warning_of_no_place_that_says_what_removed_its_manifest() -> None:
    (command,) = commands(document(DELETION))
    assert (command.name, command.properties) == ("warning", {"title": "deletion"})
    assert command.data == (
        "fraud/scorer-1:1 would be deleted: removed in ffffffffff by Ada on 2026-01-31;"
        " still in use: alias v-prod; waits until nothing is in conflict, as fraud/x:1 is"
    )


def test_a_deletion_is_in_a_sarif_log_and_in_a_junit_document() -> None:
    found = find_plan_problems(document(DELETION))
    log = make_sarif_log(found)
    assert list(validation_errors(log)) == []
    (told,) = log["runs"][0]["results"]
    assert (told["ruleId"], told["level"], told["locations"]) == ("deletion", "warning", [])
    (suite,) = read_xml("\n".join(render_junit(found, "plan")))
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")


def test_changes_that_nothing_stands_in_the_way_of_are_not_annotated() -> None:
    assert commands(document(change(1), change(2, "create"))) == []


def test_the_worst_nine_are_annotated_and_the_rest_is_counted() -> None:
    changes = Changes(3_000, lambda number: change(number, "conflict"))
    found = commands(document(changes=changes, guard=GuardResult(("9 of 10",))))
    assert len(found) == 10
    assert found[0].data.startswith("9 of 10")
    assert found[-1].data == "and 2,992 more, listed in the log"


BLOCKED = document(change(1, "conflict", line=7), guard=GuardResult(("9 of 10 registered versions",)))


def test_a_sarif_log_of_a_plan_keeps_to_the_schema_and_has_no_place_for_the_guard() -> None:
    log = make_sarif_log(find_plan_problems(BLOCKED))
    assert list(validation_errors(log)) == []
    guard, conflict = log["runs"][0]["results"]
    assert (guard["ruleId"], guard["level"], guard["locations"]) == ("guard", "error", [])
    place = conflict["locations"][0]["physicalLocation"]
    assert (conflict["ruleId"], place["region"]["startLine"]) == ("conflict", 7)


def test_a_junit_document_of_a_plan_fails_for_the_guard_and_for_each_conflict() -> None:
    root = read_xml("\n".join(render_junit(find_plan_problems(BLOCKED), "plan")))
    assert (root.get("name"), root.get("failures")) == ("reconciler plan", "2")
    assert [suite.get("name") for suite in root] == ["reconciler plan", "models/scorer-1.yaml"]


def test_a_rule_that_only_a_newer_version_knows_is_reported_without_a_page() -> None:
    warning = Problem(Place("a.yaml", 1, 2), "rule-of-tomorrow", "looks wrong", severity="warning")
    log = make_sarif_log(find_plan_problems(document(diagnostics=(warning,))))
    assert list(validation_errors(log)) == []
    assert [result["ruleId"] for result in log["runs"][0]["results"]] == ["rule-of-tomorrow"]
    assert log["runs"][0]["tool"]["driver"]["rules"] == []
