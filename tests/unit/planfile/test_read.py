"""Saved plans and reports: read back as they were, or refused with the reason and what to do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.errors import Place, Problem, SavedFileError
from reconciler.escape import as_json_line
from reconciler.model import Artifact
from reconciler.planfile import read as reading
from reconciler.planfile.write import (
    add_checksum,
    format_apply_json,
    make_begin_json,
    make_end_json,
    make_outcome_event_json,
)
from reconciler.planning.document import GuardResult, LeftAlone, PromotionDocument
from tests.support.documents import change, document
from tests.support.saved_plans import (
    as_file,
    fields,
    laid_out,
    named,
    resealed,
    saved,
    saved_plan,
    without_field,
)

CHANGES = (
    change(0, "conflict", left_alone=(LeftAlone("/metadata/a", "ignored"),), at=Place("a.yaml", 7, 8)),
    change(1, origin="branch", commit="c" * 40, author="A. Author"),
    replace(change(2, "create", waits_for="fraud/scorer-0:1"), version=None),
)
PLAN = named(
    document(
        *CHANGES,
        promotions=(PromotionDocument(Artifact("fraud", "scorer-1"), "v-prod", 1, None),),
        diagnostics=(Problem(Place("a.yaml", 1, 2), "some-rule", "looks wrong", "do this", "warning"),),
        guard=GuardResult(("12 of 30",), is_waived=False),
    )
)
DATA = as_file(PLAN)
OUTCOMES = (
    OutcomeDocument(CHANGES[0], Result.SKIPPED, 1, "in conflict", "declare another"),
    OutcomeDocument(CHANGES[1], Result.UPDATED, 1, began=0.5, seconds=0.25),
    OutcomeDocument(CHANGES[2], Result.CREATED, 4, began=0.75, seconds=0.125),
)
APPLIED = ApplyDocument(PLAN, OUTCOMES, 3, 4)
RUN = {"actor": "ada", "url": None}
REPORT = "".join(
    f"{as_json_line(line)}\n"
    for line in (
        make_begin_json(PLAN, RUN),
        *map(make_outcome_event_json, OUTCOMES),
        make_end_json(OUTCOMES, 4),
    )
).encode()


def refused(data: bytes) -> str:
    """Why a file is refused."""
    with pytest.raises(SavedFileError) as caught:
        saved(data)
    assert caught.value.hint
    return str(caught.value)


def changed(**given: Any) -> bytes:
    """The plan's file with some fields changed, the checksum made anew."""
    return laid_out({**json.loads(DATA), **given})


def with_change(**given: Any) -> bytes:
    """The plan's file with some fields of its second change changed, the checksum made anew."""
    plan = json.loads(DATA)
    plan["changes"][1] |= given
    return laid_out(plan)


def test_a_plan_is_read_back_whole() -> None:
    assert saved(DATA) == PLAN
    assert saved_plan(laid_out(json.loads(DATA))) == PLAN


def test_a_plan_without_changes_is_read_back() -> None:
    empty = named(document())
    assert saved(as_file(empty)) == empty


def test_an_apply_is_read_back_from_its_document_and_from_its_report() -> None:
    assert (
        saved("".join(f"{line}\n" for line in add_checksum(format_apply_json(APPLIED))).encode()) == APPLIED
    )
    assert saved(REPORT) == APPLIED


def test_the_report_of_a_run_that_was_killed_tells_what_became_known() -> None:
    lines = REPORT.splitlines(keepends=True)
    for cut in (b"", b'{"event": "out'):
        found = saved(b"".join(lines[:3]) + cut)
        assert isinstance(found, ApplyDocument)
        assert (found.outcomes, found.planned, found.exit_code) == (OUTCOMES[:2], 3, None)
        assert tuple(found.plan.changes) == CHANGES[:2]


def test_what_is_shown_of_a_killed_run_can_be_saved_and_shown_again() -> None:
    killed = saved(b"".join(REPORT.splitlines(keepends=True)[:3]))
    assert isinstance(killed, ApplyDocument)
    assert saved("".join(f"{line}\n" for line in add_checksum(format_apply_json(killed))).encode()) == killed


def test_the_report_of_an_apply_is_no_plan() -> None:
    for data in (
        REPORT,
        "".join(f"{line}\n" for line in add_checksum(format_apply_json(APPLIED))).encode(),
    ):
        with pytest.raises(SavedFileError, match="it is the report of an apply, and no plan"):
            saved_plan(data)


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"{}", b"[]\n", b"{\n}\n", b"hello", b"\xff" * 99, b'{"event": "end"}\n', DATA[1:]]
)
def test_what_is_neither_plan_nor_report_is_reported_to_be_neither(data: bytes) -> None:
    assert refused(data) == "it is neither a plan nor a report of reconciler"


def test_fields_of_a_newer_minor_version_are_ignored() -> None:
    plan = json.loads(DATA)
    plan |= {"format_version": "1.12", "new": {"a": [1]}}
    plan["source"]["new"] = plan["counts"]["new"] = 1
    plan["changes"][0]["new"] = None
    assert saved(laid_out(plan)) == PLAN


@pytest.mark.parametrize("version", ["2.0", "0.1", "10.0"])
def test_another_major_version_is_refused_by_both_names(version: str) -> None:
    said = f"it has format version {version}, and this version of reconciler reads 1.0"
    assert refused(changed(format_version=version)) == said
    assert (
        refused(REPORT.replace(b'"format_version": "1.0"', f'"format_version": "{version}"'.encode())) == said
    )


def test_every_flip_of_a_digit_of_the_checksum_is_refused() -> None:
    for at in range(len(DATA) - 67, len(DATA) - 3):
        flipped = bytearray(DATA)
        flipped[at] ^= 1
        assert "it can not be relied on" in refused(bytes(flipped))


