"""Saved plans and reports, read back: what `write` wrote, or a refusal.

A plan file is what somebody approved. So it is read by the layout that it is written in, and everything in
it that follows from the rest has to: its checksum, its digest, its counts, and the patch of each change.
"""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import chain
from typing import IO, Any

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.diff import make_json_patch
from reconciler.errors import SavedFileError
from reconciler.model import Artifact, Target
from reconciler.planfile import report_shapes, shapes
from reconciler.planfile.convert import read_value
from reconciler.planfile.kept_changes import KeptChanges
from reconciler.planfile.schema import check_shape, make_refusal
from reconciler.planfile.strict_json import HostileJsonError, parse_strict_json
from reconciler.planfile.write import LIST_END, format_checksum, format_list_begin
from reconciler.planning.digest import compute_plan_digest
from reconciler.planning.document import ChangeDocument, PlanDocument

MAX_BYTES = 1024 * 1024 * 1024
"""Of a saved file: half a million changes."""

_FIRST_LINES = re.compile(rb'\{\n  "format_version": "([0-9]{1,9}\.[0-9]{1,9})",\n')
_CHECKSUM = re.compile(rb'  "checksum": "([0-9a-f]{64})"\n\}\n')
_LINES_OF_CHECKSUM = 2
_BEGIN = b'{"event": "begin", '
_LISTS = {f"{format_list_begin(name)}\n".encode(): name for name in ("changes", "outcomes")}
_MEMBERS = {"changes": shapes.Change, "outcomes": report_shapes.Outcome}
_LIST_END = f"{LIST_END}\n".encode()


def read_plan_file(file: IO[bytes]) -> PlanDocument:
    """The plan that a file holds.

    Raises:
        SavedFileError: it holds no plan, or one that can not be relied on.
        OSError: it can not be read.
    """
    found = read_saved_file(file)
    if isinstance(found, ApplyDocument):
        raise SavedFileError("it is the report of an apply, and no plan", "give what plan --out wrote")
    return found


def read_saved_file(file: IO[bytes]) -> PlanDocument | ApplyDocument:
    """The plan or the apply that a file holds, which is read once: it may change meanwhile.

    Raises:
        SavedFileError: it holds neither, or one that can not be relied on.
        OSError: it can not be read.
    """
    lines = _read_lines(file)
    first = next(lines, b"")
    try:
        if first.startswith(_BEGIN):
            return _read_report(first + b"".join(lines))
        return _read_document(first, lines)
    except HostileJsonError as error:
        raise make_refusal(str(error)) from None


def _read_lines(file: IO[bytes]) -> Iterator[bytes]:
    left = MAX_BYTES
    while line := file.readline(left + 1):
        left -= len(line)
        if left < 0:
            message = f"it is larger than {MAX_BYTES:,} bytes, which no plan is"
            raise SavedFileError(message, "give a smaller one")
        yield line


def _read_document(first: bytes, lines: Iterator[bytes]) -> PlanDocument | ApplyDocument:
    second = next(lines, b"")
    version = _FIRST_LINES.match(first + second)
    if version is None:
        raise SavedFileError(
            "it is neither a plan nor a report of reconciler",
            "give a file that plan --out, plan --format json or apply --report wrote, as it was written",
        )
    _check_version(version[1].decode())
    body = _verify_lines(chain((first, second), lines))
    try:
        heading, changes, outcomes, digest = _split_document(body)
    except (SavedFileError, HostileJsonError):
        for _ in body:  # a wrong checksum is reported first
            pass
        raise
    heading = check_shape(shapes.Plan if outcomes is None else report_shapes.Apply, heading)
    plan = _read_plan(heading, changes)
    if outcomes is None:
        _check_plan(plan, heading, changes.actions)
        if plan.digest != digest:
            raise make_refusal("its digest is not that of its changes")
        return plan
    if len(outcomes) != len(plan.changes):
        raise make_refusal("it does not tell what became of every change")
    pairs = zip(outcomes, plan.changes, strict=True)
    found = tuple(_read_outcome(outcome, change) for outcome, change in pairs)
    return ApplyDocument(plan, found, heading["planned"], heading["exit_code"])


def _check_version(version: str) -> None:
    """See that files of a version can be read: those of this major one."""
    ours, theirs = shapes.FORMAT_VERSION.partition(".")[0], version.partition(".")[0]
    if ours != theirs:
        raise SavedFileError(
            f"it has format version {version}, and this version of reconciler reads {shapes.FORMAT_VERSION}",
            "make it anew with this version, or use the version that wrote it",
        )


