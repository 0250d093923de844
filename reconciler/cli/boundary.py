"""The last boundary: the one place where errors become messages and exit codes.

What only a failed command needs is imported when it has failed.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reconciler.cli.exits import Exit
from reconciler.cli.signals import SignalledError, end_on_terminate
from reconciler.terminal.terminal import Terminal

if TYPE_CHECKING:
    import click


def run_command_line(terminal: Terminal) -> int:
    """Run the command that the arguments name, and print what goes wrong.

    Args:
        terminal: takes all that is printed.

    Returns:
        The exit code.

    Raises:
        KeyboardInterrupt: somebody pressed Ctrl-C.
    """
    # Learnt at the start, so that nothing is printed with the token before it is used.
    terminal.redactor.learn(os.environ.get("TFY_API_KEY", ""))
    code = _run_to_exit_code(terminal)
    return code if terminal.finish() else code or Exit.FAILED


def _run_to_exit_code(terminal: Terminal) -> int:
    end_on_terminate()
    try:
        return _run_click(terminal)
    except SignalledError as error:
        terminal.write(terminal.err, "interrupted")
        return error.exit_code
    except SystemExit:
        # Click ends so when help is written to a closed pipe, which is no failure.
        return Exit.DONE
    except OSError as error:
        # All else writes through the terminal: this is click, which could not print help.
        terminal.streams.stop_writing(terminal.out, error)
        return Exit.DONE
    except Exception as error:  # noqa: BLE001  a mistake of ours, or what the user can understand
        return _report_error(terminal, error)


def _run_click(terminal: Terminal) -> int:
    import click

    from reconciler.cli.group import choose_help_width, cli

    if "_RECONCILER_COMPLETE" in os.environ:
        from reconciler.cli.bash import replace_bash

        replace_bash()
    try:
        result = cli.main(
            prog_name="reconciler",
            standalone_mode=False,
            obj=terminal,
            terminal_width=choose_help_width(terminal.columns),
        )
    except click.ClickException as error:
        return _report_usage_error(terminal, error)
    except click.Abort:
        raise KeyboardInterrupt from None
    return result if isinstance(result, int) else Exit.DONE


def _report_usage_error(terminal: Terminal, error: click.ClickException) -> int:
    """Print what click did not understand, and how the command is used."""
    from click import UsageError
    from click.exceptions import NoArgsIsHelpError

    if isinstance(error, NoArgsIsHelpError):
        terminal.write(terminal.err, error.format_message())
        return Exit.USAGE
    if isinstance(error, UsageError) and error.ctx:
        terminal.write(terminal.err, error.ctx.get_usage())
        terminal.write(terminal.err, f"Try '{error.ctx.command_path} --help' for help.\n")
    for line in f"error: {error.format_message()}".split("\n"):
        terminal.print_line(line)  # it quotes the arguments
    return Exit.USAGE if isinstance(error, UsageError) else Exit.FAILED


def _report_error(terminal: Terminal, error: Exception) -> int:
    from reconciler.errors import ReconcilerError

    if isinstance(error, ReconcilerError):
        terminal.print_error(error)
        return Exit.FAILED
    return _report_internal_error(terminal, error)


def _report_internal_error(terminal: Terminal, error: Exception) -> int:
    """Print where the mistake is, but not the text of the error, which may quote anything."""
    if os.environ.get("RECONCILER_TRACEBACK"):
        import traceback

        for line in "".join(traceback.format_exception(error)).splitlines():
            terminal.print_line(line)
    terminal.print_line(f"internal error: {type(error).__name__} at {_find_origin(error)}")
    terminal.print_line("  this is a mistake in reconciler; RECONCILER_TRACEBACK=1 shows the way to it")
    return Exit.FAILED


def _find_origin(error: Exception) -> str:
    """The last place in this package on the way to an error, as `module:line`."""
    origin, trace = "", error.__traceback__
    while trace:
        module = str(trace.tb_frame.f_globals.get("__name__"))
        if module.partition(".")[0] == "reconciler":
            origin = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return origin
