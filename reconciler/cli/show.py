"""`reconciler show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import formats, options
from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("file", type=click.Path(dir_okay=False), callback=options.as_path)
@options.output(*formats.BESIDE_TEXT)
@formats.max_bytes
@options.full
@options.printing
def show(*, file: Path, output_format: str, max_bytes: int, full: bool) -> Exit:
    """Show a saved plan or report, in any format.

    FILE is what plan --out, plan or apply --format json, or apply --report wrote. Nothing is asked but
    this file.

    \b
    Examples:
      reconciler show plan.json
      reconciler show plan.json --format html > plan.html
      reconciler show outcomes.jsonl --format markdown
    """
    from reconciler.apply.document import ApplyDocument
    from reconciler.cli.plan_file import read_saved

    found, look = read_saved(file), formats.Look(full, max_bytes)
    if isinstance(found, ApplyDocument):
        formats.print_apply(found, output_format, look)
    else:
        formats.print_plan(found, output_format, look)
    return Exit.DONE