def test_a_plan_that_is_cut_off_is_refused_wherever() -> None:
    end = b'\n  "checksum": '
    for at in range(0, len(DATA), 7):
        assert refused(DATA[:at])
        if DATA[:at].rstrip() != DATA[: DATA.rindex(end)]:  # there it would be whole again
            assert refused(resealed(DATA[:at] + end))


def test_a_plan_whose_line_ends_were_changed_is_refused() -> None:
    assert refused(DATA.replace(b"\n", b"\r\n")) == "it is neither a plan nor a report of reconciler"


def test_more_after_the_end_is_refused() -> None:
    assert refused(DATA + b"\n") == "it can not be relied on: its end is missing, so that it is not whole"


def test_a_field_that_is_missing_is_named_also_under_a_right_checksum() -> None:
    plan = json.loads(DATA)
    for path in fields(plan):
        if path[-1] in {"checksum", "format_version", "at"}:
            continue
        said = refused(laid_out(without_field(plan, path)))
        assert str(path[-1]) in said, (path, said)


def test_a_conflict_that_does_not_tell_where_its_field_stands_is_at_its_manifest() -> None:
    found = next(iter(saved_plan(laid_out(without_field(json.loads(DATA), ("changes", 0, "at")))).changes))
    assert (found.at, found.place) == (None, Place("models/scorer-0.yaml", 1, 1))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (changed(digest="0" * 64), "its digest is not that of its changes"),
        (changed(digest="A" * 64), "digest is none of the values that it may have"),
        (changed(counts={**PLAN.counts, "update": 2}), "its counts are not those of its changes"),
        (changed(guard={"violations": ["a"], "waived": False, "blocks": False}), "its guard does not fit"),
        (changed(control_plane={"host": 1, "api": "ml", "tenant": None}), "control_plane.host is not string"),
        (changed(changes=json.loads(DATA)["changes"][::-1]), "its digest is not that of its changes"),
        (changed(promotions=[1]), "promotions 1 is not object"),
        (with_change(patch=[]), "a patch of fraud/scorer-1 is not that of its change"),
        (with_change(action="create"), "a change of fraud/scorer-1 contradicts itself"),
        (with_change(action="delete"), "a change of fraud/scorer-1 contradicts itself"),
        (with_change(action="remove"), "changes 2.action is none of the values that it may have"),
        (with_change(version=True), "changes 2.version is not integer or null"),
        (with_change(version=1.0), "changes 2.version is not integer or null"),
        (with_change(version=2), "its digest is not that of its changes"),
        (with_change(id="another"), "its digest is not that of its changes"),
        (with_change(line=0), "changes 2.line is none of the values that it may have"),
        (with_change(left_alone=[{"path": "/a", "reason": "because"}]), "changes 2.left_alone 1.reason"),
    ],
)  # fmt: skip
def test_what_does_not_follow_from_the_rest_is_refused_under_a_right_checksum(
    data: bytes, reason: str
) -> None:
    assert reason in refused(data)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'  "digest"', b'  "digest": "",\n  "digest"', "a key in it is given twice"),
        (b'{"action"', b'{"action": "create", "action"', "a key in it is given twice"),
        (b'"pages": 1', b'"pages": 1e999', "a number in it is too large"),
        (b'"pages": 1', b'"pages": NaN', "it holds a number that JSON does not know"),
        (b'"pages": 1', b'"pages": ' + b"1" * 9999, "a number in it has too many digits"),
        (b'"pages": 1', b'"pages": ' + b"[" * 9999 + b"]" * 9999, "it nests more than 100 levels deep"),
        (b'"rows": 30', b'"rows": "\xff"', "it is not UTF-8"),
        (b'    {"action"', b'\n    {"action"', "it is not valid JSON"),
        (b"},\n    {", b"}\n    {", "its changes do not stand each on a line"),
        (b"}\n  ],", b"},\n  ],", "its changes do not stand each on a line"),
        (b"\n  ],\n", b'\n  ],\n  "changes": [\n  ],\n', "a key in it is given twice"),
    ],
)  # fmt: skip
def test_hostile_json_is_refused_under_a_right_checksum(old: bytes, new: bytes, reason: str) -> None:
    head, separator, tail = DATA.rpartition(old)
    assert separator
    assert reason in refused(resealed(head + new + tail))


def test_a_file_beyond_the_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", len(DATA) - 1)
    assert "it is larger than" in refused(DATA)
    monkeypatch.setattr(reading, "MAX_BYTES", len(DATA))
    assert saved(DATA) == PLAN


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((0, 4, 1), "it goes on after its end"),
        ((0, 0), "line 2.result is missing"),
        ((0, 1, 0), "line 3.result is missing"),
    ],
)
def test_a_report_out_of_order_is_refused(lines: tuple[int, ...], reason: str) -> None:
    told = REPORT.splitlines(keepends=True)
    assert reason in refused(b"".join(told[number] for number in lines))


def test_an_outcome_of_another_change_is_refused() -> None:
    outcomes = (replace(OUTCOMES[0], change=CHANGES[1]), *OUTCOMES[1:])
    applied = replace(APPLIED, outcomes=outcomes)
    data = "".join(f"{line}\n" for line in add_checksum(format_apply_json(applied))).encode()
    assert "an outcome of fraud/scorer-1 is not that of its change" in refused(data)
    applied = replace(APPLIED, outcomes=OUTCOMES[1:])
    data = "".join(f"{line}\n" for line in add_checksum(format_apply_json(applied))).encode()
    assert "it does not tell what became of every change" in refused(data)


def test_a_report_whose_first_line_was_cut_off_is_refused() -> None:
    assert "not even its first line is whole" in refused(b'{"event": "begin", ')
