"""What a plan looks like: on stderr while it is made; then on stdout, in a file, and in the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli import signals
from reconciler.cli.exits import Exit, Strictness, choose_plan_exit, may_have_orphans
from reconciler.cli.views import formats
from reconciler.cli.views.headway import Planning
from reconciler.cli.views.problems import print_problems, tell_problems
from reconciler.terminal.progress import Progress
from reconciler.terminal.terminal import Terminal

if TYPE_CHECKING:
    from reconciler.cli.files.step import StepFiles
    from reconciler.manifest.load import Declaration, Loading
    from reconciler.planning.change import Plan
    from reconciler.planning.document import PlanDocument
    from reconciler.workflow.plan import BeginPlanning, Planned

_MAX_ORPHANS_TOLD = 20
"""Of the orphans that were not to be there."""


class PlanWatch:
    """Tells on stderr how far a plan is, and what is wrong with the manifests.

    Args:
        terminal: where all is told.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def watch_planning(self, loading: Loading, begin: BeginPlanning) -> tuple[Declaration, Plan]:
        """Run the call that plans."""
        planning, terminal = Planning(loading), self._terminal
        with tell_problems(terminal, loading.snapshot), Progress(terminal, planning.line):
            declaration, decided = signals.run(terminal, begin(planning.watched))
        if not terminal.is_quiet:
            print_problems(terminal, declaration.problems, loading.snapshot, terminal.err)
        return declaration, decided


class PlanView(PlanWatch):
    """Tells of one plan.

    Args:
        terminal: where all is told.
        options: how, and where.
        step: takes a summary.
        strictness: what the exit code tells.
    """

    def __init__(
        self, terminal: Terminal, options: formats.ViewOptions, step: StepFiles, strictness: Strictness
    ) -> None:
        super().__init__(terminal)
        self._options = options
        self._step = step
        self._strictness = strictness

    def tell_end(self, planned: Planned) -> Exit:
        """Show the plan; the exit code, which is a failure where that could not be told."""
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
        formats.print_plan(terminal, document, self._options)
        if self._strictness.expect_no_orphans and may_have_orphans(document):
            _tell_orphans(terminal, document)
        return self._step.tell_plan(document, choose_plan_exit(document, self._strictness))


def _tell_orphans(terminal: Terminal, document: PlanDocument) -> None:
    """Say on stderr that there are orphans, or may be."""
    from reconciler.report.view import orphan_text, unknown_orphans

    orphans = document.orphans.found
    if why := unknown_orphans(document):
        terminal.print_failure(f"error: orphans were not to be there, and are {why}")
        return
    terminal.print_failure("error: there are orphans: registered versions that are no longer declared")
    for orphan in orphans[:_MAX_ORPHANS_TOLD]:
        terminal.print_failure(f"  {orphan_text(orphan)}")
    if more := orphans[_MAX_ORPHANS_TOLD:]:
        terminal.print_failure(f"  and {len(more):,} more")
    terminal.print_failure("  declare them again, or delete them: apply --prune")
