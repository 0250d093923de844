"""The findings of `doctor`, as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from reconciler.escape import for_terminal
from reconciler.report.text.plan import Line, Style

_STYLES: Mapping[str, Style] = {"ok": "good", "warning": "changed", "failure": "bad"}


class Finding(Protocol):
    """One finding of `workflow.doctor`."""

    @property
    def name(self) -> str:
        """What was checked."""

    @property
    def state(self) -> str:
        """`ok`, `warning` or `failure`."""

    @property
    def message(self) -> str:
        """What was found."""

    @property
    def fix(self) -> str:
        """What to do about it; empty where there is nothing to do."""


def render_findings(findings: Sequence[Finding]) -> Iterator[Line]:
    """One line per finding, and below it how to fix it."""
    for finding in findings:
        text = f"{finding.state:<8} {finding.name}: {finding.message}"
        yield Line(for_terminal(text), _STYLES[finding.state])
        if finding.fix:
            yield Line(for_terminal(f"         {finding.fix}"))


def make_findings_document(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as JSON types."""
    return {
        "findings": [
            {"name": each.name, "state": each.state, "message": each.message, "fix": each.fix}
            for each in findings
        ]
    }
