"""Which commit a branch is compared with: the one asked for, or on a pull request its base branch."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.cli.ci_systems import find_event
from reconciler.cli.output import print_note
from reconciler.errors import Problem, SourceError
from reconciler.source.history import Completeness

if TYPE_CHECKING:
    from reconciler.manifest.load import Declaration
    from reconciler.planning.change import Plan
    from reconciler.planning.document import PlanDocument
    from reconciler.workflow.attribution import Attributions
    from reconciler.workflow.base import Base
    from reconciler.workflow.read import Selection


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a plan is compared with.

    Args:
        base: the commit; or why there is none, which the plan tells.
        is_asked: whether the caller asked for it; else the plan does without, where it has to.
    """

    base: Base | SourceError
    is_asked: bool

    @property
    def since(self) -> str | None:
        """Where the branch left the base, by the full id of the commit; `None` where that is not known."""
        return self.base.commit if not isinstance(self.base, SourceError) and self.base.is_known else None


def asked_base(selection: Selection, revision: str) -> Base:
    """The commit that the caller names, with what is to be said of it on stderr.

    Raises:
        SourceError: it is none here.
    """
    from reconciler.workflow.read import compared_with

    base, said = compared_with(selection, revision)
    if said:
        print_note(f"note: {said}")
    return base


def comparison(selection: Selection, asked: str | None, environment: Mapping[str, str]) -> Comparison | None:
    """What to compare a plan with, if anything; in CI, stderr tells what that is, or why there is nothing.

    Args:
        selection: what is read.
        asked: the commit that the caller names.
        environment: tells of the CI run that this is part of.

    Raises:
        SourceError: the commit asked for is none here.
    """
    if asked is not None:
        return Comparison(asked_base(selection, asked), is_asked=True)
    if selection.repository is not None:
        return None  # which may be any other than the one with the pull request
    event = find_event(environment)
    if event is None:
        return None
    missing: SourceError | None = None
    for revision in event.bases:
        try:
            base = asked_base(selection, revision)
        except SourceError as error:
            missing = error
        else:
            print_note(f"note: compared with {_shown(revision)}, the base of this {_shown(event.name)}")
            return Comparison(base, is_asked=False)
    if missing:
        return Comparison(missing, is_asked=False)
    print_note(f"note: compared with no base: this {_shown(event.name)} tells none")
    return None


def told_apart(
    document: PlanDocument, decided: Plan, declaration: Declaration, compared: Comparison | None
) -> PlanDocument:
    """A plan's document that tells whose each change is, if it is compared with anything.

    Args:
        document: of the plan.
        decided: the plan.
        declaration: what the plan is made of.
        compared: with what.

    Raises:
        SourceError: git does not give what is to be compared, and the caller asked for it.
    """
    if compared is None:
        return document
    from reconciler.cli.problems import print_problems
    from reconciler.workflow.attribution import attributed, describe_passing, no_base

    base = compared.base
    if isinstance(base, SourceError):
        problems: tuple[Problem, ...] = (no_base(base),)
    else:
        found, problems = _attribute(base, decided, declaration, is_asked=compared.is_asked)
        if found.undoing:
            what = "1 change undoes" if found.undoing == 1 else f"{found.undoing:,} changes undo"
            print_note(
                f"note: {what} what the base has brought since: merge it into this branch, and plan again"
            )
        document = attributed(document, found, base)
        problems += describe_passing(decided)
    print_problems(problems, declaration.snapshot, sys.stderr)
    return replace(document, diagnostics=tuple(sorted([*document.diagnostics, *problems])))


def _attribute(
    base: Base, decided: Plan, declaration: Declaration, *, is_asked: bool
) -> tuple[Attributions, tuple[Problem, ...]]:
    """Whose the changes of a plan are, and what there is to warn of.

    Raises:
        SourceError: git does not give what is to be compared, which no clone with a filter explains, and
            the caller asked for it.
    """
    from reconciler.workflow.attribution import attribute, describe_unknown, no_base, not_known
    from reconciler.workflow.settings_changes import find_settings_changes

    try:
        found = attribute(decided, declaration.snapshot, base)
        return found, (*find_settings_changes(base, declaration), *describe_unknown(found, base))
    except SourceError as error:
        completeness = base.repository.history.completeness()
        is_partial = completeness is Completeness.PARTIAL  # which git tells as a damage
        if is_asked and not is_partial:
            raise
        reason = SourceError(f"this clone is {completeness}", completeness.remedy) if is_partial else error
        return not_known(decided), (no_base(reason),)


def _shown(text: str) -> str:
    return ascii(text.removeprefix("refs/remotes/"))[1:-1]
