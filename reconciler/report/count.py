"""How much was read, and what became of it, in a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from reconciler.applying.document import OutcomeDocument
from reconciler.applying.outcome import Result
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


def describe_results(outcomes: Iterable[OutcomeDocument]) -> str:
    """How many outcomes there are of each result, in one line; empty if there are none."""
    counts = Counter(outcome.result for outcome in outcomes)
    return ", ".join(f"{counts[result]:,} {result}" for result in Result if counts[result])