def _verify_lines(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines that the checksum is of; whoever has taken the last of them knows that it is right."""
    checksum, held = sha256(), deque[bytes]()
    for line in lines:
        held.append(line)
        if len(held) > _LINES_OF_CHECKSUM:
            checksum.update(held[0])
            yield held.popleft()
    written = _CHECKSUM.fullmatch(b"".join(held))
    if written is None:
        raise make_refusal("its end is missing, so that it is not whole")
    if written[1].decode() != checksum.hexdigest():
        raise make_refusal("its checksum is not that of its contents: it was changed or damaged")


def _split_document(lines: Iterator[bytes]) -> tuple[dict[str, Any], KeptChanges, list[Any] | None, str]:
    """The heading as JSON types, the changes, of an apply the outcomes as JSON types, and the digest."""
    heading: list[bytes] = []
    changes, outcomes, digest = KeptChanges(), None, ""
    for line in lines:
        if (name := _LISTS.get(line)) == "changes":
            members = map(_read_change, _read_members(lines, name))
            digest = compute_plan_digest(_read_target(heading), changes.keep(members))
        elif name == "outcomes":
            outcomes = list(_read_members(lines, name))
        heading += (line, _LIST_END) if name else (line,)
    # That no list is given twice is seen when the heading is read, in which they are empty.
    read = parse_strict_json(_decode(b"".join(heading)) + format_checksum("0" * 64))
    assert isinstance(read, dict)
    return read, changes, outcomes, digest


def _read_target(heading: Iterable[bytes]) -> Target:
    """What was asked, from the lines before the changes, which a digest begins with."""
    read = parse_strict_json(_decode(b"".join(heading)).removesuffix(",\n") + "}")
    target: Target = read_value(shapes.ControlPlane, check_shape(shapes.Asked, read)["control_plane"])
    return target


def _read_members(lines: Iterator[bytes], name: str) -> Iterator[Any]:
    """The members of a list, each on a line, up to its end."""
    goes_on = True
    for number, line in enumerate(lines, start=1):
        if line == _LIST_END and (number == 1 or not goes_on):
            return
        if line == _LIST_END or not goes_on:
            break
        goes_on = line.endswith(b",\n")
        member = parse_strict_json(_decode(line).rstrip(",\n"))
        yield check_shape(_MEMBERS[name], member, f"{name} {number}")
    raise make_refusal(f"its {name} do not stand each on a line")


def _read_report(data: bytes) -> ApplyDocument:
    """The apply of a report, whose last line may be cut off."""
    whole = data[: data.rfind(b"\n") + 1]
    if not whole:
        raise make_refusal("not even its first line is whole")
    first, *others = map(parse_strict_json, _decode(whole).split("\n")[:-1])
    assert isinstance(first, dict)
    version = first.get("format_version")
    if isinstance(version, str):
        _check_version(version)
    begin = check_shape(report_shapes.Begin, first, "line 1")
    exit_code = None
    outcomes = []
    for number, line in enumerate(others, start=2):
        if exit_code is not None:
            raise make_refusal("it goes on after its end")
        if isinstance(line, dict) and line.get("event") == "end":
            exit_code = check_shape(report_shapes.End, line, f"line {number}")["exit_code"]
        else:
            event = check_shape(report_shapes.OutcomeEvent, line, f"line {number}")
            outcomes.append(_read_outcome(event, _read_change(event["change"])))
    plan = _read_plan(begin, tuple(outcome.change for outcome in outcomes))
    return ApplyDocument(plan, tuple(outcomes), begin["changes"], exit_code)


def _read_plan(heading: Mapping[str, Any], changes: Collection[ChangeDocument]) -> PlanDocument:
    shard = heading.get("shard")
    if shard and shard["number"] > shard["of"]:
        raise make_refusal(f"there is no shard {shard['number']} of {shard['of']}")
    plan: PlanDocument = read_value(shapes.Heading, heading, changes=changes)
    return plan


def _read_change(data: Mapping[str, Any]) -> ChangeDocument:
    """A change whose patch is the one from `before` to `after`, and which fits together."""
    change: ChangeDocument = read_value(shapes.Change, data)
    patch = make_json_patch(change.before, change.after)
    if json.dumps(data["patch"], sort_keys=True) != json.dumps(patch, sort_keys=True):
        raise make_refusal(f"a patch of {change.artifact} is not that of its change")
    is_registered = change.before is not None
    contradicts = change.action != "conflict" and is_registered != (change.action in {"update", "delete"})
    if contradicts or (change.after and change.action == "delete"):
        raise make_refusal(f"a change of {change.artifact} contradicts itself")
    return change


def _read_outcome(data: Mapping[str, Any], change: ChangeDocument) -> OutcomeDocument:
    artifact = Artifact(data["ml_repo"], data["name"])
    if (artifact, data["action"]) != (change.artifact, change.action):
        raise make_refusal(f"an outcome of {artifact} is not that of its change")
    outcome: OutcomeDocument = read_value(report_shapes.Outcome, data, change=change)
    return outcome


def _check_plan(plan: PlanDocument, heading: Mapping[str, Any], actions: Counter[str]) -> None:
    """Check that values that are written twice are the same."""
    if any(plan.counts[action] != actions[action] for action in ("create", "update", "delete", "conflict")):
        raise make_refusal("its counts are not those of its changes")
    if plan.counts["orphan"] != len(plan.orphans.found):
        raise make_refusal("its count of orphans is not that of its orphans")
    if heading["guard"]["blocks"] != plan.guard.blocks:
        raise make_refusal("what it says of its guard does not fit together")


def _decode(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise make_refusal("it is not UTF-8") from None
