"""Laws of plans as files: read back, a plan is what it was; written again, a file is what it was."""

from __future__ import annotations

import copy
import json
from collections import Counter
from contextlib import suppress
from typing import Any

import jsonpatch
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.diff import are_same, make_json_patch
from reconciler.errors import SavedFileError
from reconciler.escape import as_json_line
from reconciler.planfile.schema import make_plan_json_schema
from reconciler.planfile.write import (
    add_checksum,
    format_apply_json,
    format_plan_json,
    make_begin_json,
    make_end_json,
    make_outcome_event_json,
)
from reconciler.planning.approval import find_expected_mismatches, find_mismatches, make_approval
from reconciler.planning.digest import compute_plan_digest
from reconciler.planning.document import PlanDocument
from tests.support.manifests import json_documents
from tests.support.saved_plans import as_file, plans, resealed, saved, saved_plan
from tests.support.scale import law

VALIDATOR = Draft202012Validator(make_plan_json_schema())
SECONDS = st.floats(0, 1e6).map(lambda seconds: round(seconds, 6))


@law(15, 150, 5_000)
@given(plans())
def test_a_plan_read_back_is_the_same_plan(plan: PlanDocument) -> None:
    assert saved_plan(as_file(plan)) == plan


@law(8, 50, 2_000)
@given(plans())
def test_a_plan_for_a_stream_without_unicode_reads_back_as_the_same_plan(plan: PlanDocument) -> None:
    text = "".join(f"{line}\n" for line in add_checksum(format_plan_json(plan, ascii_only=True)))
    assert saved_plan(text.encode("ascii")) == plan


@law(8, 50, 2_000)
@given(plans())
def test_every_plan_is_as_its_schema_says(plan: PlanDocument) -> None:
    assert list(VALIDATOR.iter_errors(json.loads(as_file(plan)))) == []


@st.composite
def applies(draw: st.DrawFn) -> ApplyDocument:
    """An apply whose outcomes are those of its changes."""
    plan = draw(plans())
    outcomes = tuple(
        OutcomeDocument(
            change,
            draw(st.sampled_from(Result)),
            draw(st.integers(1, 9)) if change.version is None else change.version,
            draw(st.text(max_size=9)),
            draw(st.text(max_size=9)),
            draw(st.none() | SECONDS),
            draw(st.none() | SECONDS),
        )
        for change in plan.changes
    )
    return ApplyDocument(plan, outcomes, len(outcomes), draw(st.integers(0, 143)))


@law(8, 50, 2_000)
@given(applies())
def test_an_apply_read_back_is_the_same_apply(applied: ApplyDocument) -> None:
    text = "".join(f"{line}\n" for line in add_checksum(format_apply_json(applied)))
    assert saved(text.encode()) == applied
    report = [
        make_begin_json(applied.plan, {"actor": None, "url": None}),
        *map(make_outcome_event_json, applied.outcomes),
        make_end_json(applied.outcomes, applied.exit_code or 0),
    ]
    assert saved("".join(f"{as_json_line(line)}\n" for line in report).encode()) == applied


@law(12, 100, 5_000)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode), plans(), st.integers(0, 10**6))
def test_whatever_a_file_holds_it_is_read_or_refused(junk: bytes, plan: PlanDocument, where: int) -> None:
    whole = as_file(plan)
    at = where % len(whole)
    for data in (junk, whole[:at], whole[:at] + junk + whole[at:], resealed(whole[:at] + junk + whole[at:])):
        with suppress(SavedFileError):
            assert isinstance(saved(data), PlanDocument | ApplyDocument)


@law(50, 500, 20_000)
@given(json_documents(), json_documents())
@example({"a": [1, 2, 3]}, {"a": [2, 3, 1]})
@example({"a": 1, "b": {"c": 2}}, {"b": {"d": 2}, "c": 1})
def test_a_patch_leads_from_before_to_after_and_fits_nothing_else(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    patch = make_json_patch(before, after)
    assert are_same(jsonpatch.apply_patch(copy.deepcopy(before), patch), after)
    for operation, earlier in zip(patch, [{}, *patch], strict=False):
        assert operation["op"] in {"test", "add", "remove", "replace"}
        if operation["op"] in {"remove", "replace"}:
            assert (earlier["op"], earlier["path"]) == ("test", operation["path"])


@law(15, 200, 5_000)
@given(json_documents(), json_documents(), st.data())
def test_a_patch_does_not_fit_a_document_whose_values_have_moved_on(
    before: dict[str, Any], after: dict[str, Any], data: st.DataObject
) -> None:
    tested = [
        operation["path"]
        for operation in make_json_patch(before, after)
        if operation["op"] == "test" and operation["path"].count("/") == 1
    ]
    assume(tested)
    key = data.draw(st.sampled_from(tested))[1:].replace("~1", "/").replace("~0", "~")
    with pytest.raises(jsonpatch.JsonPatchTestFailed):
        jsonpatch.apply_patch({**before, key: "moved on"}, make_json_patch(before, after))


@law(12, 100, 3_000)
@given(plans(), st.data())
def test_what_is_left_of_an_approved_plan_is_approved(plan: PlanDocument, data: st.DataObject) -> None:
    left = tuple(change for change in plan.changes if data.draw(st.booleans()))
    assert list(find_mismatches(plan, PlanDocument(**{**_fields(plan), "changes": left}))) == []


@law(12, 100, 3_000)
@given(plans(), plans())
def test_a_plan_that_has_another_digest_is_approved_only_as_what_is_left(
    approved: PlanDocument, other: PlanDocument
) -> None:
    told = list(find_mismatches(approved, other))
    goes_beyond = bool(_counted(other) - _counted(approved))
    has_asked = other.target.tenant is not None or bool(other.changes)
    is_of_others = other.target.tenant != approved.target.tenant and has_asked
    if other.target.host != approved.target.host or is_of_others:
        assert len(told) == 1
    else:
        assert bool(told) == goes_beyond
    is_right = not other.changes or other.digest == approved.digest
    assert (not list(find_expected_mismatches(approved.digest, other))) == is_right
    is_elsewhere = (other.target.host, other.target.tenant) != (approved.target.host, approved.target.tenant)
    goes_on = not other.changes or not (goes_beyond or is_elsewhere)
    assert (not list(find_expected_mismatches(make_approval(approved), other))) == goes_on


def _counted(plan: PlanDocument) -> Counter[str]:
    """How often there is each change, by what counts of it."""
    return Counter(compute_plan_digest(plan.target, (change,)) for change in plan.changes)


def _fields(plan: PlanDocument) -> dict[str, Any]:
    return {name: getattr(plan, name) for name in PlanDocument.__slots__}
