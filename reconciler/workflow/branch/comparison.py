"""A plan compared with another commit: whose each change is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.errors import Problem, SourceError
from reconciler.manifest.load import Declaration
from reconciler.planning.change import Plan
from reconciler.planning.document import PlanDocument
from reconciler.source.history.commits import Completeness
from reconciler.workflow.branch.attribution import (
    Attributions,
    add_attributions,
    attribute_plan,
    describe_passing,
    describe_unknown,
    make_no_base_problem,
    make_unknown_attributions,
)
from reconciler.workflow.branch.base import Base
from reconciler.workflow.branch.settings_changes import find_settings_changes


@dataclass(frozen=True, slots=True)
class BaseComparison:
    """What a plan is compared with.

    Args:
        base: the commit; or why there is none, which becomes a warning of the plan.
        is_asked: whether the caller asked for it; else the plan does without, where it has to.
    """

    base: Base | SourceError
    is_asked: bool

    @property
    def known_commit(self) -> str | None:
        """Where the branch left the base, by the full id of the commit; `None` where that is not known."""
        return self.base.commit if not isinstance(self.base, SourceError) and self.base.is_known else None

    def attribute_changes(
        self, document: PlanDocument, decided: Plan, declaration: Declaration
    ) -> tuple[PlanDocument, tuple[Problem, ...], int]:
        """A plan's document with the origin of each change.

        Args:
            document: of the plan.
            decided: the plan.
            declaration: what the plan is made of.

        Returns:
            The document, its new warnings, and how many changes would undo what the base has brought since
            the branch left it.

        Raises:
            SourceError: git does not give what is to be compared, and the caller asked for it.
        """
        undoing = 0
        if isinstance(self.base, SourceError):
            problems: tuple[Problem, ...] = (make_no_base_problem(self.base),)
        else:
            found, problems = self._find_attributions(self.base, decided, declaration)
            undoing = found.undoing
            document = add_attributions(document, found, self.base)
            problems += describe_passing(decided)
        diagnostics = tuple(sorted([*document.diagnostics, *problems]))
        return replace(document, diagnostics=diagnostics), problems, undoing

    def _find_attributions(
        self, base: Base, decided: Plan, declaration: Declaration
    ) -> tuple[Attributions, tuple[Problem, ...]]:
        """The attributions of a plan, and the warnings about them.

        Raises:
            SourceError: git does not give what is to be compared, the caller asked for it, and the clone
                is no partial one, which would explain it.
        """
        try:
            found = attribute_plan(decided, declaration.snapshot, base)
            return found, (*find_settings_changes(base, declaration), *describe_unknown(found, base))
        except SourceError as error:
            completeness = base.repository.history.completeness
            is_partial = completeness is Completeness.PARTIAL  # in which missing contents look like damage
            if self.is_asked and not is_partial:
                raise
            reason = (
                SourceError(f"this clone is {completeness}", completeness.remedy) if is_partial else error
            )
            return make_unknown_attributions(decided), (make_no_base_problem(reason),)
