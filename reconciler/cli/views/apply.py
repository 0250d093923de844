"""What `apply` prints and writes: on stdout, to the report file, and to the summary of a CI step."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from reconciler.applying.document import ApplyDocument, DescribedOutcomes, describe_outcome
from reconciler.applying.outcome import REACHED, Outcome
from reconciler.cli import signals
from reconciler.cli.ci_systems import describe_run
from reconciler.cli.connect import connect
from reconciler.cli.exits import Exit, choose_apply_exit
from reconciler.cli.files.report import ReportFile
from reconciler.cli.files.step import StepFiles
from reconciler.cli.options import ConnectionOptions
from reconciler.cli.views import formats
from reconciler.cli.views.plan import PlanWatch, print_first
from reconciler.cli.views.progress import Applying
from reconciler.planfile.write import make_begin_json, make_end_json, make_outcome_event_json
from reconciler.planning.describe import Describer
from reconciler.report.text.plan import render_apply_counts, render_outcome_lines
from reconciler.report.view import ALLOW_MASS_CHANGE
from reconciler.spans import open_stage
from reconciler.terminal.progress import Progress
from reconciler.terminal.terminal import Terminal

if TYPE_CHECKING:
    from reconciler.applying.stop import Stop
    from reconciler.planning.change import Plan
    from reconciler.planning.document import PlanDocument
    from reconciler.workflow.apply import BeginApplying, Ended
    from reconciler.workflow.control_plane import ControlPlane


class ApplyView(PlanWatch):
    """Shows one apply: in text as it goes on, in other formats at its end.

    Args:
        terminal: where everything is printed.
        options: the format, and where to write.
        step: receives a summary at the end.
        shows_plan_always: whether the plan is shown on stderr if the format on stdout is not text.
    """

    def __init__(
        self, terminal: Terminal, options: formats.ViewOptions, step: StepFiles, *, shows_plan_always: bool
    ) -> None:
        super().__init__(terminal)
        self._options = options
        self._step = step
        self._shows_plan_always = shows_plan_always
        self._in_text = options.output_format == "text"
        self._report = ReportFile(terminal, None)

    @contextmanager
    def opened(self, connection: ConnectionOptions) -> Iterator[ControlPlane]:
        """Open the report file, then the control plane."""
        terminal = self._terminal
        with (
            ReportFile(terminal, self._options.report) as self._report,
            connect(terminal, connection) as plane,
        ):
            yield plane

    def show_plan(self, plan: Plan, document: PlanDocument) -> None:
        """Show what is to be done."""
        self._document, self._describer = document, Describer(plan)
        self._applying = Applying(len(document.changes))
        if self._shows_plan_always or (self._in_text and not self._terminal.is_quiet):
            stream = self._terminal.out if self._in_text else self._terminal.err
            formats.Text(self._terminal, self._options).print_plan(document, stream)

    def confirm(self) -> bool:
        """Ask on the terminal whether to go on."""
        return click.confirm("\nApply this?", err=True)

    def watch_applying(self, begin: BeginApplying, stop: Stop) -> tuple[tuple[Outcome, ...], int | None]:
        """Run the call that writes; show each outcome and the progress."""
        self._begin_report()
        with Progress(self._terminal, self._applying.line):
            return signals.run_to_its_end(self._terminal, begin(self._show_outcome), stop)

    def show_end(self, ended: Ended) -> Exit:
        """Show how it ended, and return the exit code, which is a failure if that could not be written."""
        code = choose_apply_exit(ended)
        if not ended.is_agreed:
            self._terminal.print_line("nothing was applied")
            return code
        if ended.is_held_back:
            _print_obstacles(self._terminal, ended)
            self._begin_report()
        outcomes = DescribedOutcomes(ended.outcomes, self._describer)
        planned = len(self._document.changes)
        applied = ApplyDocument(self._document, outcomes, planned, code)
        self._report.add(make_end_json(outcomes, code))
        if not self._in_text:
            with open_stage("report"):
                formats.make_format(self._terminal, self._options).print_apply(applied)
        elif outcomes and not (self._terminal.is_quiet and code is Exit.DONE):
            self._terminal.print_lines([render_apply_counts(outcomes)])
        return self._report.choose_exit(self._step.report_apply(applied, code))

    def _begin_report(self) -> None:
        self._report.add(make_begin_json(self._document, describe_run(os.environ)))

    def _show_outcome(self, outcome: Outcome) -> None:
        self._applying.count(outcome)
        described = describe_outcome(outcome, self._describer)
        if self._report.is_wanted:
            self._report.add(make_outcome_event_json(described))
        if self._in_text and not (self._terminal.is_quiet and outcome.result in REACHED):
            self._terminal.print_lines(render_outcome_lines(described))


def _print_obstacles(terminal: Terminal, ended: Ended) -> None:
    """Print on stderr why nothing was applied."""
    guard = ended.document.guard
    if guard.blocks:
        terminal.print_failure("error: this plan changes too much at once, and nothing was applied")
        for violation in guard.violations:
            terminal.print_failure(f"  {violation}")
        terminal.print_failure(f"  {ALLOW_MASS_CHANGE}")
    if ended.mismatches:
        terminal.print_failure("error: this plan is not the approved one, and nothing was applied")
        print_first(terminal, ended.mismatches)
        terminal.print_failure("  look at the new plan, and have it approved")
