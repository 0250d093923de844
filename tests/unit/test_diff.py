"""Two JSON documents, compared by value with types kept apart."""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.diff import MISSING, Difference, are_same, find_differences, make_json_patch
from tests.support.manifests import json_documents, json_values

# Few of each, so that documents overlap: numbers that Python takes for one another, and keys that
# mean something to JSON pointers.
SCALARS = st.sampled_from([None, True, False, 0, 1, 1.0, 0.0, -0.0, 2, "1", "true", "", "a"])
KEYS = st.sampled_from(["a", "b", "0", "1", "-", "", "~", "/", "a/b", "~1"])
VALUES = json_values(SCALARS, KEYS)
DOCUMENTS = json_documents(SCALARS, KEYS)

EQUAL = [
    (None, None),
    (True, True),
    (1, 1),
    (1, 1.0),
    (0.0, -0.0),
    (10**18, 1e18),
    ("", ""),
    ([], []),
    ([1, [2.0]], [1.0, [2]]),
    ({"a": 1, "b": None}, {"b": None, "a": 1.0}),
    ((1, 2), [1, 2]),
]
DIFFERENT = [
    (1, True),
    (0, False),
    (1.0, True),
    (1, "1"),
    (True, "true"),
    (None, 0),
    (None, False),
    (None, ""),
    (None, "null"),
    (None, []),
    ([], {}),
    ("", []),
    ("ab", ["a", "b"]),
    ([1, 2], [2, 1]),
    ([1], [1, 1]),
    ({"a": None}, {}),
    ({"a": 1}, {"a": True}),
    ({"a": [{"b": 0}]}, {"a": [{"b": False}]}),
    (2**53, 2.0**53 + 2),
]


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_equal_as_json_is_the_same(left: Any, right: Any) -> None:
    assert are_same(left, right)
    assert are_same(right, left)


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_another_type_or_value_is_not_the_same(left: Any, right: Any) -> None:
    assert not are_same(left, right)
    assert not are_same(right, left)


@given(VALUES)
def test_a_value_is_the_same_as_itself(value: Any) -> None:
    assert are_same(value, copy.deepcopy(value))


@given(VALUES, VALUES)
def test_being_the_same_has_no_direction(left: Any, right: Any) -> None:
    assert are_same(left, right) == are_same(right, left)


# What is written


# What differs


def test_mappings_are_taken_apart_and_lists_are_whole() -> None:
    before: dict[str, Any] = {"a": 1, "b": {"c": [1], "d": {"e": 1}}, "gone": None}
    after: dict[str, Any] = {"a": 1.0, "b": {"c": [1, 2], "d": {"e": True}}, "new": None}
    assert find_differences(before, after) == (
        Difference(("b", "c"), [1], [1, 2]),
        Difference(path=("b", "d", "e"), before=1, after=True),
        Difference(("gone",), None, MISSING),
        Difference(("new",), MISSING, None),
    )


def test_a_mapping_in_place_of_something_else_is_one_difference() -> None:
    assert find_differences({"a": {"b": 1}}, {"a": None}) == (Difference(("a",), {"b": 1}, None),)
    assert find_differences({"a": {}}, {"a": []}) == (Difference(("a",), {}, []),)


def test_a_missing_value_is_not_null() -> None:
    assert repr(MISSING) == "MISSING"
    assert find_differences({}, {"a": None}) == (Difference(("a",), MISSING, None),)


@given(DOCUMENTS, DOCUMENTS)
def test_nothing_differs_exactly_where_documents_are_the_same(before: Any, after: Any) -> None:
    assert (find_differences(before, after) == ()) == are_same(before, after)


@given(DOCUMENTS, DOCUMENTS)
def test_differences_read_backwards_are_those_of_the_reverse(before: Any, after: Any) -> None:
    backwards = tuple(Difference(d.path, d.after, d.before) for d in find_differences(after, before))
    assert backwards == find_differences(before, after)


@given(DOCUMENTS, DOCUMENTS)
def test_differences_come_in_order_of_their_paths(before: Any, after: Any) -> None:
    paths = [difference.path for difference in find_differences(before, after)]
    assert paths == sorted(set(paths))


# The patch


@example({"a": 1, "b": True}, {"a": True, "b": 1})
@example({"a": [0, 1, 2], "0": 0}, {"a": [2, 0], "1": 0})
@example({"a": {"0": 1}, "b": [1]}, {"a": {}, "b": [0, 1]})
@given(DOCUMENTS, DOCUMENTS)
def test_the_patch_leads_from_one_document_to_the_other(before: Any, after: Any) -> None:
    patched = jsonpatch.apply_patch(copy.deepcopy(before), make_json_patch(before, after))
    assert are_same(patched, after)


@given(DOCUMENTS)
def test_the_patch_between_equal_documents_is_empty(document: Any) -> None:
    assert make_json_patch(document, copy.deepcopy(document)) == []


@given(DOCUMENTS)
def test_the_patch_of_a_creation_adds_the_whole_document(document: Any) -> None:
    patch = make_json_patch(None, document)
    assert patch == [{"op": "add", "path": "", "value": document}]
    assert are_same(jsonpatch.apply_patch(None, patch), document)


def test_the_patch_escapes_what_a_pointer_means_otherwise() -> None:
    assert make_json_patch({"a": {}}, {"a": {"b/c~d": 1}}) == [
        {"op": "add", "path": "/a/b~1c~0d", "value": 1}
    ]
