"""What a job of GitHub Actions gets beside the streams: the summary of its step, and the step's outputs.

The runner names a file for each in the environment. Both are opened before anything is done, so that a step
that can not tell what it did does not begin; elsewhere, where there are none, nothing is written.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

from reconciler.cli.exits import Exit
from reconciler.cli.redact import redacted
from reconciler.errors import SettingsError

if TYPE_CHECKING:
    from reconciler.applying.document import ApplyDocument
    from reconciler.planning.document import PlanDocument

_SUMMARY = "GITHUB_STEP_SUMMARY"
_OUTPUT = "GITHUB_OUTPUT"
_LIMIT = 2**20
"""Bytes of a whole summary: the runner drops one that is larger, whoever wrote it."""


class StepFiles:
    """The files of the step that this process belongs to.

    Args:
        is_wanted: whether they are to be written, where there are any.

    Raises:
        SettingsError: one of them is not there, or can not be written.
    """

    def __init__(self, *, is_wanted: bool) -> None:
        self._opened: dict[str, int] = {}
        self._error = ""
        names = (_SUMMARY, _OUTPUT) if is_wanted else ()
        for name in names:
            if path := os.environ.get(name):
                self._open(name, path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def tell_plan(self, document: PlanDocument, code: Exit) -> Exit:
        """Tell of a plan; the exit code, which is a failure where that could not be told."""
        if not self._opened:
            return code
        from reconciler.report.markdown import plan_markdown

        return self._tell(document, code, partial(plan_markdown, document))

    def tell_apply(self, document: ApplyDocument, code: Exit) -> Exit:
        """Tell of an apply; the exit code, which is a failure where that could not be told."""
        if not self._opened:
            return code
        from reconciler.report.markdown_outcomes import apply_markdown

        return self._tell(document.plan, code, partial(apply_markdown, document))

    def _tell(self, plan: PlanDocument, code: Exit, render: Callable[[int], Iterable[str]]) -> Exit:
        if _SUMMARY in self._opened:
            self._add_summary(render)
        if _OUTPUT in self._opened:
            self._append(_OUTPUT, "\n" + "".join(f"{line}\n" for line in _outputs(plan, code)))
        if not self._error:
            return code
        from reconciler.cli.output import print_failure

        print_failure(f"error: {self._error}")
        return code or Exit.FAILED

    def _add_summary(self, render: Callable[[int], Iterable[str]]) -> None:
        from reconciler.report import budget

        # What others wrote may end in the middle of a line, and of a paragraph.
        before = "\n\n"
        room = min(budget.FOR_A_SUMMARY, _LIMIT - os.fstat(self._opened[_SUMMARY]).st_size) - len(before)
        if room < budget.LEAST:
            self._error = f"the summary that {_SUMMARY} names has no room left"
        else:
            self._append(_SUMMARY, before + "".join(f"{line}\n" for line in render(room)))

    def _append(self, name: str, text: str) -> None:
        """Add to a file in one write, unless the operating system takes less at a time."""
        data = redacted(text).encode()
        try:
            while data:
                data = data[os.write(self._opened[name], data) :]
        except OSError as error:
            self._error = f"can not write the file that {name} names: {error.strerror}"

    def _open(self, name: str, path: str) -> None:
        try:
            self._opened[name] = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        except OSError as error:
            self._close()
            raise SettingsError(
                f"can not write the file that {name} names, {path}: {error.strerror}",
                "the runner of the job makes it: leave --summary out elsewhere, or unset the variable",
            ) from None

    def _close(self) -> None:
        for descriptor in self._opened.values():
            os.close(descriptor)
        self._opened.clear()


def _outputs(plan: PlanDocument, code: Exit) -> Iterator[str]:
    """The lines that set the outputs: on a line of its own a value ends and begins nothing."""
    from reconciler.report.escape import for_terminal

    yield f"changes={len(plan.changes)}"
    for action in ("create", "update", "delete", "conflict"):
        yield f"{action}={plan.counts.get(action, 0)}"
    yield f"digest={for_terminal(plan.digest)}"
    yield f"exit_code={int(code)}"
