"""The commands of the embedded control plane."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.completion import complete_ml_repos
from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from reconciler.terminal.terminal import Terminal

_TOKEN = "RECONCILER_REGISTRY_TOKEN"  # noqa: S105  the name of a variable, not a token


@click.group()
def registry() -> None:
    """Run the embedded control plane.

    The same API on this machine, in one SQLite file.

    \b
    Examples:
      reconciler registry create --db .registry/registry.db fraud forecasting
      reconciler registry serve --db .registry/registry.db --port 8080
    """


def _check_database(_context: click.Context, _parameter: click.Parameter, db: str) -> str:
    """The file, if an address can name it."""
    if "?" in db:
        raise click.BadParameter(f"{db!r} has a ?, which begins the switches in an address of sqlite:///FILE")
    return db


_database = click.option(
    "--db",
    required=True,
    metavar="FILE",
    callback=_check_database,
    help="SQLite file; made if missing. In a repository, git is told to ignore it by a .gitignore beside it.",
)


@registry.command()
@_database
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option(
    "--switch",
    "switches",
    multiple=True,
    metavar="NAME=VALUE",
    help="How to behave where the real server's way is not known, e.g. taken-alias=move.",
)
@click.option(
    "--serves",
    type=click.Choice(["both", "ml", "svc"]),
    default="both",
    show_default=True,
    help="Prefixes to serve the API under: /api/ml, /api/svc, or both.",
)
@options.printing
def serve(terminal: Terminal, db: str, host: str, port: int, switches: Sequence[str], serves: str) -> int:
    """Serve the API, and a page that shows what is registered, until Ctrl-C.

    With RECONCILER_REGISTRY_TOKEN set, callers have to show that token.

    \b
    Switches, their defaults first:
      unknown-version    honour, renumber    a PUT with a version that is not registered
      taken-alias        refuse, move        a PUT with an alias that another version holds
      metadata           replace, merge      a PUT with metadata
      internal-metadata  erase, keep         the same without the keys that begin with .truefoundry
      changed-source     refuse, ignore      a PUT with other contents for a registered version
      elsewhere          page, missing-page  a request under a prefix that is not served

    \b
    Examples:
      reconciler registry serve --db .registry/registry.db --port 8080
      reconciler registry serve --db .registry/registry.db --switch taken-alias=move
    """
    from reconciler.errors import SettingsError
    from reconciler.terminal.logs import print_logs
    from reconciler.workflow.control_plane import open_registry

    print_logs(terminal)
    token = os.environ.get(_TOKEN, "")
    terminal.redactor.learn(token)
    with open_registry(db, {"serves": serves, **dict(map(_parse_switch, switches))}, token or None) as app:
        from reconciler.cli.connect import keep_out_of_git
        from reconciler.registry import serve as run

        keep_out_of_git(terminal, db)
        try:
            run(app, host, port, lambda url: terminal.print_note(f"serving {db} at {url} (Ctrl-C ends)"))
        except OSError as error:
            raise SettingsError(f"can not listen on {host}:{port}: {error.strerror}") from None
    return Exit.DONE


@registry.command()
@_database
@click.argument("ml_repos", nargs=-1, required=True, metavar="ML_REPO...", shell_complete=complete_ml_repos)
@options.printing
def create(terminal: Terminal, db: str, ml_repos: Sequence[str]) -> int:
    """Create ML repos, which artifact versions are registered in; existing ones stay as they are.

    \b
    Example:
      reconciler registry create --db .registry/registry.db fraud forecasting
    """
    from reconciler.cli.connect import keep_out_of_git
    from reconciler.workflow.control_plane import create_ml_repos

    create_ml_repos(db, ml_repos)
    keep_out_of_git(terminal, db)
    address = shlex.quote(f"sqlite:///{db}")
    terminal.print_note(
        f"{db} has the ML repos {', '.join(ml_repos)}: serve it, or name it as --host {address}"
    )
    return Exit.DONE


def _parse_switch(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals:
        raise click.BadParameter(f"{given} is not NAME=VALUE", param_hint="--switch")
    return name, value
