"""`reconciler apply`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reconciler.cli import options, plan
from reconciler.cli.exits import Exit, apply_exit

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.apply.outcome import Outcome
    from reconciler.apply.stop import Stop
    from reconciler.cli.connect import ControlPlane
    from reconciler.cli.report_file import ReportFile
    from reconciler.client.patience import Deadline, Patience
    from reconciler.plan.change import Plan


@click.command()
@options.selection
@options.connection
@options.output("json")
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
@click.option(
    "--report",
    type=click.Path(dir_okay=False),
    callback=options.as_path,
    metavar="FILE",
    help="Write JSON Lines: one line for each outcome, as it becomes known.",
)
def apply(  # noqa: PLR0913  one for each option
    *,
    paths: Sequence[Path],
    ref: str | None,
    repo: str | None,
    host: str | None,
    api: str,
    verbose: bool,
    output_format: str,
    timeout: float,
    yes: bool,
    concurrency: int,
    settle: float,
    report: Path | None,
) -> Exit:
    """Register and update artifact versions as a commit declares them.

    The commit is HEAD, whose manifests the work tree must not differ from, or what --ref names, here or
    in the repository at --repo. The plan is shown first. Applying the same commit again changes nothing.

    \b
    Examples:
      reconciler apply
      reconciler apply --ref v1.4.0 --yes --report outcomes.jsonl
    """
    from reconciler.cli.connect import control_plane
    from reconciler.cli.output import print_note
    from reconciler.cli.report_file import ReportFile
    from reconciler.client.patience import Deadline, Patience
    from reconciler.manifest.load import Loading
    from reconciler.workflow.read import Selection, committed

    if not yes and not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on: give --yes")
    patience, deadline = Patience(settle=settle), Deadline(timeout)
    in_text = output_format == "text"
    with (
        committed(Selection(paths, ref, repo, deadline.left)) as snapshot,
        ReportFile(report) as report_file,
        control_plane(host, api) as plane,
    ):
        if verbose:
            for line in plane.details():
                print_note(line)
        # Nothing is taken from a cache here: what is written was read from git.
        decided = plan.make(Loading(snapshot), plane, deadline, patience)
        if in_text or not yes:
            plan.show(decided, sys.stdout if in_text else sys.stderr)
        if decided.has_writes and not yes:
            if not click.confirm("\nApply this?", err=True):
                click.echo("nothing was applied", err=True)
                return Exit.FAILED
            deadline = Deadline(timeout)
        run = _Run(decided, report_file, in_text=in_text)
        return run.to_its_end(plane, deadline, patience, concurrency)


class _Run:
    """One apply, told of on stdout and in the report.

    Args:
        decided: the plan.
        report: where each outcome goes as it becomes known.
        in_text: whether stdout is for people.
    """

    def __init__(self, decided: Plan, report: ReportFile, *, in_text: bool) -> None:
        self._plan = decided
        self._report = report
        self._in_text = in_text

    def to_its_end(
        self, plane: ControlPlane, deadline: Deadline, patience: Patience, concurrency: int
    ) -> Exit:
        """Apply, tell of it, and give the exit code."""
        from reconciler.apply.stop import Stop
        from reconciler.cli import signals
        from reconciler.report.json import apply_begin_line, apply_end_line

        stop = Stop(deadline)
        self._report.add(apply_begin_line(self._plan))
        call = self._apply(plane, deadline, patience, concurrency, stop)
        outcomes, signalled = signals.run_to_its_end(call, stop)
        code = apply_exit(self._plan, outcomes) if signalled is None else signals.exit_code(signalled)
        self._report.add(apply_end_line(outcomes, code))
        self._print_end(outcomes)
        return self._report.checked(code)

    async def _apply(
        self, plane: ControlPlane, deadline: Deadline, patience: Patience, concurrency: int, stop: Stop
    ) -> tuple[Outcome, ...]:
        from reconciler.apply.attempts import Tools
        from reconciler.apply.run import apply_plan
        from reconciler.client.pace import Pace

        async with (
            plane.reader(deadline, patience) as reader,
            plane.writer(deadline, patience, concurrency) as writer,
        ):
            tools = Tools(reader, writer, Pace(concurrency), patience, stop, self._tell)
            return await apply_plan(self._plan, tools)

    def _tell(self, outcome: Outcome) -> None:
        from reconciler.cli.output import print_lines
        from reconciler.report.json import outcome_line
        from reconciler.report.text import outcome_lines

        if self._report.is_wanted:
            self._report.add(outcome_line(outcome))
        if self._in_text:
            print_lines(outcome_lines(outcome))

    def _print_end(self, outcomes: Sequence[Outcome]) -> None:
        from reconciler.cli.output import print_json, print_lines
        from reconciler.report.json import apply_document
        from reconciler.report.text import applied_line

        if not self._in_text:
            print_json(apply_document(self._plan, outcomes))
        elif outcomes:
            print_lines([applied_line(outcomes)])
