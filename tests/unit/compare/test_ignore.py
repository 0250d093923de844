"""What `ignore` leaves to others keeps its registered value, whatever the manifest says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.compare.ignore import restore_ignored
from reconciler.diff import are_same

values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from("ab"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(st.sampled_from("abc"), values, max_size=3)
pointers = st.lists(st.sampled_from(["a", "b", "c", "0", "1"]), min_size=1, max_size=3).map(tuple)


@pytest.mark.parametrize(
    ("declared", "registered", "pointer", "expected"),
    [
        ({"a": 1}, {"a": 2}, ("a",), {"a": 2}),
        ({"a": 1}, {}, ("a",), {}),
        ({}, {"a": 2}, ("a",), {"a": 2}),
        ({"a": {"b": 1, "c": 1}}, {"a": {"b": 2, "c": 2}}, ("a", "b"), {"a": {"b": 2, "c": 1}}),
        ({"a": {}}, {"a": {"b": {"c": 1, "d": 2}}}, ("a", "b", "c"), {"a": {"b": {"c": 1}}}),
        ({"a": {"b": 1}}, {"a": {}}, ("a", "b", "c"), {"a": {"b": 1}}),
        ({"a": [1, 2]}, {"a": [3, 4]}, ("a", "1"), {"a": [1, 4]}),
        ({"a": [1]}, {"a": [3, 4]}, ("a", "1"), {"a": [1]}),
        ({"a": [1]}, {"a": [3]}, ("a", "x"), {"a": [1]}),
        ({"a": "text"}, {"a": {"b": 1}}, ("a", "b"), {"a": "text"}),
        ({}, {}, ("a", "b"), {}),
    ],
)
def test_the_registered_value_stays(
    declared: dict[str, Any], registered: dict[str, Any], pointer: tuple[str, ...], expected: dict[str, Any]
) -> None:
    assert restore_ignored(declared, registered, [pointer]) == expected


@given(declared=documents, registered=documents, pointer=pointers)
def test_twice_is_as_good_as_once_and_equal_documents_stay_equal(
    declared: dict[str, Any], registered: dict[str, Any], pointer: tuple[str, ...]
) -> None:
    once = restore_ignored(declared, registered, [pointer])
    assert are_same(restore_ignored(once, registered, [pointer]), once)
    assert are_same(restore_ignored(registered, registered, [pointer]), registered)
