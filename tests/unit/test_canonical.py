"""The digest of what a manifest declares: where two are equal, there is nothing to do."""

from __future__ import annotations

from math import nextafter
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.canonical import compute_digest, read_shape
from reconciler.compare.desired import find_immutable_differences, make_desired_document
from reconciler.diff import are_same
from reconciler.model import Comparison, Ignore, Pointer, Registered
from tests.support.builders import LEFT_OUT, declared, external, manifest, registered
from tests.support.scale import law
from tests.support.states import Document


def says_the_same(ours: Document, theirs: Document, *ignore: Pointer) -> bool:
    shape = read_shape(ours)
    return compute_digest(ours, shape, ignore) == compute_digest(theirs, shape, ignore)


def is_same_with(metadata: Any, other: Any, *ignore: Pointer) -> bool:
    """Whether a version of these metadata, registered, is as a manifest of those declares it."""
    return says_the_same(manifest(metadata=metadata), manifest(metadata=other), *ignore)


# The law

_texts = st.sampled_from(["", "1", "1.0", "true", "null", "a", " a", "a\n", "é", "e+", ".0,", ":null", "[]"])
_leaves = (
    st.sampled_from([None, True, False, 0, 1, -1, 0.0, -0.0, 1.0, 1.5, 1e16, 10**16, 1e300, 2**53 + 1])
    | _texts
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3)
)
_keys = st.sampled_from(["a", "b", "", "0", "a/b", "é"])
_values = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=6,
)
_metadata = st.dictionaries(_keys, _values, max_size=3)
_LOOK_ALIKES: tuple[tuple[Any, ...], ...] = (
    (1, 1.0, True, "1", [1], {"a": 1}),
    (0, 0.0, -0.0, False, "", None, "0", [], {}),
    (None, "null", "", {}, {"a": None}),
    ("a", " a", "a ", "A", ["a"]),
    (1e16, 10**16, 10**16 + 1, "1e+16"),
    (2**53, 2**53 + 1, float(2**53)),
)


@st.composite
def _declared_documents(draw: st.DrawFn) -> Document:
    """A manifest as the rules allow it."""
    possible: Document = {
        "description": draw(st.none() | _texts),
        "version_alias": draw(st.sampled_from([None, "v-a", "v-b"])),
        "step": draw(st.sampled_from([None, 0, 1])),
        "run_id": draw(st.none() | _texts),
    }
    chosen = {field: value for field, value in possible.items() if draw(st.booleans())}
    source = draw(
        st.sampled_from([external("s3://a"), {"type": "truefoundry"}, {**external("s3://a"), "x": None}])
    )
    return manifest(source=source, metadata=draw(_metadata), **chosen)


@st.composite
def _pairs(draw: st.DrawFn) -> tuple[Document, Document]:
    """A manifest, and a registered version that is like it but for some small changes."""
    ours = draw(_declared_documents())
    theirs: Any = ours
    for _ in range(draw(st.integers(0, 3))):
        theirs = draw(_changed(theirs))
    for extra in ({"x_owner": 1}, {"manifest_id": None}):
        theirs = {**theirs, **(extra if draw(st.booleans()) else {})}
    return ours, theirs


@st.composite
def _changed(draw: st.DrawFn, value: Any) -> Any:
    """A value with one small change somewhere in it; documents stay documents."""
    is_document = isinstance(value, dict) and "ml_repo" in value
    if isinstance(value, dict) and value and (is_document or draw(st.booleans())):
        fields = (
            ["metadata", "source", "description", "step", "version_alias"] if is_document else sorted(value)
        )
        key = draw(st.sampled_from(fields))
        if draw(st.integers(0, 4)) == 0 and (not is_document or key not in {"metadata", "source"}):
            return {field: inner for field, inner in value.items() if field != key}
        changed = draw(_changed(value.get(key)))
        if is_document and key in {"metadata", "source"} and not isinstance(changed, dict):
            return value
        return {**value, key: changed}
    if isinstance(value, dict):
        internal = st.sampled_from([".truefoundry", ".truefoundry.job", "truefoundry"])
        return {**value, draw(_keys | internal): draw(_leaves)}
    if isinstance(value, list) and value and draw(st.booleans()):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], draw(_changed(value[index])), *value[index + 1 :]]
    alike = [other for group in _LOOK_ALIKES if any(are_same(value, one) for one in group) for other in group]
    return draw(st.sampled_from(alike) if alike else _leaves)


def _pointers(*values: Any) -> st.SearchStrategy[list[Pointer]]:
    """Pointers at parts of some documents, and at parts that none of them has."""
    known = sorted({path for value in values for path in _paths(value) if path and path[0] not in _NEVER})
    odd = [("metadata", "c"), ("x_owner",), ("metadata", "a", "0"), ("metadata", ".truefoundry"), ("", "")]
    return st.lists(st.sampled_from([*known, *odd]), max_size=3)


