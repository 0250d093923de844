"""Print problems of manifests with the lines of the files that they are in."""

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
    """Print problems with the lines that they are in; on stderr as log records if those are asked for.

    With `--quiet` errors only.
    """
    problems = select_wanted_problems(terminal, problems)
    if stream is terminal.err and terminal.is_logged:
        terminal.print_records(problems)
    elif problems:
        from reconciler.cli.views.text_layout import make_text_layout
        from reconciler.manifest.excerpts import read_excerpts
        from reconciler.report.text.problems import render_problems

        excerpts = read_excerpts(snapshot, problems)
        terminal.print_lines(render_problems(problems, excerpts, make_text_layout(terminal, stream)), stream)


def print_for_ci(terminal: Terminal, output_format: str, problems: Sequence[Problem], command: str) -> None:
    """Print on stdout what a command has found, in a format that knows only problems."""
    match output_format:
        case "github":
            from reconciler.report.ci.annotations import render_annotations

            terminal.print_page(render_annotations(problems))
        case "sarif":
            from reconciler.report.ci.sarif import make_sarif_log

            terminal.print_json(make_sarif_log(problems))
        case "junit":
            from reconciler.report.ci.junit import render_junit

            terminal.print_page(render_junit(problems, command))


def select_wanted_problems(terminal: Terminal, problems: Sequence[Problem]) -> Sequence[Problem]:
    """All problems, or with `--quiet` only the errors."""
    return [problem for problem in problems if problem.severity == "error"] if terminal.is_quiet else problems


@contextmanager
def report_problems(terminal: Terminal, snapshot: Snapshot) -> Iterator[None]:
    """Print on stderr the problems of an `InvalidManifestsError` that leaves the block.

    Raises:
        InvalidManifestsError: there were some.
    """
    try:
        yield
    except InvalidManifestsError as error:
        print_problems(terminal, error.problems, snapshot, terminal.err)
        raise
