"""`reconciler import`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.cli.views.headway import Importing
    from reconciler.compare.selector import Selector
    from reconciler.manifest.load import Loading
    from reconciler.terminal.terminal import Terminal
    from reconciler.workflow.adopt import Adopted
    from reconciler.workflow.layout import Layout

_MOST_TOLD = 20


def _as_layout(_context: click.Context, _parameter: click.Parameter, given: str | None) -> Layout:
    from reconciler.workflow.layout import Layout

    try:
        return Layout() if given is None else Layout(given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command("import")
@click.option(
    "--ml-repo", "ml_repos", multiple=True, metavar="NAME", help="Only this one.  [default: all visible ones]"
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="GLOB",
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
def adopt(  # noqa: PLR0913  what is to be written, where, and by which way
    terminal: Terminal,
    *,
    ml_repos: Sequence[str],
    names: Sequence[str],
    latest: int | None,
    selector: Selector,
    layout: Layout,
    into: Path,
    connection: options.ConnectionOptions,
    timeout: float,
) -> Exit:
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
    from reconciler.cli.connect import connected
    from reconciler.cli.views.headway import Importing
    from reconciler.client.patience import Deadline, Patience
    from reconciler.manifest.load import Loading
    from reconciler.workflow.adopt import Adopted, Wanted
    from reconciler.workflow.adopt import adopt as write_all
    from reconciler.workflow.destination import check_is_read
    from reconciler.workflow.read import Selection, selected

    deadline, adopted = Deadline(timeout), Adopted()
    wanted = Wanted(ml_repos, names, latest, selector)
    with selected(Selection()) as snapshot, connected(terminal, connection) as plane:
        check_is_read(into, snapshot.settings)
        loading = Loading(snapshot)
        importing = Importing(loading, adopted.written)

        async def write() -> None:
            async with plane.reader(deadline, Patience()) as reader:
                await write_all(importing.watched(reader), wanted, loading, into, layout, adopted)

        _run(terminal, write, importing, loading)
    return _end(terminal, adopted)


def _run(
    terminal: Terminal,
    write: Callable[[], Coroutine[Any, Any, None]],
    importing: Importing,
    loading: Loading,
) -> None:
    """Write manifests, and tell of the progress, and of what is wrong with those that are there."""
    from reconciler.cli import signals
    from reconciler.cli.views.problems import problems_told
    from reconciler.terminal.progress import Progress

    try:
        with problems_told(terminal, loading.snapshot), Progress(terminal, importing.line):
            signals.run(terminal, write())
    finally:
        loading.stop()


def _end(terminal: Terminal, adopted: Adopted) -> Exit:
    """Tell what became of the versions, and give the exit code."""
    from reconciler.escape import for_terminal
    from reconciler.report.count import counted
    from reconciler.report.text.plan import Line

    for label, why in adopted.left_out[:_MOST_TOLD]:
        terminal.print_failure(for_terminal(f"{label}: not imported: {why}"))
    if len(adopted.left_out) > _MOST_TOLD:
        terminal.print_failure(f"and {len(adopted.left_out) - _MOST_TOLD:,} more that are not imported")
    for path in list(dict.fromkeys(adopted.existing))[:_MOST_TOLD]:
        terminal.print_note(for_terminal(f"{path}: there is such a file, which stays as it is"))
    if not terminal.is_quiet:
        told = {
            "written": len(adopted.written),
            "declared already": adopted.declared,
            "existing": len(adopted.existing),
            "left out": len(adopted.left_out),
            "not asked for": adopted.unwanted,
        }
        counts = [f"{count:,} {what}" for what, count in told.items() if count]
        if adopted.ml_repos:
            counts.append(counted(adopted.ml_repos, "other ML repo"))
        terminal.print_lines([Line(f"Import: {', '.join(counts) or 'no registered version'}", "strong")])
    if adopted.written:
        terminal.print_note("look at them, commit them, and see that nothing is to do: reconciler plan")
    if not adopted.left_out:
        return Exit.DONE
    return Exit.PARTIAL if adopted.written or adopted.declared else Exit.FAILED
