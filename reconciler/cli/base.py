"""Which commit a branch is compared with: the one asked for, or on a pull request its base branch."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.cli.ci_systems import find_event
from reconciler.cli.output import print_note
from reconciler.errors import SourceError

if TYPE_CHECKING:
    from reconciler.manifest.load import Declaration
    from reconciler.planning.change import Plan
    from reconciler.planning.document import PlanDocument
    from reconciler.workflow.base import Base
    from reconciler.workflow.read import Selection


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a plan is compared with.

    Args:
        base: the commit.
        is_asked: whether the caller asked for it; else the plan does without, where it has to.
    """

    base: Base
    is_asked: bool


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
            found = Comparison(asked_base(selection, revision), is_asked=False)
        except SourceError as error:
            missing = error
        else:
            print_note(f"note: compared with {_shown(revision)}, the base of this {ascii(event.name)[1:-1]}")
            return found
    if missing:
        _go_on_without(missing)
    else:
        print_note(f"note: compared with no base: this {ascii(event.name)[1:-1]} tells none")
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
    from reconciler.workflow.attribution import attribute, attributed
    from reconciler.workflow.settings_changes import find_settings_changes

    base = compared.base
    try:
        found = attribute(decided, declaration.snapshot, base)
        changed = find_settings_changes(base, declaration)
    except SourceError as error:
        if compared.is_asked:
            raise
        _go_on_without(error)
        return document
    if found.undoing:
        what = "1 change undoes" if found.undoing == 1 else f"{found.undoing:,} changes undo"
        print_note(f"note: {what} what the base has brought since: merge it into this branch, and plan again")
    print_problems(changed, declaration.snapshot, sys.stderr)
    return replace(
        attributed(document, found, base), diagnostics=tuple(sorted([*document.diagnostics, *changed]))
    )


def _shown(revision: str) -> str:
    return ascii(revision.removeprefix("refs/remotes/"))[1:-1]


def _go_on_without(error: SourceError) -> None:
    hint = f" ({error.hint})" if error.hint else ""
    print_note(f"note: changes are not told apart by the base of the pull request: {error}{hint}")
