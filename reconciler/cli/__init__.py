"""The command line: options become values, values a report, and errors exit codes.

Only click is imported at start; each command imports what it uses when it runs.
"""

from reconciler.cli.main import main

__all__ = ["main"]
