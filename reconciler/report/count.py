"""How much was read, in a line."""

from __future__ import annotations

from reconciler.manifest.load import Declaration
from reconciler.phrases import format_count, format_counts


def describe_declaration(declaration: Declaration) -> str:
    """How many manifests, problems and other documents were read, in one line."""
    errors = sum(problem.severity == "error" for problem in declaration.problems)
    holding = len({manifest.place.file for manifest in declaration.manifests})
    of_all = "" if holding in {0, declaration.files} else f"{holding:,} of "
    manifests = format_count(len(declaration.manifests), "valid manifest")
    parts = (
        *format_counts((errors, "error", "")),
        f"{manifests} in {of_all}{format_count(declaration.files, 'file')}",
        *format_counts(
            (declaration.others, "document", " of other types"), (declaration.other_files, "other file", "")
        ),
    )
    return ", ".join(parts)
