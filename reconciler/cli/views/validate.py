"""What `validate` prints: every problem, in the chosen format, and how many there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from reconciler.cli.exits import Exit, choose_validation_exit
from reconciler.cli.views.problems import print_for_ci, print_problems, select_wanted_problems
from reconciler.cli.views.progress import Reading
from reconciler.report.count import describe_declaration
from reconciler.terminal.progress import Progress
from reconciler.terminal.terminal import Terminal

if TYPE_CHECKING:
    from reconciler.cli.files.step import StepFiles
    from reconciler.manifest.load import Declaration, Loading


class ValidateView:
    """Shows one check.

    Args:
        terminal: where everything is printed.
        output_format: the name of the format on stdout.
        step: receives a summary.
    """

    def __init__(self, terminal: Terminal, output_format: str, step: StepFiles) -> None:
        self._terminal = terminal
        self._output_format = output_format
        self._step = step

    def watch_reading(self, loading: Loading, read: Callable[[Loading], Declaration]) -> Declaration:
        """Run the call that reads manifests, and show its progress."""
        with Progress(self._terminal, Reading(loading).line):
            return read(loading)

    def show_end(self, declaration: Declaration) -> Exit:
        """Show what was found, and return the exit code, which is a failure if that could not be written."""
        _print(self._terminal, declaration, self._output_format)
        counts, code = describe_declaration(declaration), choose_validation_exit(declaration)
        self._terminal.print_note(counts)
        return self._step.report_validation(declaration.problems, counts, code)


def _print(terminal: Terminal, declaration: Declaration, output_format: str) -> None:
    problems = declaration.problems
    match output_format:
        case "concise":
            from reconciler.report.text.problems import render_concise_problems

            terminal.print_lines(render_concise_problems(select_wanted_problems(terminal, problems)))
        case "json":
            from reconciler.report.problem_list import make_problem_document

            terminal.print_json(make_problem_document(declaration))
        case "gitlab":
            from reconciler.report.ci.code_quality import make_code_quality_report

            terminal.print_json(make_code_quality_report(problems))
        case "text":
            print_problems(terminal, problems, declaration.snapshot, terminal.out)
        case _:
            if output_format == "github":
                # The log has all of them; only some are annotated.
                print_problems(terminal, problems, declaration.snapshot, terminal.err)
            print_for_ci(terminal, output_format, problems, "validate")
