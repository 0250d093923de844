"""Where the process begins. Nothing is imported here but what every Python has loaded already."""

from __future__ import annotations

import gc
import os
import sys

_FEW_SCANS = 50_000
"""Objects after which the collector looks for garbage: what is imported stays, and needs no looking at."""


def main() -> None:
    """Run the command line tool, and end the process with its exit code."""
    if sys.getfilesystemencoding() != "utf-8":
        _start_in_utf8()
    gc.set_threshold(_FEW_SCANS)
    try:
        from reconciler.cli.boundary import run

        code = run()
    except KeyboardInterrupt:
        code = _interrupted()
    sys.exit(code)


def _start_in_utf8() -> None:
    """Begin anew with file names in UTF-8, as git has them, whatever the locale says.

    What is printed keeps to the characters of the locale.
    """
    shown = sys.stdout.encoding if sys.stdout else "ascii"
    environment = {"PYTHONIOENCODING": shown, **os.environ}
    os.execve(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]], environment)  # noqa: S606


def _interrupted() -> int:
    """Say so; it may have been while the module that prepares the streams was imported."""
    from reconciler.cli.exits import Exit
    from reconciler.terminal.streams import flushed, prepare, write

    prepare()
    write(sys.stderr, "interrupted")
    flushed()
    return Exit.INTERRUPTED
