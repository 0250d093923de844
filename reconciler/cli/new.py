"""`reconciler new`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model import Artifact


def _as_artifact(_context: click.Context, _parameter: click.Parameter, given: str) -> Artifact:
    from reconciler.model import Artifact

    ml_repo, slash, name = given.partition("/")
    if not (ml_repo and slash and name) or "/" in name:
        raise click.BadParameter("give it as ML_REPO/NAME, e.g. fraud/scorer")
    return Artifact(ml_repo, name)


@click.command()
@click.argument("artifact", metavar="ML_REPO/NAME", callback=_as_artifact)
@options.into
@options.connection
@options.printing
@options.timeout
def new(*, artifact: Artifact, into: Path, host: str | None, api: str, verbose: bool, timeout: float) -> Exit:
    """Write a manifest for the next free version.

    It is copied from the newest registered version, but for its alias, which that one keeps.

    \b
    Examples:
      reconciler new fraud/scorer
      reconciler new fraud/scorer --into models
    """
    from reconciler.cli import signals
    from reconciler.cli.connect import control_plane
    from reconciler.cli.output import print_lines, print_note
    from reconciler.cli.problems import problems_told
    from reconciler.client.patience import Deadline, Patience
    from reconciler.manifest.load import Loading
    from reconciler.report.escape import for_terminal
    from reconciler.report.text import Line
    from reconciler.workflow.adopt import next_version
    from reconciler.workflow.read import Selection, check_is_read, selected

    check_is_read(into)
    with selected(Selection()) as snapshot, control_plane(host, api) as plane:
        if verbose:
            for line in plane.details():
                print_note(line)
        loading = Loading(snapshot)

        async def call() -> tuple[str, int]:
            async with plane.reader(Deadline(timeout), Patience()) as reader:
                return await next_version(reader, artifact, loading, into)

        try:
            with problems_told(snapshot):
                path, copied = signals.run(call())
        finally:
            loading.stop()
    print_lines([Line(for_terminal(str(into / path)))])
    print_note(for_terminal(f"copied from {artifact}:{copied}, without its alias: say what is new"))
    return Exit.DONE
