"""What there is to show of a plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.diff import MISSING
from reconciler.planning.describe import describe_plan
from reconciler.planning.document import PlanDocument
from reconciler.report.view import (
    ChangeView,
    FieldView,
    describe_comparison,
    describe_left_alone,
    format_summary,
    format_value,
    view_change,
    view_changes,
    view_changes_briefly,
)
from tests.support.builders import LEFT_OUT, declaration, described, external, manifest, plan_of, registered
from tests.support.documents import change


def only(plan: PlanDocument) -> ChangeView:
    (view,) = view_changes(plan)
    return view


def test_a_creation_shows_every_field_but_its_identity_contents_first() -> None:
    fields: dict[str, Any] = {
        "metadata": {"a": 1},
        "run_id": "r",
        "step": 5,
        "description": "text",
        "version_alias": "v-a",
    }
    assert only(described(manifest(**fields))) == ChangeView(
        "create",
        "fraud/scorer:1",
        "0.json:1",
        (
            FieldView("source", None, "external s3://models/scorer/1"),
            FieldView("version_alias", None, '"v-a"'),
            FieldView("description", None, '"text"'),
            FieldView("step", None, "5"),
            FieldView("run_id", None, '"r"'),
            FieldView("metadata.a", None, "1"),
        ),
        file="0.json",
        line=1,
    )


def test_a_managed_source_without_a_uri_is_shown_by_its_type() -> None:
    view = only(described(manifest(source={"type": "truefoundry"})))
    assert view.fields[0] == FieldView("source", None, "truefoundry")


def test_an_update_shows_only_what_differs_down_to_the_key() -> None:
    has = registered(1, description="old", metadata={"a": {"b": 1, "c": [1]}, "d": 1})
    view = only(
        described(manifest(description=None, metadata={"a": {"b": True, "c": [1, 2]}, "d": 1}), has=(has,))
    )
    assert view.fields == (
        FieldView("description", '"old"', "(none)"),
        FieldView("metadata.a.b", "1", "true"),
        FieldView("metadata.a.c", "[1]", "[1, 2]"),
    )


NESTED = {"training": {"epochs": 3, "data": {"rows": 5, "notes": None}}, "empty": {}, "list": [{"a": 1}]}
NESTED_PARTS = [
    ("metadata.empty", "{}"),
    ("metadata.list", '[{"a": 1}]'),
    ("metadata.training.data.notes", "null"),
    ("metadata.training.data.rows", "5"),
    ("metadata.training.epochs", "3"),
]


def test_nested_metadata_is_shown_by_path_whatever_side_it_stands_alone_on() -> None:
    created = only(described(manifest(metadata=NESTED)))
    added = only(described(manifest(metadata=NESTED), has=(registered(1),)))
    removed = only(described(manifest(metadata={}), has=(registered(1, metadata=NESTED),)))
    assert created.fields[1:] == tuple(FieldView(path, None, text) for path, text in NESTED_PARTS)
    assert added.fields == tuple(FieldView(path, "(none)", text) for path, text in NESTED_PARTS)
    assert removed.fields == tuple(FieldView(path, text, "(none)") for path, text in NESTED_PARTS)


def test_a_long_key_is_not_repeated_for_each_of_the_parts_below_it() -> None:
    key, parts = "k" * 300, {str(number): number for number in range(1_000)}
    view = only(described(manifest(metadata={key: parts})))
    assert [field.path for field in view.fields[1:]] == [f"metadata.{key}"]


def test_a_field_that_appears_had_nothing_before() -> None:
    view = only(described(manifest(version_alias="v-a"), has=(registered(1),)))
    assert view.fields == (FieldView("version_alias", "(none)", '"v-a"'),)


def test_a_conflict_shows_what_differs_why_it_can_not_be_and_what_to_do() -> None:
    view = only(described(manifest(source=external("s3://other")), has=(registered(1),)))
    assert view.fields == (FieldView("source.uri", '"s3://models/scorer/1"', '"s3://other"'),)
    assert view.note == "source of a registered version can not change"
    assert view.hint == "declare it as a new version: 2 is free"


def test_a_version_that_loses_its_alias_says_to_whom() -> None:
    has = (registered(1, version_alias="v-prod"), registered(2))
    release, taker = view_changes(described(manifest(version=2, version_alias="v-prod"), has=has))
    assert (release.note, release.place) == ("v-prod moves to :2", "no manifest")
    assert (taker.note, taker.place) == ("", "0.json:1")


@pytest.mark.parametrize(
    ("commit", "in_work_tree", "expected"),
    [
        ("0123456789abcdef", False, "commit 0123456789"),
        ("0123456789abcdef", True, "the work tree at 0123456789"),
        (None, True, "the work tree, without a commit"),
    ],
)
def test_the_headline_says_what_is_compared(commit: str | None, expected: str, *, in_work_tree: bool) -> None:
    plan = describe_plan(plan_of(declaration(manifest()), commit=commit, in_work_tree=in_work_tree))
    assert describe_comparison(plan) == f"https://example.com (api ml, tenant example) against {expected}"


def test_the_summary_counts_everything() -> None:
    plan = described(
        manifest(),
        manifest(version=2, description="new"),
        manifest(version=3, step=1),
        manifest(version=4),
        manifest(version=5),
        {"type": "service", "ml_repo": "a"},
        {"type": "service"},
        {"type": "workflow"},
        has=tuple(registered(version) for version in (1, 2, 3)),
        others=1,
    )
    assert format_summary(plan) == "2 to create, 1 to update, 1 in conflict, 1 unchanged"
    assert describe_left_alone(plan) == (
        "1 document of other types, 2 other files, 1 registered version not declared"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "(none)"),
        (MISSING, "(none)"),
        ("", '""'),
        ("(none)", '"(none)"'),
        (1, "1"),
        (1.0, "1.0"),
        (True, "true"),
        ([1, None], "[1, null]"),
        ({"é": "日本"}, '{"é": "日本"}'),
        ("a\nb", '"a\\nb"'),
    ],
)
def test_a_value_is_shown_so_that_its_type_can_be_seen(value: Any, expected: str) -> None:
    assert format_value(value, ("description",)) == expected


def test_a_page_shows_as_much_as_can_be_read_of_a_long_text() -> None:
    has = registered(1, description="a" * 400, metadata={"k" * 400: 1, "same": "x" * 400})
    after = {"same": "x" * 399 + "y", "new": "z" * 400}
    (view,) = view_changes_briefly(described(manifest(description="b", metadata=after), has=(has,)))
    by_path = {field.path: field for field in view.fields}
    assert by_path["description"] == FieldView("description", f'"{"a" * 400}"', '"b"')
    assert by_path["metadata.same"] == FieldView("metadata.same", f'...{"x" * 293}"', f'...{"x" * 292}y"')
    assert by_path["metadata.new"] == FieldView("metadata.new", "(none)", f'"{"z" * 400}"')
    (key,) = [path for path in by_path if "k" in path]
    assert key == f"metadata.{'k' * 288}..."


def test_a_new_value_is_cut_on_a_page() -> None:
    (view,) = view_changes_briefly(described(manifest(description="a" * 400)))
    assert view.fields[1] == FieldView("description", None, f'"{"a" * 296}...')


def test_a_long_name_keeps_its_version() -> None:
    assert only(described(manifest(name="a" * 80))).label == f"fraud/{'a' * 80}:1"


def test_a_credential_is_masked_in_a_label() -> None:
    secret = external("https://user:hunter2hunter2@example.com/x")
    plan = described(manifest(version=LEFT_OUT, source=secret))
    assert only(plan).label.startswith("fraud/scorer (*** (sha256:")
    assert "hunter2" not in str(list(view_changes(plan)))


def test_contents_fill_up_a_label() -> None:
    long = only(described(manifest(version=LEFT_OUT, source=external("s3://" + "a" * 80)))).label
    assert long == f"fraud/scorer (s3://{'a' * 37}...)"
    assert len(long) == 60


def test_an_unpinned_version_is_labelled_by_what_names_it() -> None:
    by_alias = only(described(manifest(version=LEFT_OUT, version_alias="v-a")))
    by_contents = only(described(manifest(version=LEFT_OUT)))
    assert by_alias.label == "fraud/scorer@v-a"
    assert by_contents.label == "fraud/scorer (s3://models/scorer/1)"


def test_the_headline_names_the_tenant_and_says_whether_there_are_edits() -> None:
    document = described(manifest())
    source, target = (
        replace(document.source, in_work_tree=True, is_dirty=True),
        replace(document.target, tenant=None),
    )
    assert (
        describe_comparison(document)
        == "https://example.com (api ml, tenant example) against commit 0123456789"
    )
    assert describe_comparison(replace(document, source=source, target=target)) == (
        "https://example.com (api ml) against the work tree at 0123456789, edited"
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"notes": None}, {}, ("metadata.notes", "null", "(none)")),
        ({}, {"notes": None}, ("metadata.notes", "(none)", "null")),
        ({"notes": "x"}, {"notes": None}, ("metadata.notes", '"x"', "null")),
        ({"a": {"notes": None}}, {"a": {}}, ("metadata.a.notes", "null", "(none)")),
    ],
)
def test_a_null_in_metadata_is_told_from_a_key_that_is_not_there(
    before: dict[str, Any], after: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    old, new = ({"metadata": metadata, "description": None} for metadata in (before, after))
    view = view_change(change(before=old, after={**new, "description": "x"}), {})
    told = [(field.path, field.before, field.after) for field in view.fields]
    assert told == [("description", "(none)", '"x"'), expected]
