"""The last boundary: the one place where errors become messages and exit codes.

What only a failed command needs is imported when it has failed.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from reconciler.cli.exits import Exit
from reconciler.cli.signals import SignalledError, end_on_terminate
from reconciler.terminal import redact
from reconciler.terminal.streams import flushed, lose, prepare, write

if TYPE_CHECKING:
    import click


def run() -> int:
    """Run the command that the arguments name, and tell of what goes wrong.

    Returns:
        The exit code.

    Raises:
        KeyboardInterrupt: somebody pressed Ctrl-C.
    """
    prepare()
    # Known from the start: whatever is printed before the token is used, or in its place, is without it.
    redact.learn(os.environ.get("TFY_API_KEY", ""))
    code = _ended()
    return code if flushed() else code or Exit.FAILED


def _ended() -> int:
    end_on_terminate()
    try:
        return _understood()
    except SignalledError as error:
        write(sys.stderr, "interrupted")
        return error.exit_code
    except SystemExit:
        # Click's own end of a help that nobody reads on, which is no failure.
        return Exit.DONE
    except OSError as error:
        # Everything else writes through `streams`: this is click with a help that can not be printed.
        lose(sys.stdout, error)
        return Exit.DONE
    except Exception as error:  # noqa: BLE001  a mistake of ours, or what the user can understand
        return _failed(error)


def _understood() -> int:
    import click

    from reconciler.cli.group import cli

    try:
        result = cli.main(prog_name="reconciler", standalone_mode=False)
    except click.ClickException as error:
        return _misunderstood(error)
    except click.Abort:
        raise KeyboardInterrupt from None
    return result if isinstance(result, int) else Exit.DONE


def _misunderstood(error: click.ClickException) -> int:
    """Say what click did not understand, and how the command is used."""
    from click import UsageError
    from click.exceptions import NoArgsIsHelpError

    if isinstance(error, NoArgsIsHelpError):
        write(sys.stderr, error.format_message())
        return Exit.USAGE
    from reconciler.terminal.output import print_note

    if isinstance(error, UsageError) and error.ctx:
        write(sys.stderr, error.ctx.get_usage())
        write(sys.stderr, f"Try '{error.ctx.command_path} --help' for help.\n")
    for line in f"error: {error.format_message()}".split("\n"):
        print_note(line)  # it quotes the arguments
    return Exit.USAGE if isinstance(error, UsageError) else Exit.FAILED


def _failed(error: Exception) -> int:
    from reconciler.errors import ReconcilerError
    from reconciler.terminal.output import print_error

    if isinstance(error, ReconcilerError):
        print_error(error)
        return Exit.FAILED
    return _internal(error)


def _internal(error: Exception) -> int:
    """Say where the mistake is, and nothing that the error says: its text may quote anything."""
    from reconciler.terminal.output import print_note

    if os.environ.get("RECONCILER_TRACEBACK"):
        import traceback

        for line in "".join(traceback.format_exception(error)).splitlines():
            print_note(line)
    print_note(f"internal error: {type(error).__name__} at {_origin(error)}")
    print_note("  this is a mistake in reconciler; RECONCILER_TRACEBACK=1 shows the way to it")
    return Exit.FAILED


def _origin(error: Exception) -> str:
    """Where this package has last been on the way to an error, as `module:line`."""
    origin, trace = "", error.__traceback__
    while trace:
        module = str(trace.tb_frame.f_globals.get("__name__"))
        if module.partition(".")[0] == "reconciler":
            origin = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return origin
