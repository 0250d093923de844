"""The commands of the main job: validate, plan, apply, schema."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit, apply_exit, plan_exit

if TYPE_CHECKING:
    from reconciler.apply import Outcome
    from reconciler.cli.connect import ControlPlane
    from reconciler.manifest.load import Declaration
    from reconciler.plan.change import Plan
    from reconciler.source.snapshot import Snapshot


@click.command()
@options.selection
def validate(paths: Sequence[Path], ref: str | None) -> int:
    """Check manifests, offline, and report every problem at once.

    PATH names files or folders; without one, the whole repository is checked.

    \b
    Examples:
      reconciler validate
      reconciler validate models/fraud --ref main
    """
    from reconciler import workflow
    from reconciler.cli.output import print_note, print_problems
    from reconciler.report.view import validated

    snapshot = workflow.read_sources(paths, ref) if ref is not None else workflow.read_offline(paths)
    declaration = workflow.validate(snapshot)
    print_problems(declaration.problems, sys.stdout)
    print_note(validated(declaration))
    return Exit.DONE if declaration.is_valid else Exit.FAILED


@click.command()
@options.selection
@options.connection
@options.output
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when changes are pending.")
def plan(
    paths: Sequence[Path],
    ref: str | None,
    host: str | None,
    api: str,
    output_format: str,
    detailed_exitcode: bool,  # noqa: FBT001  click passes options by name
) -> int:
    """Show what apply would change; change nothing.

    The work tree is read, or the commit that --ref names.

    \b
    Examples:
      reconciler plan
      reconciler plan models/fraud --ref origin/main --format json --detailed-exitcode
    """
    import asyncio

    from reconciler import workflow
    from reconciler.cli.connect import control_plane

    snapshot = workflow.read_sources(paths, ref)
    declaration = workflow.validate(snapshot)
    with control_plane(host, api) as plane:
        decided = asyncio.run(_plan(plane, declaration, snapshot))
    _print_plan(decided, output_format)
    return plan_exit(decided, detailed=detailed_exitcode)


@click.command()
@options.selection
@options.connection
@options.output
@click.option("--yes", is_flag=True, help="Do not ask. Needed where nobody can be asked.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="Writes under way at once.",
)
def apply(  # noqa: PLR0913  one for each option
    paths: Sequence[Path],
    ref: str | None,
    host: str | None,
    api: str,
    output_format: str,
    yes: bool,  # noqa: FBT001  click passes options by name
    concurrency: int,
) -> int:
    """Register and update artifact versions as a commit declares them.

    The commit is HEAD, whose manifests the work tree must not differ from, or what --ref names. The
    plan is shown first. Applying the same commit again changes nothing.

    \b
    Examples:
      reconciler apply
      reconciler apply --ref v1.4.0 --yes
    """
    import asyncio

    from reconciler import workflow
    from reconciler.cli.connect import control_plane

    if not yes and not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on: give --yes")
    snapshot = workflow.read_sources(paths, ref) if ref is not None else workflow.read_committed(paths)
    declaration = workflow.validate(snapshot)
    in_text = output_format == "text"
    with control_plane(host, api) as plane:
        decided = asyncio.run(_plan(plane, declaration, snapshot))
        if in_text or not yes:
            _show_plan(decided, sys.stdout if in_text else sys.stderr)
        if _has_writes(decided) and not yes and not click.confirm("\nApply this?", err=True):
            click.echo("nothing was applied", err=True)
            return Exit.FAILED
        outcomes = asyncio.run(_apply(plane, decided, concurrency, in_text=in_text))
    _print_outcomes(decided, outcomes, in_text=in_text)
    return apply_exit(decided, outcomes)


@click.command()
def schema() -> int:
    """Print the JSON Schema of a manifest, for editors and checkers.

    \b
    Example:
      reconciler schema > artifact-version.schema.json
    """
    from reconciler.cli.output import print_json
    from reconciler.manifest.schema import manifest_json_schema

    print_json(manifest_json_schema())
    return Exit.DONE


ALL = (validate, plan, apply, schema)


async def _plan(plane: ControlPlane, declaration: Declaration, snapshot: Snapshot) -> Plan:
    from reconciler import workflow
    from reconciler.cli.output import print_problems

    async with plane.reader() as reader:
        decided = await workflow.plan(declaration, snapshot, reader)
    print_problems(declaration.problems, sys.stderr)
    return decided


async def _apply(
    plane: ControlPlane, decided: Plan, concurrency: int, *, in_text: bool
) -> tuple[Outcome, ...]:
    from reconciler import workflow
    from reconciler.cli.output import print_lines
    from reconciler.report.text import BLANK, outcome_lines

    def tell(outcome: Outcome) -> None:
        if in_text:
            print_lines(outcome_lines(outcome))

    if in_text and decided.changes:
        print_lines([BLANK])
    async with plane.writer() as writer:
        return await workflow.apply(decided, writer, concurrency=concurrency, on_outcome=tell)


def _has_writes(decided: Plan) -> bool:
    return decided.counts["create"] + decided.counts["update"] > 0


def _show_plan(decided: Plan, stream: TextIO) -> None:
    from reconciler.cli.output import paper, print_lines
    from reconciler.report.text import plan_lines

    print_lines(plan_lines(decided, paper(stream)), stream)


def _print_plan(decided: Plan, output_format: str) -> None:
    from reconciler.cli.output import print_json
    from reconciler.report.json import plan_document

    if output_format == "json":
        print_json(plan_document(decided))
    else:
        _show_plan(decided, sys.stdout)


def _print_outcomes(decided: Plan, outcomes: Sequence[Outcome], *, in_text: bool) -> None:
    from reconciler.cli.output import print_json, print_lines
    from reconciler.report.json import apply_document
    from reconciler.report.text import applied_line

    if not in_text:
        print_json(apply_document(decided, outcomes))
    elif outcomes:
        print_lines([applied_line(outcomes)])
