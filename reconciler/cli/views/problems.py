"""Problems in manifests, told to people while the files that they are in are at hand."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from reconciler.errors import InvalidManifestsError
from reconciler.terminal import streams

if TYPE_CHECKING:
    from reconciler.errors import Problem
    from reconciler.source.snapshot import Snapshot


def print_problems(problems: Sequence[Problem], snapshot: Snapshot, stream: TextIO) -> None:
    """Print problems with the lines that they stand in; those for stderr perhaps as records.

    With `--quiet` errors only.
    """
    problems = wanted_problems(problems)
    if stream is sys.stderr and streams.is_logged():
        from reconciler.terminal import records

        for problem in problems:
            streams.write_line(stream, records.of_problem(problem))
    elif problems:
        from reconciler.cli.views.paper import paper
        from reconciler.manifest.excerpts import read_excerpts
        from reconciler.report.text.problems import problem_lines
        from reconciler.terminal.output import print_lines

        print_lines(problem_lines(problems, read_excerpts(snapshot, problems), paper(stream)), stream)


def wanted_problems(problems: Sequence[Problem]) -> Sequence[Problem]:
    """The problems that people are to be told."""
    from reconciler.terminal.output import is_quiet

    return [problem for problem in problems if problem.severity == "error"] if is_quiet() else problems


@contextmanager
def problems_told(snapshot: Snapshot) -> Iterator[None]:
    """Print, on stderr, the problems of manifests that nothing more can be done with.

    Raises:
        InvalidManifestsError: there were some.
    """
    try:
        yield
    except InvalidManifestsError as error:
        print_problems(error.problems, snapshot, sys.stderr)
        raise