_NEVER = {"type", "ml_repo", "name", "version"}


def _paths(value: Any) -> list[Pointer]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(), *((str(key), *path) for key, part in parts for path in _paths(part))]


def _registered(document: Document) -> Registered:
    return Registered("id", "fqn", declared(**document).artifact, 1, document)


@pytest.mark.parametrize("theirs", [{}, {"x": None}])
def test_a_part_of_a_source_that_is_cleared_and_not_there_is_as_declared(theirs: Document) -> None:
    ours = manifest(source={**external("s3://a"), "x": None})
    document = manifest(source={**external("s3://a"), **theirs})
    assert says_the_same(ours, document)
    assert are_same(make_desired_document(declared(**ours), _registered(document)), document)


@law(50, 500, 50_000)
@given(_pairs(), st.data())
def test_equal_digests_mean_that_there_is_nothing_to_do(
    pair: tuple[Document, Document], data: st.DataObject
) -> None:
    ours, theirs = pair
    ignore = data.draw(_pointers(ours, theirs))
    assume(says_the_same(ours, theirs, *ignore))
    wanted = make_desired_document(declared(**ours), _registered(theirs), Comparison(Ignore(tuple(ignore))))
    assert are_same(wanted, theirs)
    assert find_immutable_differences(theirs, wanted) == ()


@law(15, 200, 10_000)
@given(_declared_documents(), st.data())
def test_a_version_as_it_is_declared_has_the_digest_of_its_manifest(
    ours: Document, data: st.DataObject
) -> None:
    ignore = data.draw(_pointers(ours))
    theirs = make_desired_document(declared(**ours), None)
    internal = {".truefoundry": {"size": 1.0}} if data.draw(st.booleans()) else {}
    theirs = {"step": 0, **theirs, "x_owner": "red", "metadata": {**ours["metadata"], **internal}}
    assert says_the_same(ours, theirs, *ignore)
    reordered = {field: theirs[field] for field in sorted(theirs, reverse=True)}
    assert says_the_same(ours, reordered, *ignore)


# What is one value, and what is not


@pytest.mark.parametrize(
    "group", [(1, True, "1", [1]), (0, False, "", "0", None, [], {}), ("a", "A", " a", "a ")]
)
def test_values_of_other_types_and_other_texts_are_kept_apart(group: tuple[Any, ...]) -> None:
    for one in group:
        for other in group:
            assert is_same_with({"a": one}, {"a": other}) == (one is other)
            assert is_same_with({"a": [{"b": one}]}, {"a": [{"b": other}]}) == (one is other)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (0, -0.0), (0.0, -0.0), (10**16, 1e16), (int(1e300), 1e300), (-(2**60), -float(2**60))],
)
def test_whole_numbers_are_one_value_with_and_without_a_fraction(one: float, other: float) -> None:
    for first, second in ((one, other), (other, one)):
        assert is_same_with({"a": first}, {"a": second})
        assert is_same_with({"a": [{"b": [first]}]}, {"a": [{"b": [second]}]})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.5),
        (1.25, 1.5),
        (10**16, 10**16 + 1),
        (2**53 + 1, float(2**53)),
        (1e300, 10**300),
        (0.1, nextafter(0.1, 1)),
    ],
)
def test_numbers_that_differ_are_two_values(one: float, other: float) -> None:
    for first, second in ((one, other), (other, one)):
        assert not is_same_with({"a": first}, {"a": second})
        assert not is_same_with({"a": first, "b": [1.0, 1e20]}, {"a": second, "b": [1.0, 1e20]})


def test_texts_that_look_like_the_signs_of_numbers_stay_texts() -> None:
    for text in ("1.0", "1e+16", ".0,", "[1.0]", "e+"):
        assert is_same_with({"a": text, "b": 1.0}, {"a": text, "b": 1})
        assert not is_same_with({"a": text}, {"a": text.replace(".0", "").replace("e+", "")})


def test_the_order_of_keys_makes_no_difference_and_that_of_items_does() -> None:
    assert is_same_with({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1})
    assert not is_same_with({"a": [1, 2]}, {"a": [2, 1]})


@pytest.mark.parametrize("field", ["description", "version_alias", "run_id", "step"])
def test_a_field_that_is_cleared_is_one_that_is_not_there(field: str) -> None:
    cleared = manifest(**{field: None})
    assert says_the_same(cleared, manifest())
    assert says_the_same(cleared, manifest(**{field: None}))
    assert not says_the_same(cleared, manifest(**{field: 1 if field == "step" else "v-a"}))


