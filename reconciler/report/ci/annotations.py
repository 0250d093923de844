"""Problems as annotations of GitHub, which stand beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.codes import UNREADABLE
from reconciler.errors import Problem
from reconciler.escape import for_annotation, for_annotation_property

_MAX_ANNOTATIONS = 10
"""GitHub drops further annotations of the same severity from one step."""


def render_annotations(problems: Sequence[Problem]) -> Iterator[str]:
    """The commands that annotate problems, the worst first; the last one counts those left out.

    Unreadable files come last among the errors: they may be templates of another tool.
    """
    worst_first = sorted(
        problems, key=lambda problem: (problem.severity != "error", problem.code in UNREADABLE, problem)
    )
    shown = worst_first if len(worst_first) <= _MAX_ANNOTATIONS else worst_first[: _MAX_ANNOTATIONS - 1]
    for problem in shown:
        place = problem.place
        hint = f" ({problem.hint})" if problem.hint else ""
        message = for_annotation(f"{problem.message}{hint}")
        title = f"title={for_annotation_property(problem.code)}"
        file = for_annotation_property(place.file)
        # A problem of the whole plan has no file.
        at = f"file={file},line={place.line},col={place.column}," if file else ""
        yield f"::{problem.severity} {at}{title}::{message}"
    if left_out := worst_first[len(shown) :]:
        yield f"::{left_out[0].severity}::and {len(left_out):,} more, listed in the log"
