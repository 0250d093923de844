"""Stderr as JSON Lines, for whatever collects logs: one object on each line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.errors import Problem

_LABELS = {"error: ": "error", "internal error: ": "error", "warning: ": "warning", "note: ": "info"}
"""The labels of lines for people, and the levels that they stand for."""


def make_text_record(text: str, level: str = "error") -> str:
    """A line for people as a record; its label, if it has one, gives the level."""
    text = text.strip()
    for label, label_level in _LABELS.items():
        if text.startswith(label):
            return make_record(label_level, text.removeprefix(label))
    return make_record(level, text)


def make_problem_record(problem: Problem) -> str:
    """A problem as a record."""
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
        message: the text; it is escaped, so that neither a terminal nor the runner of a job obeys it.
        fields: further fields; empty ones are left out.
    """
    from datetime import UTC, datetime

    from reconciler.escape import as_json_line

    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    known = {name: value for name, value in (fields or {}).items() if value != ""}
    return as_json_line({"time": now, "level": level, "message": message, **known}, ascii_only=True)
