"""`apply --plan FILE` and `apply --expect DIGEST`: nothing is applied but what was approved."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli.options import choose_file

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.workflow.approval import Approval

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _as_digest(_context: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    from reconciler.planning.approval import is_approval

    if given is not None and not is_approval(given):
        raise click.BadParameter("give the digest that plan shows, or its first 12 digits or more")
    return given


_plan = choose_file(
    "--plan",
    "approved",
    about="Apply the plan that plan --out or show --out saved, or what is left of it, and nothing else.",
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


def read_approval(path: Path | None, digest: str | None) -> Approval:
    """What was approved, by the file of a plan or by a digest.

    Raises:
        SavedFileError: the file can not be relied on.
    """
    from reconciler.cli.files.plan import read_plan
    from reconciler.workflow.approval import Approval

    if path and digest:
        raise click.UsageError("give --plan or --expect, not both")
    return Approval(read_plan(path) if path else None, digest)
