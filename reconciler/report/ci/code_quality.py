"""Problems as a code quality report of GitLab, which merge requests show beside their lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.errors import Problem
from reconciler.report.ci.fingerprints import add_fingerprints

_SEVERITIES = {"error": "major", "warning": "minor"}


def make_code_quality_report(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """The report as JSON types.

    Args:
        problems: sorted by place.
    """
    return [
        {
            "description": f"{problem.message} ({problem.hint})" if problem.hint else problem.message,
            "check_name": problem.code,
            "fingerprint": fingerprint,
            "severity": _SEVERITIES[problem.severity],
            "location": {
                "path": problem.place.file,
                "positions": {"begin": {"line": problem.place.line, "column": problem.place.column}},
            },
        }
        for problem, fingerprint in add_fingerprints(problems)
    ]
