"""Which commit a branch is compared with: the one asked for, or on a pull request its base branch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.cli.ci_systems import find_event
from reconciler.errors import SourceError

if TYPE_CHECKING:
    from reconciler.terminal.terminal import Terminal
    from reconciler.workflow.branch.base import Base
    from reconciler.workflow.branch.comparison import BaseComparison
    from reconciler.workflow.read import Selection
    from reconciler.workflow.validate import CompareContents


def find_asked_base(terminal: Terminal, selection: Selection, revision: str) -> Base:
    """The commit that the caller names; a note about it, if there is one, is printed on stderr.

    Raises:
        SourceError: it is none here.
    """
    from reconciler.workflow.read import find_base

    base, note = find_base(selection, revision)
    if note:
        terminal.print_note(f"note: {note}")
    return base


def prepare_contents_comparison(
    terminal: Terminal, selection: Selection, asked: str | None
) -> CompareContents | None:
    """The comparison of contents with those of a commit; `None` where the caller names no commit.

    Raises:
        SourceError: the commit is none here.
    """
    if asked is None:
        return None
    from functools import partial

    from reconciler.workflow.branch.contents import check_contents

    return partial(check_contents, find_asked_base(terminal, selection, asked))


def find_comparison(
    terminal: Terminal, selection: Selection, asked: str | None, environment: Mapping[str, str]
) -> BaseComparison | None:
    """What to compare a plan with, if anything; in CI, a note on stderr names it, or why there is nothing.

    Args:
        terminal: prints the note.
        selection: what is read.
        asked: the commit that the caller names.
        environment: names the CI run that this is part of.

    Raises:
        SourceError: the commit asked for is none here.
    """
    if asked is not None:
        from reconciler.workflow.branch.comparison import BaseComparison

        return BaseComparison(find_asked_base(terminal, selection, asked), is_asked=True)
    if selection.repository is not None:
        return None  # the pull request may be of another repository
    event = find_event(environment)
    if event is None:
        return None
    from reconciler.workflow.branch.comparison import BaseComparison

    missing: SourceError | None = None
    for revision in event.bases:
        try:
            base = find_asked_base(terminal, selection, revision)
        except SourceError as error:
            missing = error
        else:
            terminal.print_note(
                f"note: compared with {_format_name(revision)}, the base of this {_format_name(event.name)}"
            )
            return BaseComparison(base, is_asked=False)
    if missing:
        return BaseComparison(missing, is_asked=False)
    terminal.print_note(f"note: compared with no base: this {_format_name(event.name)} tells none")
    return None


def _format_name(text: str) -> str:
    return ascii(text.removeprefix("refs/remotes/"))[1:-1]
