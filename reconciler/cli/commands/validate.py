"""`reconciler validate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from reconciler.terminal.terminal import Terminal
    from reconciler.workflow.read import Selection


@click.command()
@options.selection
@options.cache
@options.printing
@options.choose_base(
    "Refuse other contents for a version than this commit declares, without asking what is registered."
)
@options.choose_output("concise", "json", "github", "gitlab", "sarif", "junit")
@options.summary
@options.past
def validate(
    terminal: Terminal, *, selection: Selection, past: options.PastOptions, output_format: str, summary: bool
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
    from functools import partial

    from reconciler.cli.base import prepare_contents_comparison
    from reconciler.cli.cache import find_memory
    from reconciler.cli.files.step import Run, StepFiles
    from reconciler.cli.views.validate import ValidateView
    from reconciler.workflow.validate import run_validate

    compare = partial(prepare_contents_comparison, terminal, asked=past.base)
    remember = partial(find_memory, asked=past.cache)
    with StepFiles(terminal, Run("validate", selection), is_wanted=summary) as step:
        watcher = ValidateView(terminal, output_format, step)
        with run_validate(selection, watcher, compare, remember) as declaration:
            return watcher.show_end(declaration)
