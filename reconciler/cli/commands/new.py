"""`reconciler new`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.manifest.load import Declaration
    from reconciler.model import Artifact, Registered
    from reconciler.terminal.terminal import Terminal
    from reconciler.workflow.control_plane import ControlPlane
    from reconciler.workflow.new import Written


def _as_artifact(_context: click.Context, _parameter: click.Parameter, given: str) -> Artifact:
    from reconciler.model import Artifact

    ml_repo, slash, name = given.partition("/")
    if not (ml_repo and slash and name) or "/" in name:
        raise click.BadParameter("give it as ML_REPO/NAME, e.g. fraud/scorer")
    _check("ml_repo", ml_repo)
    _check("name", name)
    return Artifact(ml_repo, name)


def _value_of(field: str) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """What takes a value for a field of a manifest, by the rules for that field."""

    def checked(_context: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
        if given is not None:
            _check(field, given)
        return given

    return checked


def _check(field: str, value: str) -> None:
    from reconciler.workflow.new import wrong_with

    if wrong := wrong_with(field, value):
        raise click.BadParameter(wrong)


@click.command()
@click.argument("artifact", metavar="ML_REPO/NAME", callback=_as_artifact)
@click.option(
    "--from",
    "origin",
    type=click.IntRange(1),
    metavar="VERSION",
    help="Copy this version.  [default: the newest]",
)
@click.option(
    "--alias",
    metavar="ALIAS",
    callback=_value_of("version_alias"),
    help="Alias that the new version declares.",
)
@click.option(
    "--uri",
    metavar="URI",
    callback=_value_of("uri"),
    help="Where its contents are; a first version needs it.",
)
@click.option(
    "--offline",
    "is_offline",
    is_flag=True,
    help="Ask no control plane, as where none is set: the version follows what is declared.",
)
@options.into
@options.connection
@options.printing
@options.timeout
def new(  # noqa: PLR0913  one for each option
    terminal: Terminal,
    *,
    artifact: Artifact,
    origin: int | None,
    alias: str | None,
    uri: str | None,
    is_offline: bool,
    into: Path,
    connection: options.ConnectionOptions,
    timeout: float,
) -> Exit:
    """Write a manifest for the next free version.

    Its number is above all that are declared and all that are registered. It is copied from the newest of
    them, but for its alias, which that one keeps; of an artifact that there is nothing of, a first manifest
    is written, which explains itself. No file is overwritten: commit it, and have it reviewed.

    \b
    Examples:
      reconciler new fraud/scorer --uri s3://example-models/fraud/scorer/5
      reconciler new fraud/scorer --from 3 --alias v-canary --into models
    """
    from reconciler.cli.connect import connected, is_any_named
    from reconciler.cli.views.headway import Reading
    from reconciler.cli.views.problems import problems_told
    from reconciler.manifest.load import Loading
    from reconciler.terminal.progress import Progress
    from reconciler.workflow.destination import check_is_read
    from reconciler.workflow.new import Asked, write_next
    from reconciler.workflow.read import Selection, check_is_in_repository, offline
    from reconciler.workflow.validate import valid_declaration

    check_is_in_repository()
    with offline(Selection()) as snapshot:
        check_is_read(into, snapshot.settings)
        loading = Loading(snapshot)
        with problems_told(terminal, snapshot), Progress(terminal, Reading(loading).line):
            declaration = valid_declaration(loading)
        registered = None
        if not is_offline and is_any_named(terminal, connection.host):
            with connected(terminal, connection) as plane:
                registered = _registered(terminal, plane, artifact, declaration, timeout)
        written = write_next(declaration, Asked(artifact, origin, alias, uri), registered, into)
    _tell(terminal, written, into, was_asked=registered is not None)
    return Exit.DONE


def _registered(
    terminal: Terminal, plane: ControlPlane, artifact: Artifact, declaration: Declaration, seconds: float
) -> Sequence[Registered]:
    from reconciler.cli import signals
    from reconciler.client.patience import Deadline, Patience
    from reconciler.workflow.new import registered_versions

    async def call() -> Sequence[Registered]:
        async with plane.reader(Deadline(seconds), Patience()) as reader:
            return await registered_versions(reader, artifact, declaration)

    return signals.run(terminal, call())


def _tell(terminal: Terminal, written: Written, into: Path, *, was_asked: bool) -> None:
    """Print the file, and what is to be done with it."""
    from reconciler.escape import for_terminal
    from reconciler.report.text.plan import Line

    terminal.print_lines([Line(for_terminal(str(into / written.path)))])
    what = f"copied from {written.copied}" if written.copied else "the first version of this artifact"
    terminal.print_note(for_terminal(f"{what}: read it, commit it, and have it reviewed"))
    if not was_asked:
        terminal.print_note("no control plane was asked: what is registered may have this number already")
