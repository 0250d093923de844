"""`reconciler new`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.completion import complete_artifacts
from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from reconciler.model import Artifact
    from reconciler.terminal.terminal import Terminal
    from reconciler.workflow.control_plane import ControlPlane
    from reconciler.workflow.new import NextVersion


def _as_artifact(_context: click.Context, _parameter: click.Parameter, given: str) -> Artifact:
    from reconciler.model import Artifact

    ml_repo, slash, name = given.partition("/")
    if not (ml_repo and slash and name) or "/" in name:
        raise click.BadParameter("give it as ML_REPO/NAME, e.g. fraud/scorer")
    _check_field("ml_repo", ml_repo)
    _check_field("name", name)
    return Artifact(ml_repo, name)


def _check_value_of(field: str) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """A callback that checks an option's value by the rules for a field of manifests."""

    def check_option(_context: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
        if given is not None:
            _check_field(field, given)
        return given

    return check_option


def _check_field(field: str, value: str) -> None:
    from reconciler.workflow.new import find_fault

    if fault := find_fault(field, value):
        raise click.BadParameter(fault)


def _make_asked(*, artifact: Artifact, origin: int | None, alias: str | None, uri: str | None) -> NextVersion:
    from reconciler.workflow.new import NextVersion

    return NextVersion(artifact, origin, alias, uri)


@click.command()
@click.argument("artifact", metavar="ML_REPO/NAME", callback=_as_artifact, shell_complete=complete_artifacts)
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
    callback=_check_value_of("version_alias"),
    help="Alias that the new version declares.",
)
@click.option(
    "--uri",
    metavar="URI",
    callback=_check_value_of("uri"),
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
@options.merge_options("asked", _make_asked)
def new(
    terminal: Terminal,
    *,
    asked: NextVersion,
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
    from reconciler.cli.connect import connect, is_any_named
    from reconciler.cli.views.new import NewView
    from reconciler.workflow.new import run_new

    def find_plane() -> AbstractContextManager[ControlPlane] | None:
        is_asked = not is_offline and is_any_named(terminal, connection.host)
        return connect(terminal, connection) if is_asked else None

    watcher = NewView(terminal)
    watcher.show_end(run_new(asked, into, find_plane, watcher, timeout), into)
    return Exit.DONE
