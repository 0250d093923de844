"""Plans and applies for programs: JSON documents with a version of their own, written line by line.

A document has its heading first, then each change on a line of its own, and a checksum last, so that it
is written in little memory however many changes there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.diff import make_json_patch
from reconciler.errors import Problem
from reconciler.escape import as_json, as_json_line
from reconciler.planfile import report_shapes, shapes
from reconciler.planfile.convert import write_value
from reconciler.planning.document import ChangeDocument, PlanDocument

INDENT = "    "
"""Before each change."""


def format_plan_json(document: PlanDocument, *, ascii_only: bool = False) -> Iterator[str]:
    """A plan in lines, without the end that `add_checksum` gives."""
    yield from _format_heading(document, ascii_only=ascii_only)
    yield from _format_list("changes", map(make_change_json, document.changes), ascii_only=ascii_only)


def format_apply_json(document: ApplyDocument, *, ascii_only: bool = False) -> Iterator[str]:
    """A plan and what became of each of its changes, in lines, without the end that `add_checksum` gives."""
    heading = {"planned": document.planned, "exit_code": document.exit_code}
    yield from _format_heading(document.plan, ascii_only=ascii_only, **heading)
    yield from _format_list("changes", map(make_change_json, document.plan.changes), ascii_only=ascii_only)
    yield from _format_list("outcomes", map(make_outcome_json, document.outcomes), ascii_only=ascii_only)


def add_checksum(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a document as they are to be written, and its end: the checksum of all that is before."""
    checksum = sha256()
    for line in lines:
        checksum.update(f"{line}\n".encode())
        yield line
    yield format_checksum(checksum.hexdigest())


def format_checksum(checksum: str) -> str:
    """The end of a document."""
    return f'  "checksum": "{checksum}"\n}}'


def make_begin_json(document: PlanDocument, run: Mapping[str, str | None]) -> dict[str, Any]:
    """The first line of a report: what is about to be applied, and where.

    Args:
        document: the plan.
        run: `actor` and `url` of the run of a CI system.
    """
    return {"event": "begin", **_make_heading(document), "changes": len(document.changes), "run": dict(run)}


def make_outcome_event_json(outcome: OutcomeDocument) -> dict[str, Any]:
    """A line of a report: one outcome, with the whole change that it is of."""
    return {"event": "outcome", **make_outcome_json(outcome), "change": make_change_json(outcome.change)}


def make_end_json(outcomes: Collection[OutcomeDocument], exit_code: int) -> dict[str, Any]:
    """The last line of a report; without it, the run was killed."""
    counts = Counter(outcome.result for outcome in outcomes)
    return {"event": "end", "counts": dict(sorted(counts.items())), "exit_code": exit_code}


def make_change_json(change: ChangeDocument) -> dict[str, Any]:
    """One change; the patch follows from what is before and after."""
    return write_value(shapes.Change, change, patch=make_json_patch(change.before, change.after))


def make_outcome_json(outcome: OutcomeDocument) -> dict[str, Any]:
    """One outcome; its version is the one registered, else the one asked for."""
    return {
        **write_value(report_shapes.Outcome, outcome),
        "version": outcome.change.version if outcome.version is None else outcome.version,
        "began": _round_to_microseconds(outcome.began),
        "seconds": _round_to_microseconds(outcome.seconds),
    }


def make_problem_json(problem: Problem) -> dict[str, Any]:
    """One thing that is wrong with a manifest."""
    return write_value(shapes.Diagnostic, problem)


def _format_heading(document: PlanDocument, *, ascii_only: bool, **more: Any) -> Iterator[str]:
    heading = as_json({**_make_heading(document), **more}, ascii_only=ascii_only)
    yield heading.removesuffix("\n}") + ","


def _format_list(name: str, items: Iterable[Mapping[str, Any]], *, ascii_only: bool) -> Iterator[str]:
    yield format_list_begin(name)
    last = ""
    for item in items:
        if last:
            yield f"{last},"
        last = INDENT + as_json_line(item, ascii_only=ascii_only)
    if last:
        yield last
    yield LIST_END


def format_list_begin(name: str) -> str:
    """The line before a list that has each of its members on a line."""
    return f'  "{name}": ['


LIST_END = "  ],"


def _make_heading(document: PlanDocument) -> dict[str, Any]:
    return {"format_version": shapes.FORMAT_VERSION, **write_value(shapes.Heading, document)}


def _round_to_microseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)
