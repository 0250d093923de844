"""Where the process begins. Nothing is imported here but what every Python has loaded already."""

from __future__ import annotations

import gc
import sys

_FEW_SCANS = 50_000
"""Objects after which the collector looks for garbage: what is imported stays, and needs no looking at."""


def main() -> None:
    """Run the command line tool, and end the process with its exit code."""
    gc.set_threshold(_FEW_SCANS)
    try:
        from reconciler.cli.boundary import run

        code = run()
    except KeyboardInterrupt:
        code = _interrupted()
    sys.exit(code)


def _interrupted() -> int:
    """Say so; it may have been while the module that prepares the streams was imported."""
    from reconciler.cli.exits import Exit
    from reconciler.cli.streams import flushed, prepare, write

    prepare()
    write(sys.stderr, "interrupted")
    flushed()
    return Exit.INTERRUPTED
