"""What `import` prints: its progress, and at its end which versions were imported and which not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.cli import signals
from reconciler.cli.exits import Exit
from reconciler.cli.views.problems import report_problems
from reconciler.cli.views.progress import Importing
from reconciler.phrases import format_count
from reconciler.report.text.plan import Line
from reconciler.terminal.progress import Progress
from reconciler.terminal.terminal import Terminal

if TYPE_CHECKING:
    from reconciler.manifest.load import Loading
    from reconciler.workflow.adopt import Adopted, BeginImporting

_MAX_LISTED = 20
"""Of the versions that are not imported, and of the files that exist already."""


class ImportView:
    """Prints one import.

    Args:
        terminal: where everything is printed.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def watch_importing(self, loading: Loading, written: Sequence[str], begin: BeginImporting) -> None:
        """Run the call that writes manifests; show its progress and problems of existing manifests."""
        terminal, importing = self._terminal, Importing(loading, written)
        with report_problems(terminal, loading.snapshot), Progress(terminal, importing.line):
            signals.run_until_signal(terminal, begin(importing.watched))

    def show_end(self, adopted: Adopted) -> Exit:
        """Print what became of the versions, and return the exit code."""
        terminal = self._terminal
        for label, why in adopted.left_out[:_MAX_LISTED]:
            terminal.print_failure(f"{label}: not imported: {why}")
        if len(adopted.left_out) > _MAX_LISTED:
            terminal.print_failure(f"and {len(adopted.left_out) - _MAX_LISTED:,} more that are not imported")
        for path in list(dict.fromkeys(adopted.existing))[:_MAX_LISTED]:
            terminal.print_note(f"{path}: there is such a file, which stays as it is")
        if not terminal.is_quiet:
            terminal.print_lines([_count(adopted)])
        if adopted.written:
            terminal.print_note("look at them, commit them, and see that nothing is to do: reconciler plan")
        if not adopted.left_out:
            return Exit.DONE
        return Exit.PARTIAL if adopted.written or adopted.declared else Exit.FAILED


def _count(adopted: Adopted) -> Line:
    """How many versions were written, skipped and so on, in one line."""
    numbers = {
        "written": len(adopted.written),
        "declared already": adopted.declared,
        "existing": len(adopted.existing),
        "left out": len(adopted.left_out),
        "not asked for": adopted.unwanted,
    }
    counts = [f"{count:,} {what}" for what, count in numbers.items() if count]
    if adopted.ml_repos:
        counts.append(format_count(adopted.ml_repos, "other ML repo"))
    return Line(f"Import: {', '.join(counts) or 'no registered version'}", "strong")
