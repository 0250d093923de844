"""`reconciler plan`, and the planning that apply begins with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from reconciler.cli import formats, options
from reconciler.cli.exits import Exit, plan_exit

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.client.patience import Deadline, Patience
    from reconciler.manifest.load import Declaration, Loading
    from reconciler.planning.change import Plan
    from reconciler.planning.document import PlanDocument
    from reconciler.planning.orphans import Pruning
    from reconciler.planning.selector import Selector
    from reconciler.workflow.control_plane import ControlPlane
    from reconciler.workflow.orphans import NoOwnership, Ownership

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
def plan(  # noqa: PLR0913  one for each option
    *,
    paths: Sequence[Path],
    ref: str | None,
    repo: str | None,
    selector: Selector,
    pruning: Pruning,
    owned_by: tuple[str, ...],
    cache: bool | None,
    host: str | None,
    api: str,
    verbose: bool,
    output_format: str,
    max_bytes: int,
    summary: bool,
    full: bool,
    timeout: float,
    base: str | None,
    conflicts: str,
    expect_no_orphans: bool,
    detailed_exitcode: bool,
    allow_mass_change: bool,
    out: Path | None,
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
    from functools import partial

    from reconciler.cli.base import comparison, told_apart
    from reconciler.cli.cache import memory
    from reconciler.cli.connect import control_plane, print_details
    from reconciler.cli.github import Run, StepFiles
    from reconciler.client.patience import Deadline, Patience
    from reconciler.manifest.load import Loading
    from reconciler.planning.describe import document_of
    from reconciler.workflow.read import Selection, is_dirty, ownership_of, selected

    deadline = Deadline(timeout)
    selection = Selection(paths, ref, repo, deadline.left)
    with StepFiles(Run("plan", selection, host, selector.shard), is_wanted=summary) as step:
        compared = comparison(selection, base, os.environ)
        with selected(selection) as snapshot, control_plane(host, api) as plane:
            if verbose:
                print_details(plane)
            loading = Loading(snapshot, memory(snapshot, asked=cache))
            since = compared.since if compared else None
            ownership = partial(ownership_of, selection, snapshot, owned_by, since)
            asked = Asked(selector, ownership, pruning)
            decided = make(loading, asked, plane, deadline, Patience())
            document = document_of(decided, allows_mass_change=allow_mass_change)
            document = told_apart(document, decided, loading.load_declaration(), compared)
            if decided.changes and is_dirty(selection, snapshot):
                document = replace(document, source=replace(document.source, is_dirty=True))
            if out:
                from reconciler.cli.plan_file import write_plan

                write_plan(out, document)
            formats.print_plan(document, output_format, formats.Look(full, max_bytes))
            code = plan_exit(document, detailed=detailed_exitcode, is_strict=conflicts == "strict")
            if expect_no_orphans and _are_orphans_told(document):
                code = Exit.BLOCKED
            return step.tell_plan(document, code)


def _are_orphans_told(document: PlanDocument) -> bool:
    """Whether there are orphans, or may be, which is said on stderr."""
    from reconciler.cli.output import print_failure
    from reconciler.report.view import orphan_text, unknown_orphans

    orphans = document.orphans
    if why := unknown_orphans(document):
        print_failure(f"error: orphans were not to be there, and are {why}")
    elif orphans.found:
        print_failure("error: there are orphans: registered versions that are no longer declared")
        for orphan in orphans.found[:_MOST_TOLD]:
            print_failure(f"  {orphan_text(orphan)}")
        if more := orphans.found[_MOST_TOLD:]:
            print_failure(f"  and {len(more)} more")
        print_failure("  declare them again, or delete them: apply --prune")
    return bool(why or orphans.found)


class Asked(NamedTuple):
    """What a plan is about.

    Args:
        selector: which versions.
        ownership: says where to find out what was declared once.
        pruning: what of that which was, and is no longer, is to be deleted.
    """

    selector: Selector
    ownership: Callable[[], Ownership | NoOwnership]
    pruning: Pruning


def make(loading: Loading, asked: Asked, plane: ControlPlane, deadline: Deadline, patience: Patience) -> Plan:
    """Plan, and tell of warnings on stderr."""
    from reconciler.cli import signals
    from reconciler.cli.headway import Planning
    from reconciler.cli.output import is_quiet
    from reconciler.cli.problems import print_problems, problems_told
    from reconciler.cli.progress import Progress

    planning = Planning(loading)

    async def call() -> tuple[Declaration, Plan]:
        from reconciler.workflow.plan import plan

        async with plane.reader(deadline, patience) as reader:
            watched = planning.watched(reader)
            return await plan(loading, watched, asked.selector, asked.ownership, asked.pruning)

    try:
        with problems_told(loading.snapshot), Progress(planning.line):
            declaration, decided = signals.run(call())
    finally:
        loading.stop()
    if not is_quiet():
        print_problems(declaration.problems, loading.snapshot, sys.stderr)
    return decided
