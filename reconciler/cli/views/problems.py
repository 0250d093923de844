"""Problems in manifests, told to people while the files that they are in are at hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from reconciler.errors import InvalidManifestsError
from reconciler.terminal.terminal import Terminal

if TYPE_CHECKING:
    from reconciler.errors import Problem
    from reconciler.source.snapshot import Snapshot


def print_problems(
    terminal: Terminal, problems: Sequence[Problem], snapshot: Snapshot, stream: TextIO
) -> None:
    """Print problems with the lines that they stand in; those for stderr perhaps as records.

    With `--quiet` errors only.
    """
    problems = select_wanted_problems(terminal, problems)
    if stream is terminal.err and terminal.is_logged:
        terminal.print_records(problems)
    elif problems:
        from reconciler.cli.views.paper import make_paper
        from reconciler.manifest.excerpts import read_excerpts
        from reconciler.report.text.problems import problem_lines

        excerpts = read_excerpts(snapshot, problems)
        terminal.print_lines(problem_lines(problems, excerpts, make_paper(terminal, stream)), stream)


def select_wanted_problems(terminal: Terminal, problems: Sequence[Problem]) -> Sequence[Problem]:
    """The problems that people are to be told."""
    return [problem for problem in problems if problem.severity == "error"] if terminal.is_quiet else problems


@contextmanager
def tell_problems(terminal: Terminal, snapshot: Snapshot) -> Iterator[None]:
    """Print, on stderr, the problems of manifests that nothing more can be done with.

    Raises:
        InvalidManifestsError: there were some.
    """
    try:
        yield
    except InvalidManifestsError as error:
        print_problems(terminal, error.problems, snapshot, terminal.err)
        raise
