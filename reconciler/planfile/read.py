"""Saved plans and reports, read back: what `write` wrote, or a refusal.

A plan file is what somebody approved. So it is read by the layout that it is written in, and everything in
it that follows from the rest has to: its checksum, its digest, its counts, and the patch of each change.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import chain
from typing import IO, Any

from reconciler.applying.document import ApplyDocument
from reconciler.errors import SavedFileError
from reconciler.model import Target
from reconciler.planfile.conformance import first_fault
from reconciler.planfile.kept_changes import KeptChanges
from reconciler.planfile.parts import change_of, outcome_event_of, outcome_of, plan_of, refusal, target_of
from reconciler.planfile.schema import APPLY, BEGIN, CHANGE, END, OUTCOME, OUTCOME_EVENT, PLAN
from reconciler.planfile.strict_json import HostileJsonError, strict_json
from reconciler.planfile.write import FORMAT_VERSION, LIST_END, checksum_line, list_begin
from reconciler.planning.digest import compute_plan_digest
from reconciler.planning.document import PlanDocument

MAX_BYTES = 1024 * 1024 * 1024
"""Of a saved file: half a million changes."""

_FIRST_LINES = re.compile(rb'\{\n  "format_version": "([0-9]{1,9}\.[0-9]{1,9})",\n')
_CHECKSUM = re.compile(rb'  "checksum": "([0-9a-f]{64})"\n\}\n')
_LINES_OF_CHECKSUM = 2
_OF_TARGET = {"type": "object", "required": ["control_plane"], "properties": PLAN["properties"]}
_BEGIN = b'{"event": "begin", '
_LISTS = {f"{list_begin(name)}\n".encode(): name for name in ("changes", "outcomes")}
_LIST_END = f"{LIST_END}\n".encode()


def saved_plan(file: IO[bytes]) -> PlanDocument:
    """The plan that a file holds.

    Raises:
        SavedFileError: it holds no plan, or one that can not be relied on.
        OSError: it can not be read.
    """
    found = saved(file)
    if isinstance(found, ApplyDocument):
        raise SavedFileError("it is the report of an apply, and no plan", "give what plan --out wrote")
    return found


def saved(file: IO[bytes]) -> PlanDocument | ApplyDocument:
    """The plan or the apply that a file holds, which is read once: it may change meanwhile.

    Raises:
        SavedFileError: it holds neither, or one that can not be relied on.
        OSError: it can not be read.
    """
    lines = _lines(file)
    first = next(lines, b"")
    try:
        if first.startswith(_BEGIN):
            return _report(first + b"".join(lines))
        return _document(first, lines)
    except HostileJsonError as error:
        raise refusal(str(error)) from None


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    left = MAX_BYTES
    while line := file.readline(left + 1):
        left -= len(line)
        if left < 0:
            told = f"it is larger than {MAX_BYTES:,} bytes, which no plan is"
            raise SavedFileError(told, "give a smaller one")
        yield line


def _document(first: bytes, lines: Iterator[bytes]) -> PlanDocument | ApplyDocument:
    second = next(lines, b"")
    version = _FIRST_LINES.match(first + second)
    if version is None:
        raise SavedFileError(
            "it is neither a plan nor a report of reconciler",
            "give a file that plan --out, plan --format json or apply --report wrote, as it was written",
        )
    _check_version(version[1].decode())
    body = _body(chain((first, second), lines))
    try:
        heading, changes, outcomes, digest = _taken_apart(body)
    except (SavedFileError, HostileJsonError):
        for _ in body:  # that it was changed or damaged is said first
            pass
        raise
    _check(heading, APPLY if outcomes is not None else PLAN)
    plan = plan_of(heading, changes)
    if outcomes is None:
        _check_plan(plan, heading, changes.actions)
        if plan.digest != digest:
            raise refusal("its digest is not that of its changes")
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


def _body(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines that the checksum is of; whoever has taken the last of them knows that it is right."""
    checksum, held = sha256(), deque[bytes]()
    for line in lines:
        held.append(line)
        if len(held) > _LINES_OF_CHECKSUM:
            checksum.update(held[0])
            yield held.popleft()
    told = _CHECKSUM.fullmatch(b"".join(held))
    if told is None:
        raise refusal("its end is missing, so that it is not whole")
    if told[1].decode() != checksum.hexdigest():
        raise refusal("its checksum is not that of its contents: it was changed or damaged")


def _taken_apart(lines: Iterator[bytes]) -> tuple[dict[str, Any], KeptChanges, list[Any] | None, str]:
    """The heading as JSON types, the changes, of an apply the outcomes as JSON types, and the digest."""
    heading: list[bytes] = []
    changes, outcomes, digest = KeptChanges(), None, ""
    for line in lines:
        if (name := _LISTS.get(line)) == "changes":
            members = map(change_of, _members(lines, name))
            digest = compute_plan_digest(_target(heading), changes.keep(members))
        elif name == "outcomes":
            outcomes = list(_members(lines, name))
        heading += (line, _LIST_END) if name else (line,)
    # That no list is given twice is seen when the heading is read, in which they are empty.
    read = strict_json(_text(b"".join(heading)) + checksum_line("0" * 64))
    assert isinstance(read, dict)
    return read, changes, outcomes, digest


def _target(heading: Iterable[bytes]) -> Target:
    """What was asked, from the lines before the changes, which a digest begins with."""
    read = strict_json(_text(b"".join(heading)).removesuffix(",\n") + "}")
    _check(read, _OF_TARGET)
    assert isinstance(read, dict)
    return target_of(read["control_plane"])


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


def _check_plan(plan: PlanDocument, heading: Mapping[str, Any], actions: Counter[str]) -> None:
    """See that what is said twice is said alike."""
    if any(plan.counts[action] != actions[action] for action in ("create", "update", "delete", "conflict")):
        raise refusal("its counts are not those of its changes")
    if plan.counts["orphan"] != len(plan.orphans.found):
        raise refusal("its count of orphans is not that of its orphans")
    if heading["guard"]["blocks"] != plan.guard.blocks:
        raise refusal("what it says of its guard does not fit together")


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise refusal("it is not UTF-8") from None
