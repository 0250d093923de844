"""A run that failed before it had a plan, as Markdown: the error, and as many problems as fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reconciler.errors import Problem
from reconciler.report.markdown import budget
from reconciler.report.markdown.change import format_code
from reconciler.report.markdown.fitting import count_bytes
from reconciler.report.markdown.marker import About, format_marker

_MAX_MESSAGE_CHARACTERS = 1_000
_NOTE_BYTES = 200
"""Room for the note that says what is left out."""


class Failure(NamedTuple):
    """How a run failed.

    Attributes:
        what: the command: `validate`, `plan` or `apply`.
        about: which paths and which control plane it was about.
        title: how it ended, in a few words.
        message: the error; may be empty.
        hint: what to do about it; may be empty.
        problems: the problems of the manifests.
    """

    what: str
    about: About
    title: str
    message: str = ""
    hint: str = ""
    problems: Sequence[Problem] = ()


def render_failure_markdown(failure: Failure, most_bytes: int = budget.MAX_COMMENT_BYTES) -> Iterator[str]:
    """A failed run in at most so many bytes of UTF-8, and never more than a comment may have.

    Args:
        failure: how it failed; errors are listed before warnings.
        most_bytes: line ends included.
    """
    most_bytes = min(most_bytes, budget.MAX_COMMENT_BYTES)
    head = f"\n\n## {failure.title}\n\n"
    if failure.message:
        head += f"{format_code(failure.message, _MAX_MESSAGE_CHARACTERS)}\n\n"
    if failure.hint:
        head += f"What to do: {format_code(failure.hint, _MAX_MESSAGE_CHARACTERS)}\n\n"
    marker = format_marker(failure.what, failure.about, is_complete=False)
    room = most_bytes - count_bytes(head) - count_bytes(marker) - _NOTE_BYTES
    items: list[str] = []
    for problem in sorted(failure.problems, key=lambda problem: problem.severity):
        item = f"- {format_code(str(problem))}\n"
        room -= count_bytes(item)
        if room < 0:
            break
        items.append(item)
    left_out = len(failure.problems) - len(items)
    note = (
        f"\nNot shown here: {left_out:,} more. `reconciler validate` shows all of them.\n" if left_out else ""
    )
    marker = format_marker(failure.what, failure.about, is_complete=not left_out)
    text = f"{marker}{head}{''.join(items)}{note}"
    yield from text.rstrip("\n").split("\n")
