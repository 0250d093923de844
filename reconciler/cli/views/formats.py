"""The formats that plans and applies are printed in, each by its name and what prints it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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
    """What the caller says of how a run is shown, and where.

    Args:
        output_format: the name of the format on stdout.
        max_bytes: of Markdown.
        summary: whether the step of GitHub Actions is told as well.
        full: whether text shows every change, and long values as they are.
        out: the file that a plan is saved in.
        report: the file that takes outcomes as they become known.
    """

    output_format: str
    max_bytes: int
    summary: bool
    full: bool
    out: Path | None = None
    report: Path | None = None


view_options = options.merge_options("view", ViewOptions)
"""Of `output`, `max_bytes`, `format_summary`, `full`, and of `--out` and `--report` where there are such."""


class Format(NamedTuple):
    """How plans and applies are printed on stdout.

    Args:
        plan: prints a plan.
        apply: prints an apply; `None` where this is a format of plans only.
    """

    plan: Callable[[Terminal, PlanDocument, ViewOptions], None]
    apply: Callable[[Terminal, ApplyDocument, ViewOptions], None] | None = None


def print_plan(terminal: Terminal, document: PlanDocument, view: ViewOptions) -> None:
    """Print a plan in the format asked for."""
    _FORMATS[view.output_format].plan(terminal, document, view)


def print_apply(terminal: Terminal, document: ApplyDocument, view: ViewOptions) -> None:
    """Print an apply in the format asked for.

    Raises:
        UsageError: it is a format of plans.
    """
    print_it = _FORMATS[view.output_format].apply
    if print_it is None:
        raise click.UsageError(
            f"--format {view.output_format} is for plans, and this is the report of an apply"
        )
    print_it(terminal, document, view)


def print_plan_text(
    terminal: Terminal, document: PlanDocument, view: ViewOptions, stream: TextIO | None = None
) -> None:
    """Print a plan for people, on stdout unless another stream is given."""
    from reconciler.report.text.plan import render_plan_lines

    stream = stream or terminal.out
    terminal.print_lines(render_plan_lines(document, _make_layout(terminal, stream, view)), stream)


def _print_apply_text(terminal: Terminal, document: ApplyDocument, view: ViewOptions) -> None:
    from reconciler.report.text.plan import render_apply_lines

    terminal.print_lines(render_apply_lines(document, _make_layout(terminal, terminal.out, view)))


def _make_layout(terminal: Terminal, stream: TextIO, view: ViewOptions) -> TextLayout:
    from dataclasses import replace

    from reconciler.cli.views.text_layout import make_text_layout

    return replace(make_text_layout(terminal, stream), shows_all=view.full)


def _print_plan_json(terminal: Terminal, document: PlanDocument, _view: ViewOptions) -> None:
    from reconciler.planfile.write import format_plan_json

    _print_with_checksum(
        terminal, format_plan_json(document, ascii_only=not terminal.can_show_unicode(terminal.out))
    )


def _print_apply_json(terminal: Terminal, document: ApplyDocument, _view: ViewOptions) -> None:
    from reconciler.planfile.write import format_apply_json

    _print_with_checksum(
        terminal, format_apply_json(document, ascii_only=not terminal.can_show_unicode(terminal.out))
    )


def _print_plan_markdown(terminal: Terminal, document: PlanDocument, view: ViewOptions) -> None:
    from reconciler.report.markdown.plan import render_plan_markdown

    terminal.print_page(render_plan_markdown(document, view.max_bytes))


def _print_apply_markdown(terminal: Terminal, document: ApplyDocument, view: ViewOptions) -> None:
    from reconciler.report.markdown.outcomes import render_apply_markdown

    terminal.print_page(render_apply_markdown(document, view.max_bytes))


def _print_plan_html(terminal: Terminal, document: PlanDocument, _view: ViewOptions) -> None:
    from reconciler.report.page.page import render_plan_page

    terminal.print_page(render_plan_page(document, terminal.redactor.redact))


def _print_apply_html(terminal: Terminal, document: ApplyDocument, _view: ViewOptions) -> None:
    from reconciler.report.page.page import render_apply_page

    terminal.print_page(render_apply_page(document, terminal.redactor.redact))


def _print_plan_annotations(terminal: Terminal, document: PlanDocument, view: ViewOptions) -> None:
    from reconciler.report.ci.annotations import render_annotations
    from reconciler.report.ci.plan_problems import find_plan_problems

    print_plan_text(terminal, document, view)
    terminal.print_page(render_annotations(find_plan_problems(document)))


def _print_apply_annotations(terminal: Terminal, document: ApplyDocument, view: ViewOptions) -> None:
    from reconciler.report.ci.annotations import render_annotations
    from reconciler.report.ci.plan_problems import find_apply_problems

    _print_apply_text(terminal, document, view)
    terminal.print_page(render_annotations(find_apply_problems(document)))


def _print_plan_sarif(terminal: Terminal, document: PlanDocument, _view: ViewOptions) -> None:
    from reconciler.report.ci.plan_problems import find_plan_problems
    from reconciler.report.ci.sarif import make_sarif_log

    terminal.print_json(make_sarif_log(find_plan_problems(document)))


def _print_apply_sarif(terminal: Terminal, document: ApplyDocument, _view: ViewOptions) -> None:
    from reconciler.report.ci.plan_problems import find_apply_problems
    from reconciler.report.ci.sarif import make_sarif_log

    terminal.print_json(make_sarif_log(find_apply_problems(document)))


def _print_plan_junit(terminal: Terminal, document: PlanDocument, _view: ViewOptions) -> None:
    from reconciler.report.ci.junit import render_junit
    from reconciler.report.ci.plan_problems import find_plan_problems

    terminal.print_page(render_junit(find_plan_problems(document), "plan"))


def _print_apply_junit(terminal: Terminal, document: ApplyDocument, _view: ViewOptions) -> None:
    from reconciler.report.ci.junit import render_junit
    from reconciler.report.ci.plan_problems import find_apply_problems

    terminal.print_page(render_junit(find_apply_problems(document), "apply"))


def _print_plan_widget(terminal: Terminal, document: PlanDocument, _view: ViewOptions) -> None:
    from reconciler.report.ci.gitlab_plan import make_plan_widget

    terminal.print_json(make_plan_widget(document))


def _print_plan_lines(terminal: Terminal, document: PlanDocument, _view: ViewOptions) -> None:
    from reconciler.report.text.concise import render_concise_plan

    terminal.print_lines(render_concise_plan(document))


def _print_apply_lines(terminal: Terminal, document: ApplyDocument, _view: ViewOptions) -> None:
    from reconciler.report.text.concise import render_concise_apply

    terminal.print_lines(render_concise_apply(document))


def _print_with_checksum(terminal: Terminal, lines: Iterable[str]) -> None:
    """Print a JSON document; its checksum is that of what is printed, from which the token is taken out."""
    from reconciler.planfile.write import add_checksum

    terminal.print_page(add_checksum(map(terminal.redactor.redact, lines)))


_FORMATS: Mapping[str, Format] = {
    "text": Format(print_plan_text, _print_apply_text),
    "json": Format(_print_plan_json, _print_apply_json),
    "markdown": Format(_print_plan_markdown, _print_apply_markdown),
    "html": Format(_print_plan_html, _print_apply_html),
    "concise": Format(_print_plan_lines, _print_apply_lines),
    "github": Format(_print_plan_annotations, _print_apply_annotations),
    "gitlab": Format(_print_plan_widget),
    "sarif": Format(_print_plan_sarif, _print_apply_sarif),
    "junit": Format(_print_plan_junit, _print_apply_junit),
}
BESIDE_TEXT = tuple(name for name in _FORMATS if name != "text")
"""The names of the formats for others than people at a terminal."""
