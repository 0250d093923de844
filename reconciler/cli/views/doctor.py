"""The findings of `doctor`, as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reconciler.escape import for_terminal
from reconciler.report.text.plan import Line, Style

if TYPE_CHECKING:
    from reconciler.workflow.doctor import Finding

_STYLES: Mapping[str, Style] = {"ok": "good", "warning": "changed", "failure": "bad"}


def render_findings(findings: Sequence[Finding]) -> Iterator[Line]:
    """One line per finding, and below it how to fix it."""
    for finding in findings:
        text = f"{finding.state:<8} {finding.name}: {finding.message}"
        yield Line(for_terminal(text), _STYLES[finding.state])
        if finding.fix:
            yield Line(for_terminal(f"         {finding.fix}"))


def make_findings_document(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as JSON types."""
    return {"findings": list(map(asdict, findings))}
