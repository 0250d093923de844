"""Whose a change is, by what the base declares and what an earlier commit did."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.compare.desired import make_desired_document
from reconciler.model import EXACT, PARKING_ALIAS, Comparison, Declared, Ignore, Registered
from reconciler.planning.change import Change, Conflict, Update
from reconciler.planning.document import Origin
from reconciler.planning.origin import (
    asks_for_change,
    find_edited_contents,
    is_of_branch,
    list_keys_at_base,
    trace_aliases,
    was_declared,
)
from tests.support.builders import LEFT_OUT, creation, declared, external, registered


def update(ours: Declared, theirs: Registered) -> Update:
    return Update(ours, theirs, make_desired_document(ours, theirs))


# What a branch brings


@pytest.mark.parametrize(
    ("at_base", "now"),
    [
        ({}, {"description": "new"}),
        ({"description": "old"}, {"description": "new"}),
        ({"description": "old"}, {"description": None}),
        ({"metadata": {"a": 1}}, {"metadata": {"a": True}}),
        ({"source": external("s3://example/old")}, {"source": external("s3://example/new")}),
        ({"version_alias": "v-a"}, {"version_alias": "v-b"}),
    ],
)
def test_a_branch_brings_what_the_base_would_not_ask_for(
    at_base: dict[str, Any], now: dict[str, Any]
) -> None:
    change = update(declared(**now), registered(description="registered"))
    assert is_of_branch(change, declared(**at_base), EXACT)
    assert is_of_branch(creation(declared(**now)), declared(**at_base), EXACT)


@pytest.mark.parametrize(
    ("at_base", "now"),
    [
        ({}, {}),
        ({"description": "registered"}, {}),  # what is left out keeps its value
        ({"metadata": {"a": 1}}, {"metadata": {"a": 1.0}}),
        ({"metadata": {"a": 1, "b": 2}}, {"metadata": {"b": 2, "a": 1}}),
        ({"version": LEFT_OUT, "version_alias": "v-a"}, {"version_alias": "v-a"}),
    ],
)
def test_a_branch_that_writes_the_same_in_another_way_brings_nothing(
    at_base: dict[str, Any], now: dict[str, Any]
) -> None:
    change = update(declared(**now), registered(description="registered", metadata={"x": 1}))
    assert not is_of_branch(change, declared(file="moved.yaml", line=7, **at_base), EXACT)


def test_a_branch_brings_whatever_the_base_does_not_declare() -> None:
    assert is_of_branch(creation(declared()), None, EXACT)
    assert is_of_branch(update(declared(description="x"), registered()), None, EXACT)


def test_what_is_left_to_others_is_brought_by_nobody() -> None:
    comparison = Comparison(Ignore((("metadata", "owner"),)))
    theirs = registered(metadata={"owner": "somebody", "a": 1})
    ours = declared(metadata={"owner": "us", "a": 2})
    change = Update(ours, theirs, make_desired_document(ours, theirs, comparison))
    assert not is_of_branch(change, declared(metadata={"owner": "them", "a": 2}), comparison)
    assert is_of_branch(change, declared(metadata={"owner": "them", "a": 2}), EXACT)


def test_the_base_may_know_a_version_by_other_names() -> None:
    by_alias = declared(version=LEFT_OUT, version_alias="v-a")
    theirs = registered(4, version_alias="v-a", source=external("s3://example/4"))
    assert list_keys_at_base(update(by_alias, theirs)) == (
        ("alias", "v-a"),
        ("version", 4),
        ("alias", "v-a"),
        ("uri", "s3://example/4"),
    )
    assert list_keys_at_base(creation(declared(version=7))) == (("version", 7),)


# What was declared before


def test_what_an_earlier_commit_declared_is_pending() -> None:
    change = update(declared(description="new"), registered(description="old"))
    assert was_declared(change, declared(description="old"), EXACT)
    assert not was_declared(change, declared(description="older"), EXACT)


def test_a_value_that_the_earlier_manifest_says_nothing_of_came_from_elsewhere() -> None:
    change = update(declared(description="new"), registered(description="somebody else's"))
    assert not was_declared(change, declared(), EXACT)
    assert was_declared(update(declared(description="new"), registered()), declared(), EXACT)


def test_what_is_registered_besides_is_not_asked_about() -> None:
    theirs = registered(description="old", version_alias="v-a", metadata={".truefoundry": {"x": 1}})
    assert was_declared(update(declared(description="new"), theirs), declared(description="old"), EXACT)


def test_contents_that_an_earlier_commit_declared_are_found_of_a_conflict() -> None:
    ours, theirs = (
        declared(source=external("s3://example/new")),
        registered(source=external("s3://example/old")),
    )
    change = Conflict(ours, theirs, make_desired_document(ours, theirs), "reason", "hint")
    assert was_declared(change, declared(source=external("s3://example/old")), EXACT)
    assert not was_declared(change, declared(source=external("s3://example/new")), EXACT)


# Aliases


def origins(*changes: tuple[Change, Origin | None]) -> list[Origin | None]:
    return trace_aliases([change for change, _ in changes], [own for _, own in changes])


@pytest.mark.parametrize("origin", ["branch", "pending", "drift"])
def test_what_only_gives_up_an_alias_is_of_whoever_takes_it(origin: Origin) -> None:
    holder = registered(1, version_alias="v-a")
    loses = Update(None, holder, {**holder.document, "version_alias": None})
    takes = update(declared(version=2, version_alias="v-a"), registered(2))
    assert not asks_for_change(loses, EXACT)
    assert asks_for_change(takes, EXACT)
    assert origins((loses, None), (takes, origin)) == [origin, origin]


def test_a_change_of_several_parts_tells_first_what_the_branch_brings() -> None:
    holder = registered(1, version_alias="v-a")
    loses = Update(
        declared(description="x"), holder, {**holder.document, "version_alias": None, "description": "x"}
    )
    takes = creation(declared(version=2, version_alias="v-a"))
    assert origins((loses, "pending"), (takes, "branch")) == ["branch", "branch"]
    assert origins((loses, "branch"), (takes, "pending")) == ["branch", "pending"]
    assert origins((loses, "drift"), (takes, "pending")) == ["drift", "pending"]


def test_an_alias_that_an_interrupted_run_has_left_is_pending() -> None:
    holder = registered(1, version_alias=f"{PARKING_ALIAS}1")
    loses = Update(None, holder, {**holder.document, "version_alias": None})
    assert origins((loses, None)) == ["pending"]


def test_an_alias_is_not_taken_by_a_conflict_nor_by_who_holds_it() -> None:
    holder = registered(1, version_alias="v-a")
    keeps = update(declared(version_alias="v-a", description="x"), holder)
    asked = declared(version=2, version_alias="v-b", source=external("s3://example/2"))
    conflict = Conflict(asked, registered(2), make_desired_document(asked, registered(2)), "reason", "hint")
    loses = Update(
        None, registered(3, version_alias="v-b"), {**registered(3).document, "version_alias": None}
    )
    assert origins((keeps, "drift"), (conflict, "branch"), (loses, None)) == ["drift", "branch", None]


# Contents


@pytest.mark.parametrize(
    ("before", "after", "fields"),
    [
        ({"source": external("s3://example/1")}, {"source": external("s3://example/2")}, ("source.uri",)),
        ({"step": 1}, {"step": 2}, ("step",)),
        ({"run_id": "a"}, {"run_id": None}, ("run_id",)),
        ({"run_id": "a", "step": 1}, {"run_id": "b", "step": 2}, ("step", "run_id")),
    ],
)
def test_other_contents_for_a_version_are_reported_by_their_fields(
    before: dict[str, Any], after: dict[str, Any], fields: tuple[str, ...]
) -> None:
    found = find_edited_contents(declared(**after), declared(**before), Ignore())
    assert tuple(map(".".join, found)) == fields


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"description": "a", "metadata": {}}, {"description": "b", "metadata": {"x": 1}}),
        ({"step": 1}, {}),
        ({}, {"step": 1}),
        ({"step": 0}, {"step": None}),
        ({"step": 1}, {"step": 1.0}),
        ({"source": {**external("s3://example/1"), "more": 1}}, {"source": external("s3://example/1")}),
    ],
)
def test_what_is_no_contents_or_declared_on_one_side_only_is_no_edit(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert find_edited_contents(declared(**after), declared(**before), Ignore()) == ()


def test_contents_that_are_left_to_others_are_no_edit() -> None:
    assert find_edited_contents(declared(step=2), declared(step=1), Ignore((("step",),))) == ()
