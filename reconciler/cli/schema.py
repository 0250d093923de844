"""`reconciler schema`."""

from __future__ import annotations

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit


@click.command()
@click.argument("of", type=click.Choice(["manifest", "plan"]), default="manifest", metavar="[manifest|plan]")
@options.printing
def schema(*, of: str) -> Exit:
    """Print the JSON Schema of a manifest or of a plan.

    \b
    Examples:
      reconciler schema > artifact-version.schema.json
      reconciler schema plan > plan.schema.json
    """
    from reconciler.cli.output import print_json

    if of == "plan":
        from reconciler.report.plan_schema import plan_json_schema

        print_json(plan_json_schema())
    else:
        from reconciler.manifest.schema import manifest_json_schema

        print_json(manifest_json_schema())
    return Exit.DONE
