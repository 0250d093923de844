"""Numbers of things as text, e.g. `12 manifests`."""

from __future__ import annotations

from reconciler.manifest.load import Declaration


def describe_declaration(declaration: Declaration) -> str:
    """How many manifests, problems and other documents were read, in one line."""
    errors = sum(problem.severity == "error" for problem in declaration.problems)
    parts = [format_count(errors, "error")] if errors else []
    holding = len({manifest.place.file for manifest in declaration.manifests})
    of_all = "" if holding in {0, declaration.files} else f"{holding:,} of "
    manifests = format_count(len(declaration.manifests), "valid manifest")
    parts.append(f"{manifests} in {of_all}{format_count(declaration.files, 'file')}")
    if declaration.others:
        parts.append(f"{format_count(declaration.others, 'document')} of other types")
    if declaration.other_files:
        parts.append(f"{format_count(declaration.other_files, 'other file')}")
    return ", ".join(parts)


def format_count(number: int, noun: str) -> str:
    """A number with its noun, e.g. `1 file`, `1,200 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
