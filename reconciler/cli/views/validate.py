"""What a check of manifests looks like: every problem, in the format asked for, and how many there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from reconciler.cli.exits import Exit, choose_validation_exit
from reconciler.cli.views.headway import Reading
from reconciler.cli.views.problems import print_problems, select_wanted_problems
from reconciler.report.count import validated
from reconciler.terminal.progress import Progress
from reconciler.terminal.terminal import Terminal

if TYPE_CHECKING:
    from reconciler.cli.files.step import StepFiles
    from reconciler.manifest.load import Declaration, Loading


class ValidateView:
    """Tells of one check.

    Args:
        terminal: where all is told.
        output_format: the name of the format on stdout.
        step: takes a summary.
    """

    def __init__(self, terminal: Terminal, output_format: str, step: StepFiles) -> None:
        self._terminal = terminal
        self._output_format = output_format
        self._step = step

    def watch_reading(self, loading: Loading, read: Callable[[Loading], Declaration]) -> Declaration:
        """Run the call that reads manifests, and tell how far it is."""
        with Progress(self._terminal, Reading(loading).line):
            return read(loading)

    def tell_end(self, declaration: Declaration) -> Exit:
        """Tell what was found; the exit code, which is a failure where that could not be told."""
        _print(self._terminal, declaration, self._output_format)
        counted = validated(declaration)
        self._terminal.print_note(counted)
        return self._step.tell_validation(declaration.problems, counted, choose_validation_exit(declaration))


def _print(terminal: Terminal, declaration: Declaration, output_format: str) -> None:
    problems = declaration.problems
    match output_format:
        case "concise":
            from reconciler.report.text.problems import concise_lines

            terminal.print_lines(concise_lines(select_wanted_problems(terminal, problems)))
        case "json":
            from reconciler.report.problem_list import problem_document

            terminal.print_json(problem_document(declaration))
        case "github":
            from reconciler.report.ci.annotations import problem_annotations

            # The log has all of them; only some are annotated.
            print_problems(terminal, problems, declaration.snapshot, terminal.err)
            terminal.print_page(problem_annotations(problems))
        case "gitlab":
            from reconciler.report.ci.code_quality import code_quality

            terminal.print_json(code_quality(problems))
        case "sarif":
            from reconciler.report.ci.sarif import sarif_log

            terminal.print_json(sarif_log(problems))
        case "junit":
            from reconciler.report.ci.junit import junit_lines

            terminal.print_page(junit_lines(problems, "validate"))
        case _:
            print_problems(terminal, problems, declaration.snapshot, terminal.out)
