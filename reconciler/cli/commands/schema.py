"""`reconciler schema`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from reconciler.terminal.terminal import Terminal


@click.command()
@click.argument(
    "of", type=click.Choice(["manifest", "plan", "report", "settings"]), default="manifest", metavar="[OF]"
)
@options.printing
def schema(terminal: Terminal, *, of: str) -> Exit:
    """Print the JSON Schema of a manifest, a plan, a report or the settings.

    Of a report, it is that of a line.

    \b
    Examples:
      reconciler schema > artifact-version.schema.json
      reconciler schema plan > plan.schema.json
      reconciler schema settings
    """
    if of == "plan":
        from reconciler.planfile.schema import make_plan_json_schema

        terminal.print_json(make_plan_json_schema())
    elif of == "report":
        from reconciler.planfile.schema import make_report_json_schema

        terminal.print_json(make_report_json_schema())
    elif of == "settings":
        from reconciler.manifest.settings_model import make_settings_json_schema

        terminal.print_json(make_settings_json_schema())
    else:
        from reconciler.manifest.rules.schema import make_manifest_json_schema

        terminal.print_json(make_manifest_json_schema())
    return Exit.DONE
