"""From a plan to its document."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import reconciler
from reconciler.model import Artifact
from reconciler.planning.describe import describe_change, describe_plan
from reconciler.planning.document import ChangeDocument, PromotionDocument
from tests.support.builders import (
    LEFT_OUT,
    described,
    external,
    load_manifests,
    manifest,
    plan_of,
    planned,
    registered,
    snapshot,
)

SECRET = "hunter2hunter2"  # noqa: S105  a made-up one


def test_a_change_says_what_it_is_about_where_it_stands_and_what_is_on_both_sides() -> None:
    has = registered(1, description="old")
    (change,) = described(manifest(description="new"), has=(has,)).changes
    assert replace(change, left_alone=()) == ChangeDocument(
        action="update",
        artifact=Artifact("fraud", "scorer"),
        version=1,
        id=has.id,
        fqn=has.fqn,
        file="0.json",
        line=1,
        before=has.document,
        after={**has.document, "description": "new"},
    )


def test_a_version_that_is_not_registered_has_no_id_and_nothing_before() -> None:
    (change,) = described(manifest(version=LEFT_OUT)).changes
    assert (change.id, change.fqn, change.before, change.version) == (None, None, None, None)


def test_a_version_that_only_gives_up_its_alias_has_no_manifest() -> None:
    has = (registered(1, version_alias="v-a"),)
    release, _ = described(manifest(version=2, version_alias="v-a"), has=has).changes
    assert (release.file, release.line, release.version) == (None, None, 1)


def test_a_conflict_says_why_and_what_waits_says_for_what() -> None:
    conflict, waiting = described(manifest(step=1), manifest(version=2), has=(registered(1),)).changes
    assert (conflict.reason, conflict.hint, conflict.waits_for) == (
        "step of a registered version can not change",
        "declare it as a new version: 3 is free",
        "",
    )
    assert (waiting.reason, waiting.hint, waiting.waits_for) == ("", "", "fraud/scorer:1")


def test_credentials_stand_as_their_fingerprints_wherever_they_are() -> None:
    uri = f"https://user:{SECRET}@example.com/x"
    has = registered(1, metadata={"password": SECRET, "nested": [{"api_key": SECRET}]})
    document = described(
        manifest(metadata={"password": f"{SECRET}!"}, description="x"),
        manifest(name="other", version=LEFT_OUT, source=external(uri)),
        has=(has,),
    )
    assert SECRET not in repr(list(document.changes))
    (change,) = (change for change in document.changes if change.before)
    before: Any = change.before
    after: Any = change.after
    assert before["metadata"]["password"] != after["metadata"]["password"]
    assert before["metadata"]["nested"][0]["api_key"].startswith("*** (sha256:")


def test_changes_are_described_anew_whenever_they_are_walked_over() -> None:
    changes: Collection[object] = described(manifest(), manifest(version=2)).changes
    assert len(changes) == 2
    assert list(changes) == list(changes)
    assert next(iter(changes)) is not next(iter(changes))
    assert describe_change(planned(manifest()).changes[0]) in changes
    assert "fraud/scorer:1" not in changes


OTHERS: tuple[dict[str, Any], ...] = ({"type": "service", "ml_repo": "a"}, {"type": "service"}, {"a": 1})


def test_a_document_says_what_was_read_what_was_asked_and_how_much_there_is() -> None:
    plan = planned(manifest(), manifest(version=2), *OTHERS, has=(registered(1),), others=3)
    document = describe_plan(plan)
    assert (document.tool_version, document.source, document.target, document.scope) == (
        reconciler.__version__, plan.source, plan.target, plan.scope,
    )  # fmt: skip
    assert document.counts == {
        "create": 1, "update": 0, "delete": 0, "conflict": 0, "unchanged": 1, "orphan": 0,
        "other_documents": 1, "other_files": 2, "undeclared": 3,
    }  # fmt: skip


def test_promotions_are_reported() -> None:
    has = (registered(1, version_alias="v-a"),)
    document = described(manifest(version=2, version_alias="v-a"), has=has)
    assert document.promotions == (PromotionDocument(Artifact("fraud", "scorer"), "v-a", 1, 2),)


def test_warnings_about_manifests_are_diagnostics() -> None:
    found = load_manifests(
        snapshot({"a.yaml": "type: artifact_version\nml_repo: a\n", "b.yaml": "type: workflow\n"})
    )
    document = describe_plan(plan_of(found))
    assert [(problem.severity, problem.place.file) for problem in document.diagnostics] == [
        ("warning", "a.yaml")
    ]


def test_the_guard_counts_what_manifests_and_changes_are_about() -> None:
    has = [registered(version, version_alias=f"v-{version}") for version in range(1, 11)]
    others = tuple(registered(version, name="other") for version in range(1, 100))
    # Four of ten: two manifests take the aliases of two versions that have none.
    asked = [manifest(version=number, version_alias=f"v-{number + 2}") for number in (1, 2)]
    plan = planned(*asked, *(manifest(version=number) for number in range(5, 11)), has=(*has, *others))
    assert plan.counts["update"] == 4
    (violation,) = describe_plan(plan).guard.violations
    assert violation == "4 of 10 registered versions (40 %) would be updated, more than 30 %"
    assert describe_plan(plan, allows_mass_change=True).guard.is_waived
