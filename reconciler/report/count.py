"""How many of what there are, as people write it."""

from __future__ import annotations

from reconciler.manifest.load import Declaration


def validated(declaration: Declaration) -> str:
    """What was found in the files, in one line."""
    errors = sum(problem.severity == "error" for problem in declaration.problems)
    parts = [counted(errors, "error")] if errors else []
    holding = len({manifest.place.file for manifest in declaration.manifests})
    of_all = "" if holding in {0, declaration.files} else f"{holding:,} of "
    manifests = counted(len(declaration.manifests), "valid manifest")
    parts.append(f"{manifests} in {of_all}{counted(declaration.files, 'file')}")
    if declaration.others:
        parts.append(f"{counted(declaration.others, 'document')} of other types")
    if declaration.other_files:
        parts.append(f"{counted(declaration.other_files, 'other file')}")
    return ", ".join(parts)


def counted(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
