"""Has runs of commands watched by a collector of telemetry; where there is none, loads nothing for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from reconciler.cli.telemetry.spans import RunSpan
    from reconciler.terminal.terminal import Terminal

Command = TypeVar("Command", bound=Callable[..., Any])
_COLLECTORS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def watch_runs(command: Command) -> Command:
    """Have the runs of a command watched, where that is asked for."""

    @wraps(command)
    def call(terminal: Terminal, **options: Any) -> Any:
        watch = _find_watch(terminal)
        if watch is None:
            return command(terminal, **options)
        with watch as run:
            code = command(terminal, **options)
            if run:
                run.note_exit(code)
            return code

    return call  # type: ignore[return-value]  # it takes what the command takes


def _find_watch(terminal: Terminal) -> AbstractContextManager[RunSpan | None] | None:
    """What watches a run: if the environment names a collector, and the extra is installed."""
    if not any(map(os.environ.get, _COLLECTORS)) or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    try:
        from reconciler.cli.telemetry.spans import watch_run
    except ImportError:
        return None
    return watch_run(terminal, click.get_current_context().command_path)