def test_a_key_of_metadata_that_is_null_is_looked_at() -> None:
    assert not is_same_with({"a": None}, {})


@pytest.mark.parametrize("ours", [0, None])
@pytest.mark.parametrize("theirs", [0, None, LEFT_OUT, 0.0])
def test_no_step_is_step_0(ours: int | None, theirs: Any) -> None:
    assert says_the_same(manifest(step=ours), manifest(step=theirs))
    assert not says_the_same(manifest(step=1), manifest(step=theirs))


def test_only_what_is_declared_counts() -> None:
    ours = manifest(description="one")
    theirs = registered(
        1,
        description="one",
        run_id="run-1",
        version_alias="v-a",
        source={**external("s3://models/scorer/1"), "checksum": "x"},
        metadata={".truefoundry": {"size": 1}, ".truefoundry.job": None},
        x_owner="red",
    ).document
    assert says_the_same(ours, dict(theirs))
    for field, value in (("description", "two"), ("source", external("s3://other")), ("metadata", {"a": 1})):
        assert not says_the_same(ours, {**theirs, field: value})
        assert not says_the_same(ours, {key: inner for key, inner in theirs.items() if key != field})


def test_only_metadata_has_internal_keys_and_only_at_its_top() -> None:
    assert not is_same_with({"a": {}}, {"a": {".truefoundry": 1}})
    assert not is_same_with({"a": 1}, {".truefoundry": 1})


# What is left to others


@pytest.mark.parametrize(
    ("pointer", "ours", "theirs", "expected"),
    [
        (("metadata", "a"), {"a": 1, "b": 2}, {"a": 3, "b": 2}, True),
        (("metadata", "a"), {"a": 1, "b": 2}, {"b": 2}, True),
        (("metadata", "a"), {"b": 2}, {"a": {"x": 1}, "b": 2}, True),
        (("metadata", "a"), {"a": 1, "b": 2}, {"a": 1, "b": 3}, False),
        (("metadata", "a", "x"), {"a": {"x": 1, "y": 1}}, {"a": {"x": 2, "y": 1}}, True),
        (("metadata", "a", "x"), {"a": {"x": 1, "y": 1}}, {"a": {"x": 1, "y": 2}}, False),
        (("metadata", "a", "x"), {"a": {"x": 1}}, {"a": {}}, True),
        (("metadata", "a", "x"), {"a": {"x": 1}}, {"a": "x"}, False),
        (("metadata", "a", "x"), {"a": "x"}, {"a": "x"}, True),
        (("metadata", "a", "0"), {"a": [1, 2]}, {"a": [3, 2]}, False),
        (("metadata", "a", "0"), {"a": [1, 2]}, {"a": [1, 2]}, True),
        (("metadata", "a", "0"), {"a": {"0": 1}}, {"a": {"0": 2}}, True),
        (("metadata", ".truefoundry"), {}, {".truefoundry": 1}, True),
        (("metadata",), {"a": 1}, {"b": 2}, True),
        (("description",), {"a": 1}, {"a": 1}, True),
        (("description",), {"a": 1}, {"a": 2}, False),
    ],
)
def test_what_is_left_to_others_does_not_count(
    pointer: Pointer, ours: Document, theirs: Document, *, expected: bool
) -> None:
    assert is_same_with(ours, theirs, pointer) is expected


def test_a_field_that_is_left_to_others_does_not_count() -> None:
    ours, theirs = (
        manifest(version_alias="v-a", description="x"),
        manifest(version_alias="v-b", description="x"),
    )
    assert not says_the_same(ours, theirs)
    assert says_the_same(ours, theirs, ("version_alias",))
    assert says_the_same(ours, manifest(version_alias="v-b"), ("version_alias",), ("description",))


# What is no value that a manifest can have


def test_a_number_that_can_not_be_written_is_an_error() -> None:
    theirs = manifest(metadata={"a": 10**5000})
    with pytest.raises(ValueError, match="integer string conversion"):
        compute_digest(theirs, read_shape(theirs))


def test_a_digest_is_short_however_long_the_document() -> None:
    ours = manifest(metadata={"a": "x" * 1000})
    assert len(compute_digest(ours, read_shape(ours))) == 16


def test_documents_are_left_as_they_are() -> None:
    theirs = manifest(metadata={".truefoundry": 1, "a": {"b": 1.0}}, step=None)
    before = repr(theirs)
    compute_digest(theirs, read_shape(theirs), [("metadata", "a", "b"), ("source",)])
    assert repr(theirs) == before


def test_the_shape_of_a_manifest_is_what_it_declares() -> None:
    assert read_shape(manifest(version_alias=None)) == (
        ("metadata", "ml_repo", "name", "source", "type", "version", "version_alias"),
        ("type", "uri"),
    )
