"""What is seen of a plan while it is made: how far it is, and warnings; all of it on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from reconciler.cli import signals
from reconciler.cli.headway import Planning
from reconciler.cli.output import is_quiet
from reconciler.cli.problems import print_problems, problems_told
from reconciler.cli.progress import Progress

if TYPE_CHECKING:
    from reconciler.manifest.load import Declaration, Loading
    from reconciler.planning.change import Plan
    from reconciler.workflow.plan import BeginPlanning


class PlanView:
    """Tells of one plan."""

    def watch_planning(self, loading: Loading, begin: BeginPlanning) -> tuple[Declaration, Plan]:
        """Run the call that plans, and tell how far it is, and of what is wrong with the manifests."""
        planning = Planning(loading)
        with problems_told(loading.snapshot), Progress(planning.line):
            declaration, decided = signals.run(begin(planning.watched))
        if not is_quiet():
            print_problems(declaration.problems, loading.snapshot, sys.stderr)
        return declaration, decided
