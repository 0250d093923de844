"""`reconciler apply`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from reconciler.cli import approval, formats, options, plan
from reconciler.cli.exits import Exit, apply_exit

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.applying.document import ApplyDocument
    from reconciler.applying.outcome import Outcome
    from reconciler.cli.github import StepFiles
    from reconciler.cli.report_file import ReportFile
    from reconciler.client.patience import Deadline, Patience
    from reconciler.planning.change import Plan
    from reconciler.planning.document import PlanDocument
    from reconciler.workflow.control_plane import ControlPlane
    from reconciler.workflow.options import ApplyOptions, PlanOptions


def _apply_options(
    *,
    asked: PlanOptions,
    yes: bool,
    concurrency: int,
    settle: float,
    approved: Path | None,
    expect: str | None,
) -> ApplyOptions:
    from reconciler.cli.output import can_ask
    from reconciler.workflow.options import ApplyOptions

    if not yes and not can_ask():
        raise click.UsageError("there is no terminal to ask on: give --yes")
    given = approval.read_approval(approved, expect)
    return ApplyOptions(asked, given, concurrency, settle, must_ask=not yes)


@click.command()
@options.selection
@options.select
@options.prune
@options.owned_by
@options.connection
@options.output("json", "markdown", "html")
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
@click.option(
    "--report",
    type=click.Path(dir_okay=False),
    callback=options.as_path,
    metavar="FILE",
    help="Write JSON Lines: one line for each outcome, as it becomes known.",
)
@approval.options
@options.mass_change
@options.plan_options
@options.merged("asked", _apply_options)
@options.connection_options
@formats.view_options
def apply(*, asked: ApplyOptions, connection: options.ConnectionOptions, view: formats.ViewOptions) -> Exit:
    """Register and update artifact versions as a commit declares them.

    The commit is HEAD, whose manifests the work tree must not differ from, or what --ref names, here or
    in the repository at --repo. The plan is shown first. Applying the same commit again changes nothing.

    \b
    Examples:
      reconciler apply
      reconciler apply --ref v1.4.0 --yes --report outcomes.jsonl
      reconciler apply --plan plan.json --yes
    """
    from dataclasses import replace
    from functools import partial

    from reconciler.cli.connect import connected
    from reconciler.cli.github import Run, StepFiles
    from reconciler.cli.output import is_quiet
    from reconciler.cli.report_file import ReportFile
    from reconciler.client.patience import Deadline, Patience
    from reconciler.manifest.load import Loading
    from reconciler.planning.describe import document_of
    from reconciler.workflow.read import committed, ownership_of

    planning = asked.planning
    patience, deadline = Patience(settle=asked.settle_seconds), Deadline(planning.seconds)
    in_text = view.output_format == "text"
    selection = replace(planning.selection, seconds=planning.seconds)
    run = Run("apply", selection, connection.host, planning.selector.shard)
    with (
        StepFiles(run, is_wanted=view.summary) as step,
        committed(selection) as snapshot,
        ReportFile(view.report) as report_file,
        connected(connection) as plane,
    ):
        # Nothing is taken from a cache here: what is written was read from git.
        ownership = partial(ownership_of, selection, snapshot, planning.owned_by)
        about = plan.Asked(planning.selector, ownership, planning.pruning)
        decided = plan.make(Loading(snapshot), about, plane, deadline, patience)
        document = document_of(decided, allows_mass_change=planning.allows_mass_change)
        document = asked.approval.judged(document)
        if asked.must_ask or (in_text and not is_quiet()):
            formats.plan_as_text(document, view, sys.stdout if in_text else sys.stderr)
        told = _Run(decided, document, _Told(report_file, step, view))
        mismatches = tuple(asked.approval.mismatches(document, planning.pruning))
        if not _is_within_bounds(document) or mismatches:
            if mismatches:
                approval.print_mismatches(mismatches)
            return told.held_back()
        if decided.has_writes and asked.must_ask:
            if not click.confirm("\nApply this?", err=True):
                click.echo("nothing was applied", err=True)
                return Exit.FAILED
            deadline = Deadline(planning.seconds)
        return told.to_its_end(plane, deadline, patience, asked.concurrency)


def _is_within_bounds(document: PlanDocument) -> bool:
    """Whether the guard lets a plan pass; why not, is said on stderr."""
    if not document.guard.blocks:
        return True
    from reconciler.cli.output import print_failure
    from reconciler.report.view import ALLOW_MASS_CHANGE

    print_failure("error: this plan changes too much at once, and nothing was applied")
    for violation in document.guard.violations:
        print_failure(f"  {violation}")
    print_failure(f"  {ALLOW_MASS_CHANGE}")
    return False


class _Told(NamedTuple):
    """Who is told of an apply.

    Args:
        report: takes each outcome as it becomes known.
        step: takes a summary at the end.
        view: how stdout tells of it: to people as it goes on, to others at its end.
    """

    report: ReportFile
    step: StepFiles
    view: formats.ViewOptions

    @property
    def in_text(self) -> bool:
        """Whether stdout is for people."""
        return self.view.output_format == "text"


class _Run:
    """One apply, told of on stdout, in the report, and in the summary.

    Args:
        decided: the plan.
        document: describes it.
        told: who is told of it.
    """

    def __init__(self, decided: Plan, document: PlanDocument, told: _Told) -> None:
        from reconciler.cli.headway import Applying
        from reconciler.planning.describe import Describer

        self._plan = decided
        self._describer = Describer(decided)
        self._document = document
        self._told = told
        self._applying = Applying(len(document.changes))

    def to_its_end(
        self, plane: ControlPlane, deadline: Deadline, patience: Patience, concurrency: int
    ) -> Exit:
        """Apply, tell of it, and give the exit code."""
        from reconciler.applying.document import ApplyDocument, DescribedOutcomes
        from reconciler.applying.stop import Stop
        from reconciler.cli import signals
        from reconciler.cli.ci_systems import describe_run
        from reconciler.cli.progress import Progress
        from reconciler.report.json import begin_json
        from reconciler.workflow.apply import Terms, apply

        stop = Stop(deadline)
        self._told.report.add(begin_json(self._document, describe_run(os.environ)))
        call = apply(self._plan, plane, Terms(deadline, patience, concurrency), stop, self._tell)
        with Progress(self._applying.line):
            outcomes, signalled = signals.run_to_its_end(call, stop)
        code = apply_exit(self._plan, outcomes) if signalled is None else signals.exit_code(signalled)
        described = DescribedOutcomes(outcomes, self._describer)
        return self._end(ApplyDocument(self._document, described, len(described), code), code)

    def held_back(self) -> Exit:
        """Apply nothing, tell of it, and give the exit code."""
        from reconciler.applying.document import ApplyDocument
        from reconciler.cli.ci_systems import describe_run
        from reconciler.report.json import begin_json

        self._told.report.add(begin_json(self._document, describe_run(os.environ)))
        planned = len(self._document.changes)
        return self._end(ApplyDocument(self._document, (), planned, Exit.BLOCKED), Exit.BLOCKED)

    def _tell(self, outcome: Outcome) -> None:
        from reconciler.applying.document import describe_outcome
        from reconciler.applying.outcome import REACHED
        from reconciler.cli.output import is_quiet, print_lines
        from reconciler.report.json import outcome_event_json
        from reconciler.report.text.plan import outcome_lines

        self._applying.count(outcome)
        described = describe_outcome(outcome, self._describer)
        if self._told.report.is_wanted:
            self._told.report.add(outcome_event_json(described))
        if self._told.in_text and not (is_quiet() and outcome.result in REACHED):
            print_lines(outcome_lines(described))

    def _end(self, applied: ApplyDocument, code: Exit) -> Exit:
        """Tell of the end; the exit code, which is a failure where that could not be told."""
        from reconciler.cli.output import is_quiet, print_lines
        from reconciler.report.json import end_json
        from reconciler.report.text.plan import applied_line

        told = self._told
        told.report.add(end_json(applied.outcomes, code))
        if not told.in_text:
            formats.print_apply(applied, told.view)
        elif applied.outcomes and not (is_quiet() and code is Exit.DONE):
            print_lines([applied_line(applied.outcomes)])
        return told.report.checked(told.step.tell_apply(applied, code))
