"""Saved plans and reports, read back: what `report.json` wrote, or a refusal.

A plan file is what somebody approved. So it is read by the layout that it is written in, and everything in
it that follows from the rest has to: its checksum, its digest, its counts, and the patch of each change.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from reconciler.applying.document import ApplyDocument
from reconciler.errors import SavedFileError
from reconciler.planning.digest import digest_of
from reconciler.planning.document import PlanDocument
from reconciler.report.conformance import first_fault
from reconciler.report.json import FORMAT_VERSION, LIST_END, checksum_line, list_begin
from reconciler.report.parts import change_of, outcome_event_of, outcome_of, plan_of, refusal
from reconciler.report.plan_schema import APPLY, BEGIN, CHANGE, END, OUTCOME, OUTCOME_EVENT, PLAN
from reconciler.report.strict_json import HostileJsonError, strict_json

MAX_BYTES = 1024 * 1024 * 1024
"""Of a saved file: half a million changes."""

_FIRST_LINES = re.compile(rb'\{\n  "format_version": "([0-9]{1,9}\.[0-9]{1,9})",\n')
_CHECKSUM = re.compile(rb'  "checksum": "([0-9a-f]{64})"\n\}\n')
_CHECKSUM_BYTES = len(checksum_line("0" * 64)) + 1
_BEGIN = b'{"event": "begin", '
_LISTS = {f"{list_begin(name)}\n".encode(): name for name in ("changes", "outcomes")}
_LIST_END = f"{LIST_END}\n".encode()


def saved_plan(data: bytes) -> PlanDocument:
    """The plan that a file holds.

    Raises:
        SavedFileError: it holds no plan, or one that can not be relied on.
    """
    found = saved(data)
    if isinstance(found, ApplyDocument):
        raise SavedFileError("it is the report of an apply, and no plan", "give what plan --out wrote")
    return found


def saved(data: bytes) -> PlanDocument | ApplyDocument:
    """The plan or the apply that a file holds.

    Raises:
        SavedFileError: it holds neither, or one that can not be relied on.
    """
    if len(data) > MAX_BYTES:
        raise SavedFileError(f"it is larger than {MAX_BYTES:,} bytes, which no plan is", "give a smaller one")
    try:
        if data.startswith(_BEGIN):
            return _report(data)
        return _document(data)
    except HostileJsonError as error:
        raise refusal(str(error)) from None


def _document(data: bytes) -> PlanDocument | ApplyDocument:
    version = _FIRST_LINES.match(data)
    if version is None:
        raise SavedFileError(
            "it is neither a plan nor a report of reconciler",
            "give a file that plan --out, plan --format json or apply --report wrote, as it was written",
        )
    _check_version(version[1].decode())
    heading, changes, outcomes = _taken_apart(_body(data))
    _check(heading, APPLY if outcomes is not None else PLAN)
    plan = plan_of(heading, tuple(map(change_of, changes)))
    if outcomes is None:
        _check_plan(plan, heading)
        return plan
    if len(outcomes) != len(plan.changes):
        raise refusal("it does not tell what became of every change")
    told = zip(outcomes, plan.changes, strict=True)
    found = tuple(outcome_of(outcome, change) for outcome, change in told)
    return ApplyDocument(plan, found, heading["planned"], heading["exit_code"])


def _check_version(version: str) -> None:
    """See that files of a version can be read: those of this major one."""
    ours, theirs = FORMAT_VERSION.partition(".")[0], version.partition(".")[0]
    if ours != theirs:
        raise SavedFileError(
            f"it has format version {version}, and this version of reconciler reads {FORMAT_VERSION}",
            "make it anew with this version, or use the version that wrote it",
        )


def _body(data: bytes) -> bytes:
    """What the checksum is of, once that is seen to be right."""
    body, end = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    checksum = _CHECKSUM.fullmatch(end)
    if checksum is None:
        raise refusal("its end is missing, so that it is not whole")
    if checksum[1].decode() != sha256(body).hexdigest():
        raise refusal("its checksum is not that of its contents: it was changed or damaged")
    return body


def _taken_apart(body: bytes) -> tuple[dict[str, Any], list[Any], list[Any] | None]:
    """The heading, the changes and, of an apply, the outcomes, as JSON types."""
    heading: list[bytes] = []
    lists: dict[str, list[Any]] = {}
    lines = io.BytesIO(body)
    for line in lines:
        heading.append(line)
        if name := _LISTS.get(line):
            lists[name] = list(_members(lines, name))
            heading.append(_LIST_END)
    # That no list is given twice is seen when the heading is read, in which they are empty.
    read = strict_json(_text(b"".join(heading)) + checksum_line("0" * 64))
    assert isinstance(read, dict)
    return read, lists.get("changes", []), lists.get("outcomes")


def _members(lines: Iterator[bytes], name: str) -> Iterator[Any]:
    """The members of a list, each on a line, up to its end."""
    schema = {"changes": CHANGE, "outcomes": OUTCOME}[name]
    goes_on = True
    for number, line in enumerate(lines, start=1):
        if line == _LIST_END and (number == 1 or not goes_on):
            return
        if line == _LIST_END or not goes_on:
            break
        goes_on = line.endswith(b",\n")
        member = strict_json(_text(line).rstrip(",\n"))
        _check(member, schema, f"{name} {number}")
        yield member
    raise refusal(f"its {name} do not stand each on a line")


def _report(data: bytes) -> ApplyDocument:
    """The apply that a report tells of; what was written last may be cut off."""
    whole = data[: data.rfind(b"\n") + 1]
    if not whole:
        raise refusal("not even its first line is whole")
    first, *others = map(strict_json, _text(whole).split("\n")[:-1])
    assert isinstance(first, dict)
    version = first.get("format_version")
    if isinstance(version, str):
        _check_version(version)
    _check(first, BEGIN, "line 1")
    exit_code = None
    outcomes = []
    for number, line in enumerate(others, start=2):
        if exit_code is not None:
            raise refusal("it goes on after its end")
        if isinstance(line, dict) and line.get("event") == "end":
            _check(line, END, f"line {number}")
            exit_code = line["exit_code"]
        else:
            _check(line, OUTCOME_EVENT, f"line {number}")
            assert isinstance(line, dict)
            outcomes.append(outcome_event_of(line))
    plan = plan_of(first, tuple(outcome.change for outcome in outcomes))
    return ApplyDocument(plan, tuple(outcomes), first["changes"], exit_code)


def _check(value: Any, schema: Mapping[str, Any], path: str = "") -> None:
    if fault := first_fault(value, schema, path):
        raise refusal(fault)


def _check_plan(plan: PlanDocument, heading: Mapping[str, Any]) -> None:
    """See that what is said twice is said alike."""
    actions = Counter(change.action for change in plan.changes)
    if any(plan.counts[action] != actions[action] for action in ("create", "update", "delete", "conflict")):
        raise refusal("its counts are not those of its changes")
    if plan.counts["orphan"] != len(plan.orphans.found):
        raise refusal("its count of orphans is not that of its orphans")
    if heading["guard"]["blocks"] != plan.guard.blocks:
        raise refusal("what it says of its guard does not fit together")
    if plan.digest != digest_of(plan.target, plan.changes):
        raise refusal("its digest is not that of its changes")


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise refusal("it is not UTF-8") from None
