"""Values kept in few bytes: that each comes back as it was, and how many bytes those are."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.packing import Packer
from tests.support.builders import manifest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.lists(JSON, min_size=1, max_size=4))
def test_each_value_comes_back_as_it_was(values: list[Any]) -> None:
    packer = Packer()
    packed = [packer.pack(value) for value in values]
    assert [json.dumps(each.value()) for each in packed] == list(map(json.dumps, values))


def test_texts_that_are_no_unicode_come_back_as_they_were() -> None:
    halves = {"\ud83d\ude00"[:1] + "\ude00": "\udcff"}
    assert Packer().pack(halves).value() == halves


def test_what_is_larger_than_what_is_looked_back_at_comes_back_as_it_was() -> None:
    packer = Packer()
    large = [{"text": f"{number} " * 5_000} for number in range(3)]
    assert [each.value() for each in [packer.pack(value) for value in large]] == large


def test_of_what_is_alike_only_the_difference_takes_room() -> None:
    packer = Packer()
    alike = [packer.pack(manifest(version=number)) for number in range(100)]
    assert len(alike[0].data) < len(json.dumps(manifest())) / 4
    assert max(len(each.data) for each in alike) < 40


def test_values_are_the_same_whatever_they_were_packed_like() -> None:
    first, second = Packer(), Packer()
    second.pack({"something": "else"})
    one, same, other = first.pack({"a": 1}), second.pack({"a": 1}), second.pack({"a": True})
    assert one == same
    assert hash(one) == hash(same)
    assert repr(one) == repr(same) == """Packed('{"a":1}')"""
    assert one != other
