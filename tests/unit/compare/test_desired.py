"""Who owns what: the document that a version is to have."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from reconciler.compare.desired import find_immutable_differences, join_field_names, make_desired_document
from reconciler.diff import are_same
from reconciler.model import Comparison
from tests.support.builders import LEFT_OUT, declared, external, manifest, registered
from tests.support.manifests import json_documents


def wanted(given_fields: dict[str, Any], has: dict[str, Any]) -> dict[str, Any]:
    """What a manifest wants of a registered version."""
    return dict(make_desired_document(declared(**given_fields), registered(1, **has)))


@pytest.mark.parametrize("field", ["description", "version_alias", "run_id", "step", "unknown_to_us"])
def test_a_field_that_is_left_out_keeps_its_registered_value(field: str) -> None:
    value: Any = 7 if field == "step" else "v-registered"
    assert wanted({}, {field: value})[field] == value


@pytest.mark.parametrize("field", ["description", "version_alias", "run_id"])
def test_null_clears_a_field(field: str) -> None:
    assert wanted({field: None}, {field: "v-registered"})[field] is None


def test_null_where_nothing_is_registered_asks_for_nothing() -> None:
    assert wanted({"description": None}, {}) == registered(1).document
    assert wanted({"description": None}, {"description": None})["description"] is None


def test_a_declared_field_takes_the_place_of_the_registered_one() -> None:
    assert wanted({"description": "new"}, {"description": "old"})["description"] == "new"
    assert wanted({"description": ""}, {"description": "old"})["description"] == ""


def test_a_version_that_is_not_numbered_keeps_its_registered_number() -> None:
    assert wanted({"version": LEFT_OUT}, {})["version"] == 1


def test_metadata_is_declared_as_a_whole() -> None:
    assert wanted({"metadata": {"a": 1}}, {"metadata": {"b": 2, "c": {"d": 3}}})["metadata"] == {"a": 1}
    assert wanted({"metadata": {}}, {"metadata": {"b": 2}})["metadata"] == {}


def test_internal_metadata_is_kept_as_registered() -> None:
    has = {".truefoundry": {"size": 1}, ".truefoundry_job": "x", "b": 2}
    assert wanted({"metadata": {"a": 1}}, {"metadata": has})["metadata"] == {
        "a": 1,
        ".truefoundry": {"size": 1},
        ".truefoundry_job": "x",
    }


@pytest.mark.parametrize("has", [LEFT_OUT, None, "text"])
def test_metadata_that_is_registered_as_no_mapping_is_replaced(has: object) -> None:
    assert wanted({"metadata": {"a": 1}}, {"metadata": has})["metadata"] == {"a": 1}


def test_a_source_keeps_the_parts_that_the_manifest_leaves_out() -> None:
    has = {"type": "truefoundry", "uri": "s3://store/1", "checksum": "abc"}
    assert wanted({"source": {"type": "truefoundry"}}, {"source": has})["source"] == has


def test_a_declared_part_of_a_source_takes_the_place_of_the_registered_one() -> None:
    assert wanted({"source": external("s3://new")}, {"source": external("s3://old")})["source"] == external(
        "s3://new"
    )


@pytest.mark.parametrize("has", [LEFT_OUT, None, 0])
def test_step_zero_is_what_a_version_without_a_step_has(has: object) -> None:
    document = wanted({"step": 0}, {"step": has})
    assert document == registered(1, step=has).document
    assert find_immutable_differences(registered(1, step=has).document, document) == ()


def test_what_equals_the_registered_value_is_written_as_registered() -> None:
    document = wanted({"metadata": {"a": 1.0, "b": 2}}, {"metadata": {"a": 1, "b": 1}})
    assert repr(document["metadata"]) == "{'a': 1, 'b': 2}"


def test_a_new_version_gets_the_declared_fields_and_no_nulls() -> None:
    fields: dict[str, Any] = {"description": None, "version_alias": "v-a", "metadata": {"a": None}}
    assert make_desired_document(declared(**fields), None) == manifest(
        version_alias="v-a", metadata={"a": None}
    )


@given(json_documents())
def test_the_registered_document_wants_nothing_of_itself(metadata: dict[str, Any]) -> None:
    has = registered(1, metadata=metadata)
    public = {key: value for key, value in metadata.items() if not key.startswith(".truefoundry")}
    assert make_desired_document(declared(metadata=public), has) == has.document


@given(json_documents(), json_documents())
def test_what_is_wanted_once_registered_is_wanted_no_more(asked: dict[str, Any], has: dict[str, Any]) -> None:
    manifest_ = declared(metadata={key: value for key, value in asked.items() if not key.startswith(".")})
    once: dict[str, Any] = dict(make_desired_document(manifest_, registered(1, metadata=has)))
    again = make_desired_document(manifest_, registered(**once))
    assert are_same(once, again)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {}, ()),
        ({"source": external("a")}, {"source": external("b")}, ("source.uri",)),
        ({"source": external("a")}, {"source": {"type": "truefoundry", "uri": "a"}}, ("source.type",)),
        ({"step": 1}, {"step": 2}, ("step",)),
        ({"step": 1}, {"step": None}, ("step",)),
        ({"step": None}, {"step": 0}, ()),
        ({"step": 0}, {}, ()),
        ({"step": 1}, {"step": 1.0}, ()),
        ({"run_id": "a"}, {"run_id": None}, ("run_id",)),
        ({"run_id": None}, {}, ()),
        ({"run_id": None}, {"run_id": "a"}, ("run_id",)),
        ({"description": "a", "metadata": {}}, {"description": "b", "metadata": {"x": 1}}, ()),
        ({"source": external("a"), "step": 1}, {"source": external("b"), "step": 2, "run_id": "r"},
         ("source.uri", "step", "run_id")),
    ],
)  # fmt: skip
def test_contents_and_where_they_came_from_are_immutable(
    before: dict[str, Any], after: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert tuple(map(".".join, find_immutable_differences(before, after))) == expected


def test_fields_are_named_once_whatever_parts_of_them_differ() -> None:
    parts = (("source", "type"), ("source", "uri"), ("step",))
    assert join_field_names(parts) == "source and step"


@pytest.mark.parametrize(
    ("has", "given", "expected"),
    [
        (1, 1.0, 1),
        ({"a": 1, "b": 2}, {"a": 1.0, "b": 3.0}, {"a": 1, "b": 3.0}),
        ({"a": {"b": 1}}, {"a": {"b": 1.0, "c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": 1}, {"b": 1.0}, {"b": 1.0}),
        ([1, 2], [1.0, 2.0], [1, 2]),
        ([1, 2], [1.0, 3.0], [1.0, 3.0]),
        (1, True, True),
        ("text", " text ", " text "),
        ({"a": 1}, {"a": 2, "b": None}, {"a": 2, "b": None}),
    ],
)
def test_what_says_the_same_as_registered_is_written_as_registered(
    has: Any, given: Any, expected: Any
) -> None:
    document = wanted({"metadata": {"x": given, "y": 1}}, {"metadata": {"x": has, "y": 2}})
    assert repr(document["metadata"]) == repr({"x": expected, "y": 1})


@pytest.mark.parametrize(
    ("normalise", "has", "given", "expected"),
    [
        ("trim", "text", " text ", "text"),
        ("trim", "text ", " text ", "text "),
        ("trim", "text ", "text", "text"),
        ("trim", "", "\t", ""),
        ("trim", "a b", "ab", "ab"),
        ("drop-null", {"a": 1}, {"a": 2, "b": None}, {"a": 2}),
        ("drop-null", [{}], [{"b": None}], [{}]),
        ("drop-null", [], [None], [None]),
        ("drop-null", {"b": None}, {}, {}),
    ],
)
def test_what_a_setting_stands_for_is_written_as_registered(
    normalise: str, has: Any, given: Any, expected: Any
) -> None:
    theirs = registered(1, metadata={"x": has, "y": 2})
    comparison = Comparison(normalise=frozenset({normalise}))
    document = make_desired_document(declared(metadata={"x": given, "y": 1}), theirs, comparison)
    assert document["metadata"] == {"x": expected, "y": 1}


@given(json_documents(), json_documents())
def test_what_is_wanted_is_wanted_once(has: dict[str, Any], asked: dict[str, Any]) -> None:
    once = wanted({"metadata": asked}, {"metadata": has})
    again = wanted({"metadata": asked}, {"metadata": dict(once["metadata"])})
    assert are_same(once, again)
