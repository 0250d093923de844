"""The laws of a plan's document: what its digest names, that its patches fit, that nothing is passed over."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonpatch
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diff import MISSING, Difference, Missing, are_same, find_differences, make_json_patch
from reconciler.model import Artifact
from reconciler.planning.describe import describe_change, describe_plan
from reconciler.planning.digest import compute_plan_digest
from reconciler.planning.document import ChangeDocument, PlanDocument
from tests.support.builders import (
    LEFT_OUT,
    creation,
    declaration,
    declared,
    described,
    external,
    manifest,
    plan_of,
    registered,
)
from tests.support.changes import find_change_differences
from tests.support.manifests import SCALARS, json_documents
from tests.support.scale import law

FEW_KEYS = st.sampled_from(["a", "b", "c/d", "e~f", "", "0", "password", ".truefoundry"])
METADATA = json_documents(SCALARS, FEW_KEYS)
"""With keys in common, so that two of them meet."""
TEXTS = st.sampled_from([LEFT_OUT, None, "x", " x", "y"])


@st.composite
def fields(draw: st.DrawFn, *, is_declared: bool) -> dict[str, Any]:
    """What a manifest or a registered version says, but for what names it."""
    internal = not is_declared
    metadata = {
        key: value for key, value in draw(METADATA).items() if internal or not key.startswith(".truefoundry")
    }
    return {
        "metadata": metadata,
        "description": draw(TEXTS),
        "run_id": draw(st.sampled_from([LEFT_OUT, None, "r"])),
        "step": draw(st.sampled_from([LEFT_OUT, 0, 0, 1])),
    }


@law(40, 300, 20_000)
@given(fields(is_declared=False), fields(is_declared=True))
def test_the_patch_of_a_change_leads_from_what_is_registered_to_what_is_to_be(
    has: dict[str, Any], asked: dict[str, Any]
) -> None:
    for change in described(manifest(**asked), has=(registered(1, **has),)).changes:
        patched = jsonpatch.apply_patch(
            copy.deepcopy(change.before), make_json_patch(change.before, change.after)
        )
        assert are_same(patched, change.after)


@law(40, 300, 20_000)
@given(METADATA, METADATA)
def test_a_patch_leads_from_any_document_to_any_other_and_fits_no_third(before: Any, after: Any) -> None:
    patch = make_json_patch(before, after)
    assert are_same(jsonpatch.apply_patch(copy.deepcopy(before), patch), after)
    if any(operation["op"] in {"remove", "replace"} for operation in patch):
        try:
            jsonpatch.apply_patch({"another": 1}, patch)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException):
            return
        raise AssertionError("a patch that takes something away fits a document that does not have it")


@law(40, 300, 5_000)
@given(
    fields(is_declared=False),
    fields(is_declared=True),
    st.sampled_from([(), ("/metadata/a",), ("/metadata/b/a", "/description"), ("/metadata",)]),
)
def test_every_difference_is_either_a_change_or_left_alone(
    has: dict[str, Any], asked: dict[str, Any], ignore: tuple[str, ...]
) -> None:
    theirs, ours = registered(1, **has), manifest(**asked)
    plan = plan_of(declaration(ours, ignore=ignore), (theirs,))
    for change, shown in zip(plan.changes, describe_plan(plan).changes, strict=True):
        changed = {"/".join(("", *difference.path)) for difference in find_change_differences(change)}
        alone = [each.path.replace("~1", "/").replace("~0", "~") for each in shown.left_alone]
        assert len(set(alone)) == len(alone)
        assert changed.isdisjoint(alone)
        for difference in find_differences(declared(**asked).document, theirs.document):
            path = "/".join(("", *difference.path))
            is_told = path in alone or any(_meet(path, other) for other in changed)
            says_nothing = {None, MISSING}.issuperset(_scalars(difference))
            assert is_told or says_nothing, path


def _scalars(difference: Difference) -> list[Any]:
    return [side if isinstance(side, Missing | None) else 0 for side in (difference.before, difference.after)]


def _meet(path: str, other: str) -> bool:
    return f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/")


# The digest

NAMES = st.sampled_from([("fraud", "scorer"), ("fraud", "ranker"), ("search", "scorer")])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Manifests, and the fields of registered versions; no version twice on either side."""

    def drawn(*, is_declared: bool) -> list[dict[str, Any]]:
        of = draw(st.sets(st.tuples(NAMES, st.integers(1, 3)), max_size=5))
        return [
            {"ml_repo": ml_repo, "name": name, "version": version, **draw(fields(is_declared=is_declared))}
            for (ml_repo, name), version in sorted(of)
        ]

    return drawn(is_declared=True), drawn(is_declared=False)


