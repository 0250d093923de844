"""What is made of a certificate's end and of a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reconciler.client.probe import ProbeAnswer
from reconciler.workflow.doctor import check_probe

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "state"), [(0, "ok"), (60, "ok"), (-61, "warning"), (61, "warning")])
def test_a_clock_that_is_more_than_a_minute_off_is_a_warning(seconds: int, state: str) -> None:
    _, clock = check_probe(ProbeAnswer(NOW + timedelta(seconds=seconds), None), NOW)
    assert clock.state == state
    assert bool(clock.fix) == (state == "warning")


@pytest.mark.parametrize(("days", "state"), [(13, "warning"), (14, "ok")])
def test_a_certificate_that_ends_soon_is_a_warning(days: int, state: str) -> None:
    certificate, _ = check_probe(ProbeAnswer(NOW, NOW + timedelta(days=days)), NOW)
    assert (certificate.state, certificate.message) == (state, f"trusted, {days} days left")
