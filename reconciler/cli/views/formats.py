"""The formats that plans and applies are printed in: one class each, and the table of their names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, TextIO

import click

from reconciler.cli import options

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.applying.document import ApplyDocument
    from reconciler.planning.document import PlanDocument
    from reconciler.report.text.plan import TextLayout
    from reconciler.terminal.terminal import Terminal

max_bytes = click.option(
    "--max-bytes",
    type=click.IntRange(4_000),
    default=60_000,
    show_default=True,
    metavar="N",
    help="As Markdown, take at most N bytes of UTF-8: what does not fit is shown in brief, or counted.",
)


class ViewOptions(NamedTuple):
    """How a run is shown, and where it is written to.

    Args:
        output_format: the name of the format on stdout.
        max_bytes: how large Markdown may be.
        summary: whether the summary of a GitHub Actions step is written as well.
        full: whether text shows every change, and long values uncut.
        out: the file that a plan is saved to.
        report: the file that outcomes are written to as they become known.
    """

    output_format: str
    max_bytes: int
    summary: bool
    full: bool
    out: Path | None = None
    report: Path | None = None


view_options = options.merge_options("view", ViewOptions)
"""Of `output`, `max_bytes`, `summary`, `full`, and of `--out` and `--report` where there are such."""


class Format(ABC):
    """How plans and applies are printed on stdout.

    Args:
        terminal: where they are printed.
        view: how they are shown.
    """

    def __init__(self, terminal: Terminal, view: ViewOptions) -> None:
        self.terminal = terminal
        self.view = view

    @abstractmethod
    def print_plan(self, document: PlanDocument) -> None:
        """Print a plan."""

    @abstractmethod
    def print_apply(self, document: ApplyDocument) -> None:
        """Print an apply.

        Raises:
            UsageError: this format is for plans only.
        """


class Text(Format):
    """For people at a terminal."""

    def print_plan(self, document: PlanDocument, stream: TextIO | None = None) -> None:
        """Print a plan, on stdout unless another stream is given."""
        from reconciler.report.text.plan import render_plan_lines

        stream = stream or self.terminal.out
        self.terminal.print_lines(render_plan_lines(document, self._make_layout(stream)), stream)

    def print_apply(self, document: ApplyDocument) -> None:
        """Print an apply."""
        from reconciler.report.text.plan import render_apply_lines

        self.terminal.print_lines(render_apply_lines(document, self._make_layout(self.terminal.out)))

    def _make_layout(self, stream: TextIO) -> TextLayout:
        from reconciler.cli.views.text_layout import make_text_layout

        return make_text_layout(self.terminal, stream, shows_all=self.view.full)


class _Concise(Format):
    """One line per change, to be searched."""

    def print_plan(self, document: PlanDocument) -> None:
        from reconciler.report.text.concise import render_concise_plan

        self.terminal.print_lines(render_concise_plan(document))

    def print_apply(self, document: ApplyDocument) -> None:
        from reconciler.report.text.concise import render_concise_apply

        self.terminal.print_lines(render_concise_apply(document))


class _Json(Format):
    """The document with its checksum, which is that of what is printed: the token is taken out before."""

    def print_plan(self, document: PlanDocument) -> None:
        from reconciler.planfile.write import add_checksum, format_plan_json

        lines = format_plan_json(document, ascii_only=not self.terminal.can_show_unicode(self.terminal.out))
        self.terminal.print_page(add_checksum(map(self.terminal.redactor.redact, lines)))

    def print_apply(self, document: ApplyDocument) -> None:
        from reconciler.planfile.write import add_checksum, format_apply_json

        lines = format_apply_json(document, ascii_only=not self.terminal.can_show_unicode(self.terminal.out))
        self.terminal.print_page(add_checksum(map(self.terminal.redactor.redact, lines)))


class _Markdown(Format):
    """For comments and summaries, in at most `--max-bytes`."""

    def print_plan(self, document: PlanDocument) -> None:
        from reconciler.report.markdown.plan import render_plan_markdown

        self.terminal.print_page(render_plan_markdown(document, self.view.max_bytes))

    def print_apply(self, document: ApplyDocument) -> None:
        from reconciler.report.markdown.outcomes import render_apply_markdown

        self.terminal.print_page(render_apply_markdown(document, self.view.max_bytes))


class _Html(Format):
    """A page for a browser."""

    def print_plan(self, document: PlanDocument) -> None:
        from reconciler.report.page.page import render_plan_page

        self.terminal.print_page(render_plan_page(document, self.terminal.redactor.redact))

    def print_apply(self, document: ApplyDocument) -> None:
        from reconciler.report.page.page import render_apply_page

        self.terminal.print_page(render_apply_page(document, self.terminal.redactor.redact))


class _GitLab(Format):
    """The counts of a plan, for the widget of a merge request; there is none for an apply."""

    def print_plan(self, document: PlanDocument) -> None:
        from reconciler.report.ci.gitlab_plan import make_plan_widget

        self.terminal.print_json(make_plan_widget(document))

    def print_apply(self, _document: ApplyDocument) -> None:
        raise click.UsageError("--format gitlab is for plans, and this is the report of an apply")


class _Problems(Format):
    """What is wrong with a plan or an apply, for formats that know only problems."""

    def print_plan(self, document: PlanDocument) -> None:
        from reconciler.cli.views.problems import print_for_ci
        from reconciler.report.ci.plan_problems import find_plan_problems

        print_for_ci(self.terminal, self.view.output_format, find_plan_problems(document), "plan")

    def print_apply(self, document: ApplyDocument) -> None:
        from reconciler.cli.views.problems import print_for_ci
        from reconciler.report.ci.plan_problems import find_apply_problems

        print_for_ci(self.terminal, self.view.output_format, find_apply_problems(document), "apply")


class _GitHub(_Problems):
    """Text, then annotations for the lines of a pull request."""

    def print_plan(self, document: PlanDocument) -> None:
        Text(self.terminal, self.view).print_plan(document)
        super().print_plan(document)

    def print_apply(self, document: ApplyDocument) -> None:
        Text(self.terminal, self.view).print_apply(document)
        super().print_apply(document)


_FORMATS: Mapping[str, type[Format]] = {
    "text": Text,
    "json": _Json,
    "markdown": _Markdown,
    "html": _Html,
    "concise": _Concise,
    "github": _GitHub,
    "gitlab": _GitLab,
    "sarif": _Problems,
    "junit": _Problems,
}
BESIDE_TEXT = tuple(name for name in _FORMATS if name != "text")
"""The names of the formats other than text."""


def make_format(terminal: Terminal, view: ViewOptions) -> Format:
    """The format asked for."""
    return _FORMATS[view.output_format](terminal, view)
