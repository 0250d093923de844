"""`reconciler validate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit, validation_exit

if TYPE_CHECKING:
    from reconciler.manifest.load import Declaration
    from reconciler.terminal.terminal import Terminal
    from reconciler.workflow.read import Selection


@click.command()
@options.selection
@options.cache
@options.printing
@options.base(
    "Refuse other contents for a version than this commit declares, without asking what is registered."
)
@options.output("concise", "json", "github", "gitlab", "sarif", "junit")
@options.summary
@options.past
def validate(
    terminal: Terminal,
    *,
    selection: Selection,
    past: options.PastOptions,
    output_format: str,
    summary: bool,
) -> Exit:
    """Check manifests, offline, and report every problem at once.

    PATH names files or folders; without one, the whole repository is checked. Each problem has a code,
    which `reconciler explain CODE` tells about.

    \b
    Formats:
      text     for people: each problem with its line
      concise  one line each: file:line:column: severity[code]: message
      json     all there is to say
      github   annotations, which GitHub shows beside the lines of a pull request
      gitlab   a code quality report, for merge requests of GitLab
      sarif    SARIF 2.1.0, for code scanning
      junit    JUnit XML, for test reports

    \b
    Examples:
      reconciler validate
      reconciler validate models/fraud --ref main
      reconciler validate --base origin/main
      reconciler validate --format gitlab > code-quality.json
    """
    from reconciler.cli.cache import memory
    from reconciler.cli.files.step import Run, StepFiles
    from reconciler.cli.views.headway import Reading
    from reconciler.manifest.load import Loading
    from reconciler.report.count import validated
    from reconciler.terminal.progress import Progress
    from reconciler.workflow.read import offline
    from reconciler.workflow.validate import validate as check

    with (
        StepFiles(terminal, Run("validate", selection), is_wanted=summary) as step,
        offline(selection) as snapshot,
    ):
        compared = None
        if past.base is not None:
            from reconciler.cli.base import asked_base

            compared = asked_base(terminal, selection, past.base)
        loading = Loading(snapshot, memory(snapshot, asked=past.cache))
        with Progress(terminal, Reading(loading).line):
            declaration = check(loading)
        if compared:
            from reconciler.workflow.contents import checked_with

            declaration = checked_with(compared, declaration, loading)
        _print(terminal, declaration, output_format)
        counted = validated(declaration)
        terminal.print_note(counted)
        return step.tell_validation(declaration.problems, counted, validation_exit(declaration))


def _print(terminal: Terminal, declaration: Declaration, output_format: str) -> None:
    from reconciler.cli.views.problems import print_problems, wanted_problems

    problems = declaration.problems
    match output_format:
        case "concise":
            from reconciler.report.text.problems import concise_lines

            terminal.print_lines(concise_lines(wanted_problems(terminal, problems)))
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
