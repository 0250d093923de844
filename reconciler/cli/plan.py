"""`reconciler plan`, and the planning that apply begins with."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit, plan_exit

if TYPE_CHECKING:
    from reconciler.cli.connect import ControlPlane
    from reconciler.client.patience import Deadline, Patience
    from reconciler.plan.change import Plan
    from reconciler.source.snapshot import Snapshot


@click.command()
@options.selection
@options.connection
@options.output
@options.timeout
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when changes are pending.")
def plan(  # noqa: PLR0913  one for each option
    *,
    paths: Sequence[Path],
    ref: str | None,
    host: str | None,
    api: str,
    output_format: str,
    timeout: float,
    detailed_exitcode: bool,
) -> Exit:
    """Show what apply would change; change nothing.

    The work tree is read, or the commit that --ref names.

    \b
    Examples:
      reconciler plan
      reconciler plan models/fraud --ref origin/main --format json --detailed-exitcode
    """
    from reconciler import workflow
    from reconciler.cli.connect import control_plane
    from reconciler.cli.output import print_json
    from reconciler.client.patience import Deadline, Patience
    from reconciler.report.json import plan_document

    snapshot = workflow.read_sources(paths, ref)
    with control_plane(host, api) as plane:
        decided = make(snapshot, plane, Deadline(timeout), Patience())
    if output_format == "json":
        print_json(plan_document(decided))
    else:
        show(decided, sys.stdout)
    return plan_exit(decided, detailed=detailed_exitcode)


def make(snapshot: Snapshot, plane: ControlPlane, deadline: Deadline, patience: Patience) -> Plan:
    """Plan, and tell of warnings on stderr."""
    from reconciler import workflow
    from reconciler.cli import signals
    from reconciler.cli.output import print_problems

    declaration = workflow.validate(snapshot)

    async def call() -> Plan:
        async with plane.reader(deadline, patience) as reader:
            return await workflow.plan(declaration, snapshot, reader)

    decided = signals.run(call())
    print_problems(declaration.problems, sys.stderr)
    return decided


def show(decided: Plan, stream: TextIO) -> None:
    """Print a plan as text."""
    from reconciler.cli.output import paper, print_lines
    from reconciler.report.text import plan_lines

    print_lines(plan_lines(decided, paper(stream)), stream)
