"""`reconciler plan`, and the planning that apply begins with."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit, plan_exit

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.cli.connect import ControlPlane
    from reconciler.client.patience import Deadline, Patience
    from reconciler.manifest.load import Declaration, Loading
    from reconciler.plan.change import Plan


@click.command()
@options.selection
@options.cache
@options.connection
@options.output("json", "markdown", "html")
@options.timeout
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when changes are pending.")
def plan(  # noqa: PLR0913  one for each option
    *,
    paths: Sequence[Path],
    ref: str | None,
    repo: str | None,
    cache: bool | None,
    host: str | None,
    api: str,
    verbose: bool,
    output_format: str,
    timeout: float,
    detailed_exitcode: bool,
) -> Exit:
    """Show what apply would change; change nothing.

    The work tree is read, or the commit that --ref names, here or in the repository at --repo.

    \b
    Examples:
      reconciler plan
      reconciler plan models/fraud --ref origin/main --format json --detailed-exitcode
      reconciler plan --format markdown >> "$GITHUB_STEP_SUMMARY"
    """
    from reconciler.cli.cache import memory
    from reconciler.cli.connect import control_plane
    from reconciler.cli.output import print_note
    from reconciler.client.patience import Deadline, Patience
    from reconciler.manifest.load import Loading
    from reconciler.workflow.read import Selection, selected

    deadline = Deadline(timeout)
    with (
        selected(Selection(paths, ref, repo, deadline.left)) as snapshot,
        control_plane(host, api) as plane,
    ):
        if verbose:
            for line in plane.details():
                print_note(line)
        loading = Loading(snapshot, memory(snapshot, asked=cache))
        decided = make(loading, plane, deadline, Patience())
    _print(decided, output_format)
    return plan_exit(decided, detailed=detailed_exitcode)


def make(loading: Loading, plane: ControlPlane, deadline: Deadline, patience: Patience) -> Plan:
    """Plan, and tell of warnings on stderr."""
    from reconciler.cli import signals
    from reconciler.cli.output import print_problems

    async def call() -> tuple[Declaration, Plan]:
        from reconciler.workflow.plan import plan

        async with plane.reader(deadline, patience) as reader:
            return await plan(loading, reader)

    try:
        declaration, decided = signals.run(call())
    finally:
        loading.stop()
    print_problems(declaration.problems, sys.stderr)
    return decided


def show(decided: Plan, stream: TextIO) -> None:
    """Print a plan as text."""
    from reconciler.cli.output import paper, print_lines
    from reconciler.report.text import plan_lines

    print_lines(plan_lines(decided, paper(stream)), stream)


def _print(decided: Plan, output_format: str) -> None:
    from reconciler.cli.output import print_json, print_page

    match output_format:
        case "json":
            from reconciler.report.json import plan_document

            print_json(plan_document(decided))
        case "markdown":
            from reconciler.report.markdown import plan_markdown

            print_page(plan_markdown(decided))
        case "html":
            from reconciler.report.html import plan_page

            print_page(plan_page(decided))
        case _:
            show(decided, sys.stdout)
