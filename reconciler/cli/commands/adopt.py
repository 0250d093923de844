"""`reconciler import`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.completion import complete_ml_repos, complete_names
from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.compare.selector import Selector
    from reconciler.terminal.terminal import Terminal
    from reconciler.workflow.adopt import ImportOptions, Wanted
    from reconciler.workflow.drafting.layout import Layout


def _as_layout(_context: click.Context, _parameter: click.Parameter, given: str | None) -> Layout:
    from reconciler.workflow.drafting.layout import Layout

    try:
        return Layout() if given is None else Layout(given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _make_wanted(
    *, ml_repos: Sequence[str], names: Sequence[str], latest: int | None, selector: Selector
) -> Wanted:
    from reconciler.workflow.adopt import Wanted

    return Wanted(ml_repos, names, latest, selector)


def _make_import_options(*, wanted: Wanted, into: Path, layout: Layout, timeout: float) -> ImportOptions:
    from reconciler.workflow.adopt import ImportOptions

    return ImportOptions(wanted, into, layout, timeout)


@click.command("import")
@click.option(
    "--ml-repo",
    "ml_repos",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_ml_repos,
    help="Only this one.  [default: all visible ones]",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="GLOB",
    shell_complete=complete_names,
    help="Only artifacts whose names it fits, e.g. 'scorer*'.",
)
@click.option(
    "--latest", type=click.IntRange(1), metavar="N", help="Of each artifact, only the N highest versions."
)
@options.select
@click.option(
    "--layout",
    callback=_as_layout,
    metavar="TEMPLATE",
    help="File of each version; one for several, as documents, where it leaves out {version}."
    "  [default: {ml_repo}/{name}/{version}.yaml]",
)
@options.into
@options.connection
@options.printing
@options.timeout
@options.merge_options("wanted", _make_wanted)
@options.merge_options("asked", _make_import_options)
def adopt(terminal: Terminal, *, asked: ImportOptions, connection: options.ConnectionOptions) -> Exit:
    """Write manifests for registered versions.

    Each declares its version as it is registered: a plan of them is empty. No file is overwritten, and what
    the repository declares already is left out. What no manifest can declare, and what can not be written,
    is named with the reason: the exit code is 3, or 1 where nothing is declared.

    \b
    Examples:
      reconciler import
      reconciler import --ml-repo fraud --name 'scorer*' --latest 5
      reconciler import --into models --select '!*/drafts*' --layout '{ml_repo}/{name}.yaml'
    """
    from reconciler.cli.connect import connect
    from reconciler.cli.views.adopt import ImportView
    from reconciler.workflow.adopt import run_import

    watcher = ImportView(terminal)
    return watcher.show_end(run_import(asked, connect(terminal, connection), watcher))
