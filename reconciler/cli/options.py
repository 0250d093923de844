"""Options and arguments that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_paths = click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
_ref = click.option(
    "--ref", metavar="REV", help="Read this commit (branch, tag or id) instead of the work tree."
)
_repo = click.option(
    "--repo",
    metavar="URL",
    help="Read a remote repository, https or ssh, at REV or its HEAD; PATH is then a path in it.",
)
_host = click.option(
    "--host",
    envvar="TFY_HOST",
    metavar="URL",
    help="Control plane, e.g. https://example.com, or sqlite:///FILE for an embedded one."
    "  [env: TFY_HOST; the token comes from TFY_API_KEY]",
)
_api = click.option(
    "--api",
    envvar="RECONCILER_API",
    type=click.Choice(["ml", "svc"]),
    default="ml",
    show_default=True,
    help="Flavour of the API: the prefix that the control plane serves it under.  [env: RECONCILER_API]",
)
_timeout = click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=3600.0,
    show_default=True,
    metavar="SECONDS",
    help="For the whole run; whatever the network does, it ends by then.",
)


_verbose = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    default=lambda: os.environ.get("RUNNER_DEBUG") == "1",
    help="Tell where requests go: host, proxy, certificates, and what gave the token.",
)


def _together(*decorators: Callable[[Any], Any]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def output(*formats: str) -> Callable[[Command], Command]:
    """`--format`: text, or one of those that the command prints beside it."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(["text", *formats]),
        default="text",
        show_default=True,
        help="How to print.",
    )


selection = _together(_paths, _ref, _repo)
connection = _together(_host, _api, _verbose)
timeout = _together(_timeout)
