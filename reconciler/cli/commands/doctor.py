"""`reconciler doctor`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from reconciler.terminal.terminal import Terminal
    from reconciler.workflow.control_plane import ControlPlane
    from reconciler.workflow.doctor import Finding

_REQUEST_SECONDS = 30.0


@click.command()
@options.connection
@options.choose_output("json")
@options.printing
def doctor(terminal: Terminal, *, connection: options.ConnectionOptions, output_format: str) -> Exit:
    """Check git, host, token and all else around a run.

    Each line is ok, a warning or a failure, with what to do about it. Nothing is changed.

    \b
    Examples:
      reconciler doctor
      reconciler doctor --host https://example.com --format json
    """
    from reconciler.cli.views.doctor import make_findings_document, render_findings

    findings = tuple(_check_all(terminal, connection))
    if output_format == "json":
        terminal.print_json(make_findings_document(findings))
    else:
        terminal.print_lines(render_findings(findings))
    return Exit.FAILED if any(finding.state == "failure" for finding in findings) else Exit.DONE


def _check_all(terminal: Terminal, connection: options.ConnectionOptions) -> Iterator[Finding]:
    from pathlib import Path

    from reconciler.cli.connect import open_control_plane, print_details
    from reconciler.errors import ReconcilerError, SettingsError
    from reconciler.wire.routes import FLAVOURS
    from reconciler.workflow.doctor import (
        check_manifests,
        check_repository,
        make_failed_finding,
        make_skipped_finding,
    )

    yield from check_repository(Path.cwd())
    manifests, names = check_manifests()
    yield manifests
    try:
        with open_control_plane(terminal, connection.host, connection.api) as plane:
            if connection.verbose:
                try:
                    print_details(terminal, plane)
                except ReconcilerError as error:
                    yield make_failed_finding("proxy", error)
            yield from _check_plane(plane, names)
    except SettingsError as error:
        yield make_failed_finding("control plane", error)
        apis = (f"api {name}" for name in FLAVOURS)
        for name in ("certificate", "clock", "token", *apis, *(f"ML repo {name}" for name in names)):
            yield make_skipped_finding(name, "host or token are not as they have to be")


def _check_plane(plane: ControlPlane, names: Sequence[str]) -> Iterator[Finding]:
    import asyncio
    from dataclasses import replace
    from datetime import UTC, datetime
    from functools import partial

    from reconciler.client.probe import probe_host
    from reconciler.client.requests.patience import Deadline, Patience
    from reconciler.errors import ControlPlaneError
    from reconciler.wire.routes import FLAVOURS
    from reconciler.workflow.doctor import (
        Finding,
        check_api,
        check_probe,
        check_token,
        make_failed_finding,
        make_skipped_finding,
    )

    connection = plane.connection
    yield Finding("control plane", "ok", f"{connection.host}, from {_name_host_source()}")
    if plane.app is None:
        try:
            yield from check_probe(asyncio.run(probe_host(connection, _REQUEST_SECONDS)), datetime.now(UTC))
        except ControlPlaneError as error:
            yield make_failed_finding("certificate", error)
            yield make_skipped_finding("clock", "the control plane does not answer")
    yield check_token(connection.token, plane.source, datetime.now(UTC))
    patience = Patience(tries=1, request=_REQUEST_SECONDS)
    deadline = Deadline(_REQUEST_SECONDS * 10)
    openers = {
        name: partial(replace(plane, connection=replace(connection, api=name)).reader, deadline, patience)
        for name in FLAVOURS
    }
    yield from asyncio.run(check_api(openers, connection.api, names))


def _name_host_source() -> str:
    from click.core import ParameterSource

    match click.get_current_context().get_parameter_source("host"):
        case ParameterSource.COMMANDLINE:
            return "--host"
        case ParameterSource.ENVIRONMENT:
            return "TFY_HOST"
    return "the credentials file"
