"""`reconciler plan`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from reconciler.cli import formats, options
from reconciler.cli.exits import Exit, Strictness, may_have_orphans, plan_exit

if TYPE_CHECKING:
    from reconciler.planning.document import PlanDocument
    from reconciler.workflow.options import PlanOptions

_MOST_TOLD = 20
"""Of the orphans that were not to be there."""


@click.command()
@options.selection
@options.select
@options.prune
@options.owned_by
@options.cache
@options.connection
@options.output(*formats.BESIDE_TEXT)
@formats.max_bytes
@options.summary
@options.full
@options.printing
@options.timeout
@options.base(
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
@click.option(
    "--out",
    type=click.Path(dir_okay=False),
    callback=options.as_path,
    metavar="FILE",
    help="Save the plan, for apply --plan and for show.",
)
@options.plan_options
@options.connection_options
@formats.view_options
@options.merged("strictness", Strictness)
def plan(
    *,
    asked: PlanOptions,
    connection: options.ConnectionOptions,
    view: formats.ViewOptions,
    strictness: Strictness,
    cache: bool | None,
    base: str | None,
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
    from dataclasses import replace

    from reconciler.cli.base import comparison, told_apart
    from reconciler.cli.cache import memory
    from reconciler.cli.connect import connected
    from reconciler.cli.github import Run, StepFiles
    from reconciler.cli.plan_view import PlanView
    from reconciler.client.patience import Deadline, Patience
    from reconciler.manifest.load import Loading
    from reconciler.planning.describe import document_of
    from reconciler.workflow.plan import decide
    from reconciler.workflow.read import is_dirty, selected

    deadline = Deadline(asked.seconds)
    selection = replace(asked.selection, seconds=asked.seconds)
    run = Run("plan", selection, connection.host, asked.selector.shard)
    with StepFiles(run, is_wanted=view.summary) as step:
        compared = comparison(selection, base, os.environ)
        with selected(selection) as snapshot, connected(connection) as plane:
            loading = Loading(snapshot, memory(snapshot, asked=cache))
            since = compared.since if compared else None
            _, decided = decide(asked, loading, plane.reader(deadline, Patience()), PlanView(), since)
            document = document_of(decided, allows_mass_change=asked.allows_mass_change)
            document = told_apart(document, decided, loading.declaration(), compared)
            if decided.changes and is_dirty(selection, snapshot):
                document = replace(document, source=replace(document.source, is_dirty=True))
            _show(document, view, strictness)
            return step.tell_plan(document, plan_exit(document, strictness))


def _show(document: PlanDocument, view: formats.ViewOptions, strictness: Strictness) -> None:
    if view.out:
        from reconciler.cli.plan_file import write_plan

        write_plan(view.out, document)
    formats.print_plan(document, view)
    if strictness.expect_no_orphans and may_have_orphans(document):
        _tell_orphans(document)


def _tell_orphans(document: PlanDocument) -> None:
    """Say on stderr that there are orphans, or may be."""
    from reconciler.cli.output import print_failure
    from reconciler.report.view import orphan_text, unknown_orphans

    orphans = document.orphans.found
    if why := unknown_orphans(document):
        print_failure(f"error: orphans were not to be there, and are {why}")
        return
    print_failure("error: there are orphans: registered versions that are no longer declared")
    for orphan in orphans[:_MOST_TOLD]:
        print_failure(f"  {orphan_text(orphan)}")
    if more := orphans[_MOST_TOLD:]:
        print_failure(f"  and {len(more)} more")
    print_failure("  declare them again, or delete them: apply --prune")
