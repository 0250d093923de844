"""What goes to stderr as JSON Lines, for whatever collects logs: one object on each line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.errors import Problem

_LABELS = {"error: ": "error", "internal error: ": "error", "warning: ": "warning", "note: ": "info"}
"""How text for people begins, and the level that this stands for."""


def make_text_record(text: str, level: str = "error") -> str:
    """What is said to people in text, as a record: its label, if it has one, is the level."""
    text = text.strip()
    for label, labelled in _LABELS.items():
        if text.startswith(label):
            return make_record(labelled, text.removeprefix(label))
    return make_record(level, text)


def make_problem_record(problem: Problem) -> str:
    """One thing that is wrong with what was read."""
    place = problem.place
    fields: dict[str, str | int] = {
        "path": place.file,
        "line": place.line,
        "column": place.column,
        "hint": problem.hint,
    }
    return make_record(problem.severity, problem.message, {"code": problem.code, **fields})


def make_record(level: str, message: str, fields: Mapping[str, str | int] | None = None) -> str:
    """A record, on one line of ASCII, so that no encoding of the stream breaks it.

    Args:
        level: `info`, `warning` or `error`.
        message: what is said; nothing of it is obeyed by a terminal or the runner of a job.
        fields: what else is known; what is empty is left out.
    """
    from datetime import UTC, datetime

    from reconciler.escape import as_json_line

    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    known = {name: value for name, value in (fields or {}).items() if value != ""}
    return as_json_line({"time": now, "level": level, "message": message, **known}, ascii_only=True)
