"""Servers that store something else than they are sent.

What they do is told, with the setting to make, and the setting makes the two equal. What no setting stands
for is told, and sent again by the next run only.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.applying.outcome import APPLIED, Outcome
from reconciler.registry import Behaviour, Store
from tests.support.builders import declaration, external, manifest, planned, registered
from tests.support.changes import find_change_differences
from tests.support.normalisers import (
    KNOWN,
    Normalise,
    all_of_these,
    description_in_lower_case,
    floats_as_integers,
    integers_as_floats,
    keys_reordered,
    lists_sorted,
    nulls_dropped,
    storing,
    texts_trimmed,
)
from tests.support.scale import law
from tests.support.states import Document, Plane

_texts = st.sampled_from(["", " ", "x", " padded\n", "\ttwo words ", "\u00a0é\u2003", "1.0", "null"])
_numbers = st.sampled_from([0, 1, -3, 1.0, -0.0, 2.5, 1e3, 1e300, 2**53])
_values = st.recursive(
    st.none() | st.booleans() | _numbers | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=6,
)
_metadata = st.dictionaries(st.sampled_from(["a", "b", "c"]), _values, max_size=3)


@st.composite
def _versions(draw: st.DrawFn) -> list[Document]:
    """A pinned version, one named by its alias and one by its contents."""
    named: list[Document] = [{"version": 1}, {"version": None, "version_alias": "v-a"}, {"version": None}]
    return [_manifest(draw, number, identity) for number, identity in enumerate(named)]


def _manifest(draw: st.DrawFn, number: int, identity: Document) -> Document:
    document = manifest(
        name=f"scorer-{number}",
        source=external(f"s3://models/scorer/{number}"),
        description=draw(_texts),
        metadata=draw(_metadata),
        **identity,
    )
    return {field: value for field, value in document.items() if (field, value) != ("version", None)}


def _as_sent(document: Document) -> Document:
    return document


_ADVISED: dict[Normalise, set[str]] = {
    _as_sent: set(),
    integers_as_floats: set(),
    floats_as_integers: set(),
    nulls_dropped: {"drop-null"},
    texts_trimmed: {"trim"},
    keys_reordered: set(),
    all_of_these: {"drop-null", "trim"},
}
"""What is advised at most, for each server."""


@pytest.mark.parametrize("normalise", _ADVISED, ids=lambda normalise: normalise.__name__)
def test_with_the_settings_that_were_advised_what_was_applied_leaves_nothing_to_do(
    normalise: Normalise,
) -> None:
    @law(6, 60, 1_000)
    @given(first=_versions(), then=_versions())
    def check(first: Sequence[Document], then: Sequence[Document]) -> None:
        settings: set[str] = set()
        with Store() as store:
            plane = Plane(store, Behaviour(), middleware=[storing(normalise)])
            for documents in (first, then):
                declared = declaration(*documents, normalise=sorted(settings))
                outcomes = asyncio.run(plane.reconcile(declared))
                assert {outcome.result for outcome in outcomes} <= APPLIED
                for outcome in outcomes:
                    assert bool(outcome.message) == bool(outcome.hint)
                    settings |= _advised(outcome)
                writes = plane.writes
                declared = declaration(*documents, normalise=sorted(settings))
                assert asyncio.run(plane.plan(declared)).changes == ()
                assert asyncio.run(plane.reconcile(declared)) == ()
                assert plane.writes == writes
        assert settings <= _ADVISED[normalise]

    check()


def _advised(outcome: Outcome) -> set[str]:
    """The setting that an outcome tells to make."""
    setting = re.fullmatch(r"if it always does: normalise = (\[.*\]) in reconciler\.toml", outcome.hint)
    assert setting or not outcome.hint
    return set(json.loads(setting[1])) if setting else set()


_BEFORE = {"description": ",", "metadata": {"a": "text", "b": "", "c": None}}


@pytest.mark.parametrize(
    "edit",
    [
        {"description": ",\n"},
        {"description": " ,"},
        {"metadata": {"a": "text\n", "b": "", "c": None}},
        {"metadata": {"a": "text", "b": "\t", "c": None}},
        {"metadata": {"a": "text", "b": ""}},
    ],
)
@pytest.mark.parametrize("is_back", [False, True], ids=["there", "back"])
def test_an_edit_of_white_space_or_of_a_null_arrives(edit: Document, *, is_back: bool) -> None:
    versions = [manifest(**_BEFORE), manifest(**_BEFORE | edit)]
    before, after = reversed(versions) if is_back else versions
    with Store() as store:
        plane = Plane(store, Behaviour(), [before])
        (outcome,) = asyncio.run(plane.reconcile(declaration(after)))
        assert (outcome.result, outcome.message) == ("updated", "")
        document = plane.registered("fraud")["fraud", "scorer", 1]
        document["metadata"].pop(".truefoundry", None)
        assert {field: document[field] for field in _BEFORE} == {field: after[field] for field in _BEFORE}
        assert asyncio.run(plane.plan(declaration(after))).changes == ()


def test_a_server_that_trims_is_reported_and_the_setting_ends_it() -> None:
    before, after = manifest(description=","), manifest(description=",\n")
    with Store() as store:
        plane = Plane(store, Behaviour(), [before], middleware=[storing(texts_trimmed)])
        (outcome,) = asyncio.run(plane.reconcile(declaration(after)))
        assert outcome.message == r'the control plane changed description from ",\n" to ","'
        assert outcome.hint == 'if it always does: normalise = ["trim"] in reconciler.toml'
        assert len(asyncio.run(plane.plan(declaration(after))).changes) == 1
        assert asyncio.run(plane.plan(declaration(after, normalise=["trim"]))).changes == ()


def test_white_space_that_somebody_else_has_added_is_no_trimming() -> None:
    padded = registered(1, description="text ")
    assert len(planned(manifest(description="text"), has=(padded,), normalise=["trim"]).changes) == 1


_PADDED = {"a": [3, 1, 2], "b": " same ", "c": None, "d": 1.0}


@pytest.mark.parametrize(
    ("normalise", "given_fields", "told"),
    [
        pytest.param(
            description_in_lower_case,
            {"description": "Fraud Scorer"},
            'the control plane changed description from "Fraud Scorer" to "fraud scorer"',
            id="a description in lower case",
        ),
        pytest.param(
            lists_sorted,
            {"metadata": {"a": [3, 1, 2], "b": {"c": ["y", "x"]}, "d": [1, 2]}},
            "the control plane changed metadata.a from [3, 1, 2] to [1, 2, 3],"
            ' metadata.b.c from ["y", "x"] to ["x", "y"]',
            id="lists sorted",
        ),
    ],
)
@pytest.mark.parametrize("has_been_registered", [False, True], ids=["created", "updated"])
@pytest.mark.parametrize(
    "identity", [{"version": 1}, {"version_alias": "v-a"}, {}], ids=["pinned", "by alias", "by contents"]
)
def test_what_a_server_changes_is_reported_once_and_is_sent_once_a_run(
    normalise: Normalise, given_fields: Document, told: str, identity: Document, *, has_been_registered: bool
) -> None:
    base = {k: v for k, v in manifest(**identity).items() if k != "version" or "version" in identity}
    kept = {**base, "name": "kept"}
    with Store() as store:
        plane = Plane(store, Behaviour(), middleware=[storing(normalise)])
        if has_been_registered:
            plane.put(base)
        declared = declaration({**base, **given_fields}, kept)
        first = asyncio.run(plane.reconcile(declared))
        assert sorted(map(_told, first)) == [("kept", ""), ("scorer", told)]
        assert plane.writes == 2
        for run in (1, 2):
            (again,) = asyncio.run(plane.reconcile(declared))
            assert (again.result, _told(again)) == ("updated", ("scorer", told))
            assert again.hint == "declare what it keeps, or every plan will show this again"
            assert plane.writes == 2 + run
        assert len(plane.registered("fraud")) == 2


def test_what_a_server_changes_while_aliases_go_round_is_reported_once() -> None:
    """The version that is parked is written twice, and its outcome told once."""
    held = [_pinned(1, version_alias="v-a"), _pinned(2, version_alias="v-b")]
    wanted = [_pinned(1, version_alias="v-b", description="A"), _pinned(2, version_alias="v-a")]
    with Store() as store:
        plane = Plane(store, Behaviour(), held, middleware=[storing(description_in_lower_case)])
        first = asyncio.run(plane.reconcile(declaration(*wanted)))
        told = 'the control plane changed description from "A" to "a"'
        assert sorted((outcome.version, outcome.message) for outcome in first) == [(1, told), (2, "")]
        assert plane.writes == 3
        (again,) = asyncio.run(plane.reconcile(declaration(*wanted)))
        assert (again.version, again.message, plane.writes) == (1, told, 4)


def test_what_the_settings_stand_for_is_not_reported_beside_what_a_server_changes() -> None:

    def both(document: Document) -> Document:
        return lists_sorted(KNOWN[-1](document))

    with Store() as store:
        plane = Plane(store, Behaviour(), middleware=[storing(both)])
        (outcome,) = asyncio.run(
            plane.reconcile(declaration(manifest(metadata=_PADDED), normalise=["trim", "drop-null"]))
        )
        assert outcome.message == "the control plane changed metadata.a from [3, 1, 2] to [1, 2, 3]"


def test_a_plan_shows_nothing_that_says_the_same_beside_what_differs() -> None:
    kept = {"a": 1, "b": "same"}
    given = manifest(metadata={"a": 2, "b": " same ", "c": None})
    plan = planned(given, has=(registered(1, metadata=kept),), normalise=["trim", "drop-null"])
    (change,) = plan.changes
    assert [difference.path for difference in find_change_differences(change)] == [("metadata", "a")]


def _pinned(version: int, **given: object) -> Document:
    return manifest(version=version, source=external(f"s3://models/scorer/{version}"), **given)


def _told(outcome: Outcome) -> tuple[str, str]:
    return outcome.change.artifact.name, outcome.message
