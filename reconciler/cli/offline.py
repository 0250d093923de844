"""The commands that ask no control plane: validate and schema."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@options.selection
@options.cache
@options.output("github")
def validate(
    *, paths: Sequence[Path], ref: str | None, repo: str | None, cache: bool | None, output_format: str
) -> int:
    """Check manifests, offline, and report every problem at once.

    PATH names files or folders; without one, the whole repository is checked. The format github adds
    annotations, which GitHub shows beside the lines of a pull request.

    \b
    Examples:
      reconciler validate
      reconciler validate models/fraud --ref main
      reconciler validate --format github
    """
    from reconciler.cli.cache import memory
    from reconciler.cli.output import print_note, print_page, print_problems
    from reconciler.manifest.load import Loading
    from reconciler.report.annotations import problem_annotations
    from reconciler.report.count import validated
    from reconciler.workflow.read import Selection, offline
    from reconciler.workflow.validate import validate as check

    with offline(Selection(paths, ref, repo)) as snapshot:
        declaration = check(Loading(snapshot, memory(snapshot, asked=cache)))
    print_problems(declaration.problems, sys.stdout)
    if output_format == "github":
        print_page(problem_annotations(declaration.problems))
    print_note(validated(declaration))
    return Exit.DONE if declaration.is_valid else Exit.FAILED


@click.command()
def schema() -> int:
    """Print the JSON Schema of a manifest, for editors and checkers.

    \b
    Example:
      reconciler schema > artifact-version.schema.json
    """
    from reconciler.cli.output import print_json
    from reconciler.manifest.schema import manifest_json_schema

    print_json(manifest_json_schema())
    return Exit.DONE
