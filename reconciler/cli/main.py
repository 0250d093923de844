"""The command group, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import os
import sys

import click

from reconciler import __version__
from reconciler.cli import redact
from reconciler.cli.exits import Exit
from reconciler.cli.streams import flushed, lose, prepare, write
from reconciler.errors import ReconcilerError

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=_CONTEXT)
@click.version_option(__version__, prog_name="reconciler")
def cli() -> None:
    """Keep TrueFoundry artifact versions as git declares them.

    Manifests in git say which versions there are to be; `plan` shows how the control plane differs,
    `apply` removes the difference, and a second `apply` finds nothing to do.

    \b
    Examples:
      reconciler demo                  see it work, on an embedded registry
      reconciler validate              check the manifests, offline
      reconciler plan                  what would change
      reconciler apply --yes           change it

    \b
    Exit codes:
      0 done, or nothing to do   1 failed    2 changes pending (--detailed-exitcode)
      3 applied in part          4 blocked   64 usage          130 interrupted
    """


def main() -> None:
    """Run the command line tool, and end the process with its exit code."""
    prepare()
    # Known from the start: whatever is printed before the token is used, or in its place, is without it.
    redact.learn(os.environ.get("TFY_API_KEY", ""))
    code = _run()
    if not flushed() and not code:
        code = Exit.FAILED
    sys.exit(code)


def _run() -> int:
    from reconciler.cli import apply, demo, offline, plan, registry
    from reconciler.cli.signals import SignalledError, end_on_terminate

    end_on_terminate()
    for command in (
        offline.validate,
        plan.plan,
        apply.apply,
        offline.schema,
        demo.demo,
        registry.registry,
    ):
        cli.add_command(command)
    try:
        result = cli.main(prog_name="reconciler", standalone_mode=False)
    except click.ClickException as error:
        return _misunderstood(error)
    except (click.Abort, KeyboardInterrupt):
        write(sys.stderr, "interrupted")
        return Exit.INTERRUPTED
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
    except ReconcilerError as error:
        from reconciler.cli.output import print_error

        print_error(error)
        return Exit.FAILED
    except Exception as error:  # noqa: BLE001  the last boundary: a mistake of ours, not the user's
        return _internal(error)
    return result if isinstance(result, int) else Exit.DONE


def _misunderstood(error: click.ClickException) -> int:
    """Say what click did not understand, and how the command is used."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        write(sys.stderr, error.format_message())
        return Exit.USAGE
    from reconciler.cli.output import print_note

    if isinstance(error, click.UsageError) and error.ctx:
        write(sys.stderr, error.ctx.get_usage())
        write(sys.stderr, f"Try '{error.ctx.command_path} --help' for help.\n")
    for line in f"error: {error.format_message()}".split("\n"):
        print_note(line)  # it quotes the arguments
    return Exit.USAGE if isinstance(error, click.UsageError) else Exit.FAILED


def _internal(error: Exception) -> int:
    """Say where the mistake is, and nothing that the error says: its text may quote anything."""
    from reconciler.cli.output import print_note

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
