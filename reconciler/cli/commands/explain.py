"""`reconciler explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.completion import complete_codes
from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from reconciler.codes import Code
    from reconciler.terminal.terminal import Terminal


@click.command()
@click.argument("code", required=False, shell_complete=complete_codes)
@options.printing
def explain(terminal: Terminal, *, code: str | None) -> int:
    """Tell what the code of a problem means; list all codes.

    Without CODE, all are listed.

    \b
    Examples:
      reconciler explain
      reconciler explain unknown-field
    """
    from reconciler.cli.views.text_layout import make_text_layout
    from reconciler.codes import Code
    from reconciler.codes.pages import page_of
    from reconciler.report.text.codes import render_list, render_page

    if code is None:
        terminal.print_lines(render_list([page_of(each) for each in Code]))
    else:
        terminal.print_lines(
            render_page(page_of(_find_code(code)), make_text_layout(terminal, terminal.out).width)
        )
    return Exit.DONE


def _find_code(given: str) -> Code:
    """The code that is meant, as it stands between brackets or without them.

    Raises:
        click.UsageError: there is none of that name.
    """
    from reconciler.codes import Code
    from reconciler.manifest.rules.words import find_similar_word, shorten_text

    try:
        return Code(given.strip("[]").lower())
    except ValueError:
        similar = find_similar_word(given, list(Code))
        hint = f"Did you mean '{similar}'?" if similar else "'reconciler explain' lists all codes."
        raise click.BadParameter(
            f"no such code: '{shorten_text(given)}'. {hint}", param_hint="CODE"
        ) from None
