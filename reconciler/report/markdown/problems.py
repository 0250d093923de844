"""A run that came to no plan, as Markdown: what went wrong, and every problem that there is room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reconciler.errors import Problem
from reconciler.report.markdown import budget
from reconciler.report.markdown.change import code
from reconciler.report.markdown.fitting import size
from reconciler.report.markdown.marker import About, marker_without_plan

_LONGEST_MESSAGE = 1_000
_FOR_A_NOTE = 200
"""Bytes of the note that says what is left out."""


class Failure(NamedTuple):
    """How a run has ended.

    Attributes:
        what: the command: `validate`, `plan` or `apply`.
        about: what it was about.
        title: how it ended, in a few words.
        message: what went wrong; may be empty.
        hint: what to do about it; may be empty.
        problems: those of the manifests.
    """

    what: str
    about: About
    title: str
    message: str = ""
    hint: str = ""
    problems: Sequence[Problem] = ()


def failure_markdown(failure: Failure, most_bytes: int = budget.FOR_A_COMMENT) -> Iterator[str]:
    """The end of a run in at most so many bytes of UTF-8, and no more than a comment may have; errors first.

    Args:
        failure: the end.
        most_bytes: with a line end after each line.
    """
    most_bytes = min(most_bytes, budget.FOR_A_COMMENT)
    head = f"\n\n## {failure.title}\n\n"
    if failure.message:
        head += f"{code(failure.message, _LONGEST_MESSAGE)}\n\n"
    if failure.hint:
        head += f"What to do: {code(failure.hint, _LONGEST_MESSAGE)}\n\n"
    room = most_bytes - size(head) - size(_marker(failure, is_complete=False)) - _FOR_A_NOTE
    items: list[str] = []
    for problem in sorted(failure.problems, key=lambda problem: problem.severity):
        item = f"- {code(str(problem))}\n"
        room -= size(item)
        if room < 0:
            break
        items.append(item)
    left_out = len(failure.problems) - len(items)
    note = (
        f"\nNot shown here: {left_out:,} more. `reconciler validate` shows all of them.\n" if left_out else ""
    )
    text = _marker(failure, is_complete=not left_out) + head + "".join(items) + note
    yield from text.rstrip("\n").split("\n")


def _marker(failure: Failure, *, is_complete: bool) -> str:
    return marker_without_plan(failure.what, failure.about, is_complete=is_complete)
