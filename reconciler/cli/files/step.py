"""Files that a step of GitHub Actions writes: its summary and its outputs.

The runner names a file for each in the environment. Both are opened before anything is done, so that a step
whose files can not be written does not begin. Outside of GitHub Actions nothing is written.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Self

from reconciler.cli.exits import Exit
from reconciler.errors import SettingsError
from reconciler.terminal.terminal import Terminal

if TYPE_CHECKING:
    from reconciler.applying.document import ApplyDocument
    from reconciler.compare.selector import Shard
    from reconciler.errors import Problem
    from reconciler.planning.document import PlanDocument
    from reconciler.report.markdown.marker import About
    from reconciler.workflow.read import Selection

_SUMMARY = "GITHUB_STEP_SUMMARY"
_OUTPUT = "GITHUB_OUTPUT"
_MAX_SUMMARY_BYTES = 2**20
"""Bytes of a whole summary: the runner drops one that is larger, whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a command, as its options say.

    Args:
        what: the command: `validate`, `plan` or `apply`.
        selection: what is read.
        host: the control plane that is asked; `None` for the one that was logged in to, or none at all.
        shard: the part that is asked for.
    """

    what: str
    selection: Selection
    host: str | None = None
    shard: Shard | None = None

    def about(self) -> About:
        """What the run is about, as a plan of it would say."""
        from reconciler.client.requests.connection import normalise_host
        from reconciler.report.markdown.marker import About
        from reconciler.workflow.read import name_paths

        host = self.host or ""
        with suppress(SettingsError):
            host = normalise_host(host)
        return About(host, name_paths(self.selection), self.shard)


class StepFiles:
    """The files of the current step; leaving the block with an error writes that error to them.

    Args:
        terminal: redacts the token, and prints what went wrong.
        run: what is run; `None` for what makes no plan, and says nothing of its errors.
        is_wanted: whether they are to be written, where there are any.

    Raises:
        SettingsError: one of them is not there, or can not be written.
    """

    def __init__(self, terminal: Terminal, run: Run | None, *, is_wanted: bool) -> None:
        self._terminal = terminal
        self._run = run
        self._opened: dict[str, int] = {}
        self._is_written = False
        self._error = ""
        for name in (_SUMMARY, _OUTPUT) if is_wanted else ():
            if path := os.environ.get(name):
                self._open(name, path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None and self._run and self._opened and not self._is_written:
            self._report_error(self._run, error)
        self._close()

    def report_plan(self, document: PlanDocument, code: Exit) -> Exit:
        """Write a plan; return the exit code, which is a failure if that could not be written."""
        if not self._opened:
            return code
        from reconciler.report.markdown.plan import render_plan_markdown

        return self._write(_list_outputs(document), code, partial(render_plan_markdown, document))

    def report_apply(self, document: ApplyDocument, code: Exit) -> Exit:
        """Write an apply; return the exit code, which is a failure if that could not be written."""
        if not self._opened:
            return code
        from reconciler.report.markdown.outcomes import render_apply_markdown

        return self._write(_list_outputs(document.plan), code, partial(render_apply_markdown, document))

    def report_validation(self, problems: Sequence[Problem], counted: str, code: Exit) -> Exit:
        """Write the result of a check; return the exit code, which is a failure if that could not be written.

        Args:
            problems: those found.
            counted: how many there are, in words.
            code: the exit code.
        """
        if not self._opened or not self._run:
            return code
        from reconciler.report.markdown.problems import Failure, render_failure_markdown

        failure = Failure(self._run.what, self._run.about(), f"Validate: {counted}", problems=problems)
        return self._write((), code, partial(render_failure_markdown, failure))

    def _report_error(self, run: Run, error: BaseException) -> None:
        """Write that the run failed, so that nobody takes an earlier plan for its result."""
        from reconciler.errors import InvalidManifestsError, ReconcilerError
        from reconciler.report.markdown.problems import Failure, render_failure_markdown

        code, message = _describe_end(error)
        failure = Failure(
            run.what,
            run.about(),
            f"{run.what.capitalize()} failed: an earlier plan does not count any more",
            message,
            error.hint if isinstance(error, ReconcilerError) else "",
            error.problems if isinstance(error, InvalidManifestsError) else (),
        )
        self._write((), code, partial(render_failure_markdown, failure))

    def _write(self, outputs: Iterable[str], code: Exit, render: Callable[[int], Iterable[str]]) -> Exit:
        self._is_written = True
        if _SUMMARY in self._opened:
            self._add_summary(render)
        if _OUTPUT in self._opened:
            lines = [*outputs, f"exit_code={int(code)}"]
            self._append(_OUTPUT, "\n" + "".join(f"{line}\n" for line in lines))
        if not self._error:
            return code
        self._terminal.print_failure(f"error: {self._error}")
        return code or Exit.FAILED

    def _add_summary(self, render: Callable[[int], Iterable[str]]) -> None:
        from reconciler.report.markdown import budget

        # What others wrote may end in the middle of a line, and of a paragraph.
        before = "\n\n"
        left = _MAX_SUMMARY_BYTES - os.fstat(self._opened[_SUMMARY]).st_size
        room = min(budget.MAX_SUMMARY_BYTES, left) - len(before)
        if room < budget.MIN_BYTES:
            self._error = f"the summary that {_SUMMARY} names has no room left"
        else:
            self._append(_SUMMARY, before + "".join(f"{line}\n" for line in render(room)))

    def _append(self, name: str, text: str) -> None:
        """Add to a file in one write, unless the operating system takes less at a time."""
        data = self._terminal.redactor.redact(text).encode()
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


def _list_outputs(plan: PlanDocument) -> Iterator[str]:
    """The lines that set the outputs: on a line of its own a value ends and begins nothing."""
    from reconciler.escape import for_terminal
    from reconciler.planning.approval import make_approval

    yield f"changes={len(plan.changes)}"
    for action in ("create", "update", "delete", "conflict"):
        yield f"{action}={plan.counts.get(action, 0)}"
    yield f"digest={for_terminal(plan.digest)}"
    yield f"approval={for_terminal(make_approval(plan))}"


def _describe_end(error: BaseException) -> tuple[Exit, str]:
    """The exit code and the message of an error; of an internal error only its class is named."""
    from click import ClickException

    from reconciler.cli.signals import SignalledError
    from reconciler.errors import ReconcilerError

    match error:
        case ReconcilerError():
            return Exit.FAILED, error.full_message
        case ClickException():
            return Exit(error.exit_code), error.format_message()
        case SignalledError():
            return error.exit_code, "interrupted"
        case KeyboardInterrupt():
            return Exit.INTERRUPTED, "interrupted"
    return Exit.FAILED, f"internal error: {type(error).__name__}"
