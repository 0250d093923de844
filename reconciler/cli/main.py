"""Where the process begins. Nothing is imported here but what every Python has loaded already."""

from __future__ import annotations

import gc
import os
import sys

_FEW_SCANS = 50_000
"""New objects after which garbage is looked for: what is imported stays, and need not be scanned."""


def main() -> None:
    """Run the command line tool, and end the process with its exit code."""
    if os.name == "nt":
        sys.exit("error: reconciler runs on Linux and macOS\n  on Windows, install and run it in WSL")
    if sys.getfilesystemencoding() != "utf-8":
        _start_in_utf8()
    gc.set_threshold(_FEW_SCANS)
    terminal = None
    try:
        from reconciler.terminal.terminal import open_terminal

        terminal = open_terminal(dict(os.environ))
        from reconciler.cli.boundary import run_command_line

        code = run_command_line(terminal)
    except KeyboardInterrupt:
        from reconciler.cli.exits import Exit
        from reconciler.terminal.terminal import open_terminal

        # The interruption may have come while the module of the terminal was imported.
        terminal = terminal or open_terminal(dict(os.environ))
        terminal.write(terminal.err, "interrupted")
        terminal.finish()
        code = Exit.INTERRUPTED
    sys.exit(code)


def _start_in_utf8() -> None:
    """Start the process again with file names in UTF-8, as in git, whatever the locale is.

    Output keeps the encoding of the locale.
    """
    shown = sys.stdout.encoding if sys.stdout else "ascii"
    environment = {"PYTHONIOENCODING": shown, **os.environ}
    os.execve(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]], environment)  # noqa: S606
