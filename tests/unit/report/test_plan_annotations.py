"""What stands in the way of a plan, annotated."""

from __future__ import annotations

from reconciler.errors import Place, Problem
from reconciler.plan.document import GuardResult, PlanDocument
from reconciler.report.plan_annotations import plan_annotations
from tests.support.documents import Changes, change, document
from tests.support.judges import Command, runner_commands


def commands(plan: PlanDocument) -> list[Command]:
    return runner_commands("".join(f"{line}\n" for line in plan_annotations(plan)))


def test_a_conflict_is_an_error_at_its_manifest() -> None:
    (command,) = commands(document(change(1), change(2, "conflict", line=7)))
    assert command.name == "error"
    assert command.properties["file"] == "models/scorer-2.yaml"
    assert command.properties["line"] == "7"
    assert command.data == (
        "fraud/scorer-2:1: source of a registered version can not change"
        " (declare it as a new version: 2 is free)"
    )


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


def test_changes_that_nothing_stands_in_the_way_of_are_not_annotated() -> None:
    assert commands(document(change(1), change(2, "create"))) == []


def test_the_worst_nine_are_annotated_and_the_rest_is_counted() -> None:
    changes = Changes(3_000, lambda number: change(number, "conflict"))
    found = commands(document(changes=changes, guard=GuardResult(("9 of 10",))))
    assert len(found) == 10
    assert found[0].data.startswith("9 of 10")
    assert found[-1].data == "and 2992 more, listed in the log"
