"""What an examination found, as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from reconciler.escape import for_terminal
from reconciler.report.text.plan import Line, Style

_STYLES: Mapping[str, Style] = {"ok": "good", "warning": "changed", "failure": "bad"}


class Finding(Protocol):
    """What `workflow.doctor` gives."""

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


def finding_lines(findings: Sequence[Finding]) -> Iterator[Line]:
    """A line for each finding, and below it what to do."""
    for finding in findings:
        text = f"{finding.state:<8} {finding.name}: {finding.message}"
        yield Line(for_terminal(text), _STYLES[finding.state])
        if finding.fix:
            yield Line(for_terminal(f"         {finding.fix}"))


def findings_document(findings: Sequence[Finding]) -> dict[str, Any]:
    """All there is to say."""
    return {
        "findings": [
            {"name": each.name, "state": each.state, "message": each.message, "fix": each.fix}
            for each in findings
        ]
    }
