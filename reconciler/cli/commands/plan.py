"""`reconciler plan`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit, Strictness
from reconciler.cli.views import formats

if TYPE_CHECKING:
    from reconciler.terminal.terminal import Terminal
    from reconciler.workflow.options import PlanOptions


@click.command()
@options.selection
@options.select
@options.prune
@options.owned_by
@options.cache
@options.connection
@options.choose_output(*formats.BESIDE_TEXT)
@formats.max_bytes
@options.summary
@options.full
@options.printing
@options.timeout
@options.choose_base(
    "Tell the changes of this branch from those pending before it, and from what others have changed, by what"
    " this commit declares.  [default: the base branch, on a pull request]"
)
@options.mass_change
@click.option(
    "--conflicts",
    type=click.Choice(["strict", "report"]),
    default="strict",
    show_default=True,
    help="Exit with 4 where a manifest is in conflict, or only report it, as apply does all else.",
)
@click.option(
    "--expect-no-orphans",
    is_flag=True,
    help="Exit with 4 where registered versions were declared once and are left alone, or that is not known.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when changes are pending.")
@options.choose_file("--out", about="Save the plan, for apply --plan and for show.")
@options.past
@options.plan_options
@formats.view_options
@options.merge_options("strictness", Strictness)
def plan(
    terminal: Terminal,
    *,
    asked: PlanOptions,
    connection: options.ConnectionOptions,
    view: formats.ViewOptions,
    strictness: Strictness,
    past: options.PastOptions,
) -> Exit:
    """Show what apply would change; change nothing.

    The work tree is read, or the commit that --ref names, here or in the repository at --repo.

    \b
    Examples:
      reconciler plan
      reconciler plan models/fraud --ref origin/main --format json --detailed-exitcode
      reconciler plan --summary --format markdown > comment.md
      reconciler plan --select 'fraud/*' --select '!fraud/scorer:4' --out plan.json
    """
    from functools import partial

    from reconciler.cli.base import find_comparison
    from reconciler.cli.cache import find_memory
    from reconciler.cli.connect import connect
    from reconciler.cli.files.step import Run, StepFiles
    from reconciler.cli.views.plan import PlanView
    from reconciler.workflow.plan import run_plan

    compare = partial(find_comparison, terminal, asked=past.base, environment=os.environ)
    remember = partial(find_memory, asked=past.cache)
    run = Run("plan", asked.selection, connection.host, asked.selector.shard)
    with StepFiles(terminal, run, is_wanted=view.summary) as step:
        watcher = PlanView(terminal, view, step, strictness)
        with run_plan(asked, connect(terminal, connection), watcher, compare, remember) as planned:
            return watcher.show_end(planned)
