"""What `plan` prints and writes: progress on stderr, then the plan on stdout, to a file, and to a summary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.cli import signals
from reconciler.cli.exits import Exit, Strictness, choose_plan_exit, may_have_orphans
from reconciler.cli.views import formats
from reconciler.cli.views.problems import print_problems, report_problems
from reconciler.cli.views.progress import Planning
from reconciler.spans import open_stage
from reconciler.terminal.progress import Progress
from reconciler.terminal.terminal import Terminal

if TYPE_CHECKING:
    from reconciler.cli.files.step import StepFiles
    from reconciler.manifest.load import Declaration, Loading
    from reconciler.planning.change import Plan
    from reconciler.planning.document import PlanDocument
    from reconciler.workflow.plan import BeginPlanning, Planned

_MAX_LISTED = 20
"""Of the orphans that were not expected, and of the changes that were not approved."""


class PlanWatch:
    """Shows on stderr the progress of a plan, and problems of the manifests.

    Args:
        terminal: where everything is printed.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def watch_planning(self, loading: Loading, begin: BeginPlanning) -> tuple[Declaration, Plan]:
        """Run the call that plans; show its progress, and problems of the manifests."""
        planning, terminal = Planning(loading), self._terminal
        with report_problems(terminal, loading.snapshot), Progress(terminal, planning.line):
            declaration, decided = signals.run_until_signal(terminal, begin(planning.watched))
        if not terminal.is_quiet:
            print_problems(terminal, declaration.problems, loading.snapshot, terminal.err)
        return declaration, decided


class PlanView(PlanWatch):
    """Shows one plan.

    Args:
        terminal: where everything is printed.
        options: the format, and where to write.
        step: receives a summary.
        strictness: what makes the exit code other than 0.
    """

    def __init__(
        self, terminal: Terminal, options: formats.ViewOptions, step: StepFiles, strictness: Strictness
    ) -> None:
        super().__init__(terminal)
        self._options = options
        self._step = step
        self._strictness = strictness

    def show_end(self, planned: Planned) -> Exit:
        """Show the plan, and return the exit code, which is a failure if that could not be written."""
        document, terminal = planned.document, self._terminal
        if number := planned.undoing:
            what = "1 change undoes" if number == 1 else f"{number:,} changes undo"
            terminal.print_note(
                f"note: {what} what the base has brought since: merge it into this branch, and plan again"
            )
        print_problems(terminal, planned.warnings, planned.snapshot, terminal.err)
        if self._options.out:
            from reconciler.cli.files.plan import write_plan

            write_plan(self._options.out, document, terminal.redactor.redact)
        with open_stage("report"):
            formats.make_format(terminal, self._options).print_plan(document)
        if self._strictness.expect_no_orphans and may_have_orphans(document):
            _print_orphans(terminal, document)
        return self._step.report_plan(document, choose_plan_exit(document, self._strictness))


def print_first(terminal: Terminal, texts: Sequence[str]) -> None:
    """Print on stderr the first of what failed, and how many more there are."""
    for text in texts[:_MAX_LISTED]:
        terminal.print_failure(f"  {text}")
    if more := texts[_MAX_LISTED:]:
        terminal.print_failure(f"  and {len(more):,} more")


def _print_orphans(terminal: Terminal, document: PlanDocument) -> None:
    """Print on stderr that there are orphans, or may be."""
    from reconciler.report.view import describe_orphan, explain_unknown_orphans

    if why := explain_unknown_orphans(document):
        terminal.print_failure(f"error: orphans were not to be there, and are {why}")
        return
    terminal.print_failure("error: there are orphans: registered versions that are no longer declared")
    print_first(terminal, list(map(describe_orphan, document.orphans.found)))
    terminal.print_failure("  declare them again, or delete them: apply --prune")
