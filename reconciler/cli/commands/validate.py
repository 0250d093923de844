"""`reconciler validate`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit, validation_exit

if TYPE_CHECKING:
    from reconciler.manifest.load import Declaration
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
def validate(
    *, selection: Selection, cache: bool | None, base: str | None, output_format: str, summary: bool
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
    from reconciler.terminal.output import print_note
    from reconciler.terminal.progress import Progress
    from reconciler.workflow.read import offline
    from reconciler.workflow.validate import validate as check

    with StepFiles(Run("validate", selection), is_wanted=summary) as step, offline(selection) as snapshot:
        compared = None
        if base is not None:
            from reconciler.cli.base import asked_base

            compared = asked_base(selection, base)
        loading = Loading(snapshot, memory(snapshot, asked=cache))
        with Progress(Reading(loading).line):
            declaration = check(loading)
        if compared:
            from reconciler.workflow.contents import checked_with

            declaration = checked_with(compared, declaration, loading)
        _print(declaration, output_format)
        counted = validated(declaration)
        print_note(counted)
        return step.tell_validation(declaration.problems, counted, validation_exit(declaration))


def _print(declaration: Declaration, output_format: str) -> None:
    from reconciler.cli.views.problems import print_problems, wanted_problems
    from reconciler.terminal.output import print_json, print_lines, print_page

    problems = declaration.problems
    match output_format:
        case "concise":
            from reconciler.report.text.problems import concise_lines

            print_lines(concise_lines(wanted_problems(problems)))
        case "json":
            from reconciler.report.problem_list import problem_document

            print_json(problem_document(declaration))
        case "github":
            from reconciler.report.ci.annotations import problem_annotations

            # The log has all of them; only some are annotated.
            print_problems(problems, declaration.snapshot, sys.stderr)
            print_page(problem_annotations(problems))
        case "gitlab":
            from reconciler.report.ci.code_quality import code_quality

            print_json(code_quality(problems))
        case "sarif":
            from reconciler.report.ci.sarif import sarif_log

            print_json(sarif_log(problems))
        case "junit":
            from reconciler.report.ci.junit import junit_lines

            print_page(junit_lines(problems, "validate"))
        case _:
            print_problems(problems, declaration.snapshot, sys.stdout)
