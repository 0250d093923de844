"""A plan with one line for each change."""

from __future__ import annotations

from reconciler.planning.document import GuardResult, PlanDocument
from reconciler.report.text.concise import render_concise_plan
from tests.support.builders import described, manifest, registered
from tests.support.documents import change, document


def lines(plan: PlanDocument) -> list[str]:
    return [line.text for line in render_concise_plan(plan)]


def test_each_change_has_a_line_with_place_action_identity_and_what_it_is_about() -> None:
    assert lines(document(change(1), change(2, "create"), change(3, "conflict"))) == [
        "models/scorer-1.yaml:1: update fraud/scorer-1:1: description",
        "models/scorer-2.yaml:1: create fraud/scorer-2:1",
        (
            "models/scorer-3.yaml:1: conflict fraud/scorer-3:1: source of a registered version can not"
            " change; declare it as a new version: 2 is free"
        ),
    ]


def test_a_version_that_only_gives_up_its_alias_has_no_place() -> None:
    plan = described(manifest(version=2, version_alias="v-a"), has=(registered(1, version_alias="v-a"),))
    assert lines(plan)[0] == "-: update fraud/scorer:1: v-a moves to :2; version_alias"


def test_a_guard_comes_first() -> None:
    guard = GuardResult(("9 of 10 registered versions",))
    assert lines(document(change(1), guard=guard))[0] == "guard: 9 of 10 registered versions"
    waived = GuardResult(guard.violations, is_waived=True)
    assert lines(document(guard=waived)) == ["guard: allowed: 9 of 10 registered versions"]


def test_nothing_to_do_is_no_line() -> None:
    assert lines(document()) == []


def test_a_line_stays_one() -> None:
    (line,) = lines(document(change(1, "conflict", reason="a\nb: \x1b[31m", hint="\r\u2028", file="x\ny")))
    assert line == r"x\ny:1: conflict fraud/scorer-1:1: a\nb: \x1b[31m; \r\u2028"
