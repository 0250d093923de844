"""The command group: which commands there are. The module of each is imported when it is called."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from itertools import pairwise

import click

from reconciler import __path__, __version__

_MOST_COLUMNS, _LEAST_COLUMNS, _MARGIN = 100, 50, 2
_VARIABLES = ("RECONCILER_API", "RECONCILER_LOG_FORMAT")
"""Variables that stand for options; those that name a control plane are checked where it is opened."""
_CONTEXT = {"help_option_names": ["-h", "--help"]}


def choose_help_width(columns: int) -> int:
    """How wide help is to be, in characters.

    Args:
        columns: characters in a line of the terminal.
    """
    return max(min(columns, _MOST_COLUMNS) - _MARGIN, _LEAST_COLUMNS)


class Later(click.Command):
    """Stands in for a command until it is called: enough of it to be listed.

    Args:
        name: of the command.
        about: the first line of its help.
        defined_as: its name in code, and that of its module, where that is another one.
    """

    def __init__(self, name: str, about: str, defined_as: str | None = None) -> None:
        super().__init__(name, help=about)
        self._defined_as = defined_as or name

    def load_command(self) -> click.Command:
        """Import the command itself."""
        found = getattr(import_module(f"{__package__}.commands.{self._defined_as}"), self._defined_as)
        assert isinstance(found, click.Command)
        return found


class _Commands(click.Group):
    """A group of stand-ins: to list or to complete them imports none of the commands."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name, and the arguments that are its own."""
        name, command, rest = super().resolve_command(ctx, args)
        if not ctx.resilient_parsing:  # else a word is being completed
            _refuse_empty(rest)
        return name, command.load_command() if isinstance(command, Later) else command, rest


def _refuse_empty(arguments: Sequence[str]) -> None:
    """Refuse empty arguments, as a variable that is not set gives them: they never count as not given.

    Raises:
        click.UsageError: something is.
    """
    for before, given in pairwise(["", *arguments]):
        option, _, value = given.partition("=")
        if value or (given and not (given.startswith("--") and given.endswith("="))):
            continue
        name = option or (before if before.startswith("-") else "an argument")
        raise click.UsageError(f"{name} is empty: is a variable not set?")
    for name in _VARIABLES:
        if os.environ.get(name) == "":
            raise click.UsageError(f"{name} is set, and empty: set it to something, or unset it")


def _print_version(context: click.Context, _option: click.Parameter, is_asked: bool) -> None:  # noqa: FBT001
    """Print the version, the commit that it was built from, if that is known, and the Python that runs it."""
    if not is_asked or context.resilient_parsing:
        return
    click.echo(f"reconciler, version {__version__}")
    file = f"{__path__[0]}/COMMIT"
    with suppress(OSError), open(file, encoding="utf-8") as commit:  # noqa: PTH123  imports nothing
        click.echo(f"commit {commit.read().strip()}")
    click.echo(f"Python {sys.version.split()[0]}")
    context.exit()


@click.group(cls=_Commands, context_settings=_CONTEXT)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version, its commit and Python, and exit.",
)
def cli() -> None:
    """Keep TrueFoundry artifact versions as git declares them.

    Manifests in git say which versions there are to be; `plan` shows how the control plane differs,
    `apply` removes the difference, and a second `apply` finds nothing to do.

    \b
    Examples:
      reconciler demo                  see it work, on an embedded registry
      reconciler validate              check the manifests, offline
      reconciler plan                  what would change
      reconciler apply --yes           change it

    \b
    Exit codes:
      0 done, or nothing to do   1 failed    2 changes pending (--detailed-exitcode)
      3 applied in part          4 blocked   64 usage          130 interrupted
    """


for _later in (
    Later("validate", "Check manifests, offline, and report every problem at once."),
    Later("plan", "Show what apply would change; change nothing."),
    Later("apply", "Register and update artifact versions as a commit declares them."),
    Later("import", "Write manifests for registered versions.", "adopt"),
    Later("new", "Write a manifest for the next free version."),
    Later("show", "Show a saved plan or report, in any format."),
    Later("explain", "Tell what the code of a problem means; list all codes."),
    Later("doctor", "Check git, host, token and all else around a run."),
    Later("schema", "Print the JSON Schema of a manifest, a plan, a report or the settings."),
    Later("demo", "Show the whole cycle in a temporary folder."),
    Later("registry", "Run the embedded control plane."),
):
    cli.add_command(_later)
