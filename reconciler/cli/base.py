"""Which commit a branch is compared with: the one asked for, or on a pull request its base branch."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.cli.output import print_note
from reconciler.errors import SourceError

if TYPE_CHECKING:
    from reconciler.manifest.load import Declaration
    from reconciler.planning.change import Plan
    from reconciler.planning.document import PlanDocument
    from reconciler.workflow.base import Base
    from reconciler.workflow.read import Selection

_BRANCHES = (
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "BITBUCKET_PR_DESTINATION_BRANCH",
)
_COMMIT = "CI_MERGE_REQUEST_DIFF_BASE_SHA"


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
    """What to compare a plan with, if anything; what is missing for it is told on stderr.

    Args:
        selection: what is read.
        asked: the commit that the caller names.
        environment: tells of the pull request that this is for.

    Raises:
        SourceError: the commit asked for is none here.
    """
    if asked is not None:
        return Comparison(asked_base(selection, asked), is_asked=True)
    if selection.repository is not None:
        return None  # which may be any other than the one with the pull request
    missing: SourceError | None = None
    for revision in _of_pull_request(environment):
        try:
            return Comparison(asked_base(selection, revision), is_asked=False)
        except SourceError as error:
            missing = error
    if missing:
        _go_on_without(missing)
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


def _of_pull_request(environment: Mapping[str, str]) -> Iterator[str]:
    """What may name the base of the pull request that the environment tells of, the best first."""
    for variable in _BRANCHES:
        if name := environment.get(variable):
            yield f"refs/remotes/origin/{name}"
            yield name
    if commit := environment.get(_COMMIT):
        yield commit


def _go_on_without(error: SourceError) -> None:
    hint = f" ({error.hint})" if error.hint else ""
    print_note(f"note: changes are not told apart by the base of the pull request: {error}{hint}")
