"""`reconciler apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import approval, options
from reconciler.cli.exits import Exit
from reconciler.cli.views import formats

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.terminal.terminal import Terminal
    from reconciler.workflow.options import ApplyOptions, PlanOptions


def _make_apply_options(
    *,
    asked: PlanOptions,
    yes: bool,
    concurrency: int,
    settle: float,
    approved: Path | None,
    expect: str | None,
) -> ApplyOptions:
    from reconciler.workflow.options import ApplyOptions

    if not yes and not options.find_terminal(click.get_current_context()).can_ask():
        raise click.UsageError("there is no terminal to ask on: give --yes")
    given = approval.read_approval(approved, expect)
    return ApplyOptions(asked, given, concurrency, settle, must_ask=not yes)


@click.command()
@options.selection
@options.select
@options.prune
@options.owned_by
@options.connection
@options.choose_output("json", "markdown", "html")
@formats.max_bytes
@options.summary
@options.full
@options.printing
@options.timeout
@click.option("--yes", is_flag=True, help="Do not ask. Needed where nobody can be asked.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="Writes under way at once.",
)
@click.option(
    "--settle",
    type=click.FloatRange(0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the control plane may be busy with a write whose answer was lost.",
)
@options.choose_file("--report", about="Write JSON Lines: one line for each outcome, as it becomes known.")
@approval.options
@options.mass_change
@options.plan_options
@options.merge_options("asked", _make_apply_options)
@formats.view_options
def apply(
    terminal: Terminal,
    *,
    asked: ApplyOptions,
    connection: options.ConnectionOptions,
    view: formats.ViewOptions,
) -> Exit:
    """Register and update artifact versions as a commit declares them.

    The commit is HEAD, whose manifests the work tree must not differ from, or what --ref names, here or
    in the repository at --repo. The plan is shown first. Applying the same commit again changes nothing.

    \b
    Examples:
      reconciler apply
      reconciler apply --ref v1.4.0 --yes --report outcomes.jsonl
      reconciler apply --plan plan.json --yes
    """
    from reconciler.cli.files.step import Run, StepFiles
    from reconciler.cli.views.apply import ApplyView
    from reconciler.workflow.apply import run_apply

    planning = asked.planning
    run = Run("apply", planning.selection, connection.host, planning.selector.shard)
    with StepFiles(terminal, run, is_wanted=view.summary) as step:
        watcher = ApplyView(terminal, view, step, shows_plan_always=asked.must_ask)
        with run_apply(asked, watcher.opened(connection), watcher) as ended:
            return watcher.show_end(ended)
