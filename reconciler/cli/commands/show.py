"""`reconciler show`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit, choose_plan_exit, merge_exits
from reconciler.cli.views import formats

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.applying.document import ApplyDocument
    from reconciler.planning.document import PlanDocument
    from reconciler.terminal.terminal import Terminal


@click.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(dir_okay=False),
    callback=options.as_paths,
    metavar="FILE...",
)
@options.choose_output(*formats.BESIDE_TEXT)
@formats.max_bytes
@options.summary
@options.full
@options.printing
@options.choose_file("--out", about="Save the plan of all shards, for apply --plan.")
@formats.view_options
def show(terminal: Terminal, *, files: Sequence[Path], view: formats.ViewOptions) -> Exit:
    """Show a saved plan or report, in any format.

    FILE is what plan --out, plan or apply --format json, or apply --report wrote. Nothing is asked but
    these files: one, or the plans of all shards, or the reports of all, which are shown as one. What stands
    in the way of a plan that was made in shards ends this command as it ends plan.

    \b
    Examples:
      reconciler show plan.json
      reconciler show plan.json --format html > plan.html
      reconciler show outcomes.jsonl --format markdown
      reconciler show plan-1.json plan-2.json --out plan.json
    """
    from reconciler.applying.document import ApplyDocument
    from reconciler.cli.files.step import StepFiles

    with StepFiles(terminal, None, is_wanted=view.summary) as step:
        found = _read_files(files)
        if isinstance(found, ApplyDocument):
            if view.out:
                raise click.UsageError("--out is for plans, and this is the report of an apply")
            formats.make_format(terminal, view).print_apply(found)
            return step.report_apply(found, Exit.DONE)
        if view.out:
            from reconciler.cli.files.plan import write_plan

            write_plan(view.out, found, terminal.redactor.redact)
        formats.make_format(terminal, view).print_plan(found)
        return step.report_plan(found, choose_plan_exit(found) if len(files) > 1 else Exit.DONE)


def _read_files(files: Sequence[Path]) -> PlanDocument | ApplyDocument:
    """What a file holds, or several together.

    Raises:
        SavedFileError: one can not be relied on, or they do not belong together.
    """
    from reconciler.applying.document import ApplyDocument
    from reconciler.applying.merge import merge_applies
    from reconciler.cli.files.plan import read_saved
    from reconciler.errors import SavedFileError
    from reconciler.planning.document import PlanDocument
    from reconciler.planning.merge import merge_plans

    read = [(str(file), read_saved(file)) for file in files]
    if len(read) == 1:
        return read[0][1]
    plans = [(name, found) for name, found in read if isinstance(found, PlanDocument)]
    applies = [(name, found) for name, found in read if isinstance(found, ApplyDocument)]
    if plans and applies:
        message = f"{plans[0][0]} is a plan, and {applies[0][0]} is the report of an apply"
        raise SavedFileError(message, "show plans together, or reports")
    if applies:
        return merge_applies(applies, merge_exits([applied for _, applied in applies]))
    return merge_plans(plans)
