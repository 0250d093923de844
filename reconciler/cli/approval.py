"""`apply --plan FILE` and `apply --expect DIGEST`: nothing is applied but what was approved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli.options import as_path

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.planning.document import PlanDocument
    from reconciler.planning.orphans import Pruning

_Command = TypeVar("_Command", bound=Callable[..., Any])

_MOST_TOLD = 20
"""Of the changes that were not approved."""


def _as_digest(_context: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    from reconciler.planning.approval import is_approval

    if given is not None and not is_approval(given):
        raise click.BadParameter("give the digest that plan shows, or its first 12 digits or more")
    return given


_plan = click.option(
    "--plan",
    "approved",
    type=click.Path(dir_okay=False),
    callback=as_path,
    metavar="FILE",
    help="Apply the plan that plan --out or show --out saved, or what is left of it, and nothing else.",
)
_expect = click.option(
    "--expect",
    callback=_as_digest,
    metavar="DIGEST",
    help="Apply only the plan of this digest, of which the first 12 digits will do; given the output"
    " approval of plan --summary, also what is left of that plan.",
)


def options(command: _Command) -> _Command:
    """`--plan` and `--expect`."""
    return _plan(_expect(command))


class Approval:
    """What was approved: one plan, one digest, or whatever there is to do.

    Args:
        path: the file of the plan, which is read at once.
        digest: how the digest begins, or all that the output `approval` holds.

    Raises:
        SavedFileError: the file can not be relied on.
    """

    def __init__(self, path: Path | None, digest: str | None) -> None:
        from reconciler.cli.plan_file import read_plan

        if path and digest:
            raise click.UsageError("give --plan or --expect, not both")
        self._plan = read_plan(path) if path else None
        self._digest = digest

    def judged(self, document: PlanDocument) -> PlanDocument:
        """A plan; of a shard, with what the guard says of the approved one, which may be the whole."""
        if self._plan is None or document.share is None:
            return document
        from dataclasses import replace

        return replace(document, guard=replace(self._plan.guard, is_waived=document.guard.is_waived))

    def is_given_to(self, document: PlanDocument, pruning: Pruning) -> bool:
        """Whether a plan may be applied, made with this pruning; why not, is said on stderr."""
        mismatches = self._mismatches(document, pruning)
        first = list(islice(mismatches, _MOST_TOLD))
        if not first:
            return True
        from reconciler.cli.output import print_failure

        print_failure("error: this plan is not the approved one, and nothing was applied")
        for mismatch in first:
            print_failure(f"  {mismatch}")
        if more := sum(1 for _ in mismatches):
            print_failure(f"  and {more:,} more")
        print_failure("  look at the new plan, and have it approved")
        return False

    def _mismatches(self, document: PlanDocument, pruning: Pruning) -> Iterator[str]:
        from reconciler.planning.approval import expected_mismatches, mismatches
        from reconciler.planning.orphans import Pruning
        from reconciler.report.count import counted

        if self._plan:
            in_use = sum(change.action == "delete" and bool(change.in_use) for change in self._plan.changes)
            if in_use and pruning is not Pruning.ALL:
                yield f"it deletes {counted(in_use, 'version')} in use: give --prune-used too"
            elif self._plan.counts["delete"] and pruning is Pruning.NONE:
                yield f"it deletes {counted(self._plan.counts['delete'], 'version')}: give --prune too"
            yield from mismatches(self._plan, document)
        elif self._digest:
            yield from expected_mismatches(self._digest, document)