@law(12, 100, 2_000)
@given(worlds(), st.data())
def test_a_digest_does_not_depend_on_the_order_of_files_or_rows(
    world: tuple[list[dict[str, Any]], list[dict[str, Any]]], data: st.DataObject
) -> None:
    asked, has = world

    def document() -> PlanDocument:
        found = declaration(*(manifest(**given) for given in data.draw(st.permutations(asked))))
        rows = [registered(**row) for row in data.draw(st.permutations(has))]
        return describe_plan(plan_of(found, rows))

    first, again = document(), document()
    assert first.digest == again.digest
    assert [replace(change, file=None) for change in first.changes] == [
        replace(change, file=None) for change in again.changes
    ]


@law(12, 100, 2_000)
@given(worlds(), st.data())
def test_a_digest_changes_with_everything_that_it_covers(
    world: tuple[list[dict[str, Any]], list[dict[str, Any]]], data: st.DataObject
) -> None:
    asked, has = world
    found = declaration(*(manifest(**given) for given in asked))
    document = describe_plan(plan_of(found, [registered(**row) for row in has]))
    changes, target = list(document.changes), document.target
    others = [
        compute_plan_digest(replace(target, host=f"{target.host}/"), changes),
        compute_plan_digest(replace(target, tenant=None), changes),
        compute_plan_digest(target, [*changes, *changes[:1]])
        if changes
        else compute_plan_digest(target, [_ANY]),
    ]
    if changes:
        index = data.draw(st.integers(0, len(changes) - 1))
        others += [
            compute_plan_digest(target, [*changes[:index], other, *changes[index + 1 :]])
            for other in _others(changes[index])
        ]
        others.append(compute_plan_digest(target, changes[1:]))
    for one, another in itertools.pairwise(range(len(changes))):
        swapped = changes.copy()
        swapped[one], swapped[another] = changes[another], changes[one]
        others.append(compute_plan_digest(target, swapped))
    assert document.digest == compute_plan_digest(target, changes)
    assert document.digest not in others
    assert len(set(others)) == len(others)


_ANY = describe_change(creation(declared()))


def _others(change: ChangeDocument) -> Iterator[ChangeDocument]:
    """A change with one thing that counts made another."""
    artifact = change.artifact
    yield replace(change, action="conflict" if change.action == "create" else "create")
    yield replace(change, artifact=Artifact(f"{artifact.ml_repo}x", artifact.name))
    yield replace(change, artifact=Artifact(artifact.ml_repo, f"{artifact.name}x"))
    yield replace(change, version=(change.version or 0) + 10)
    yield replace(change, id=f"{change.id}x")
    yield replace(change, before={**(change.before or {}), "z": 1})
    yield replace(change, after={**change.after, "z": True})
    yield replace(change, after={**change.after, "z": 1})
    yield replace(change, after={**change.after, "z": "1"})
    yield replace(change, after={**change.after, "source": external("s3://z")})


@given(fields(is_declared=False), fields(is_declared=True))
def test_a_digest_does_not_cover_where_a_change_is_from_or_what_is_said_of_it(
    has: dict[str, Any], asked: dict[str, Any]
) -> None:
    document = described(manifest(**asked), has=(registered(1, **has),))
    said = [
        replace(
            change,
            file="b.yaml", line=7, fqn="f", left_alone=(), reason="r", hint="h", waits_for="w",
            origin="drift", commit="c", author="a", renamed_from="r",
        )
        for change in document.changes
    ]  # fmt: skip
    assert compute_plan_digest(replace(document.target, api="svc"), said) == document.digest


def test_a_whole_number_is_one_with_and_without_a_fraction() -> None:
    target, change = described().target, _ANY
    one, other = (replace(change, after={"step": value}) for value in (3, 3.0))
    assert compute_plan_digest(target, [one]) == compute_plan_digest(target, [other])
