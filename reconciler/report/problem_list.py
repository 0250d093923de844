"""The problems of manifests as one JSON document: `validate --format json`."""

from __future__ import annotations

from collections import Counter
from typing import Any

from reconciler import __version__
from reconciler.manifest.load import Declaration
from reconciler.planfile.shapes import FORMAT_VERSION
from reconciler.planfile.write import make_problem_json


def make_problem_document(declaration: Declaration) -> dict[str, Any]:
    """The document as JSON types: counts, and every problem."""
    severities = Counter(problem.severity for problem in declaration.problems)
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": __version__,
        "valid": declaration.is_valid,
        "counts": {
            "files": declaration.files,
            "manifests": len(declaration.manifests),
            "other_documents": declaration.others,
            "other_files": declaration.other_files,
            "errors": severities["error"],
            "warnings": severities["warning"],
        },
        "problems": list(map(make_problem_json, declaration.problems)),
    }
