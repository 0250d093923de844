"""What `new` prints: the progress of reading the other manifests, the new file, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.cli import signals
from reconciler.cli.views.problems import report_problems
from reconciler.cli.views.progress import Reading
from reconciler.escape import for_terminal
from reconciler.report.text.plan import Line
from reconciler.terminal.progress import Progress
from reconciler.terminal.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.manifest.load import Declaration, Loading
    from reconciler.model import Registered
    from reconciler.workflow.new import Written


class NewView:
    """Shows how one manifest is written.

    Args:
        terminal: where everything is printed.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def watch_reading(self, loading: Loading, read: Callable[[Loading], Declaration]) -> Declaration:
        """Run the call that reads manifests; show its progress and their problems."""
        with (
            report_problems(self._terminal, loading.snapshot),
            Progress(self._terminal, Reading(loading).line),
        ):
            return read(loading)

    def watch_asking(self, call: Coroutine[Any, Any, Sequence[Registered]]) -> Sequence[Registered]:
        """Run the call that asks what is registered, which a signal ends."""
        return signals.run_until_signal(self._terminal, call)

    def show_end(self, written: Written, into: Path) -> None:
        """Print the file, and what is to be done with it."""
        terminal = self._terminal
        terminal.print_lines([Line(for_terminal(str(into / written.path)))])
        what = f"copied from {written.copied}" if written.copied else "the first version of this artifact"
        terminal.print_note(f"{what}: read it, commit it, and have it reviewed")
        if not written.was_asked:
            terminal.print_note("no control plane was asked: what is registered may have this number already")
