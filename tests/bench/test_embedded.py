"""The benchmark of the embedded registry: every kind of call is answered, by a real server on disk."""

from __future__ import annotations

from tests.bench import embedded


def test_every_kind_of_call_is_measured() -> None:
    figures = list(embedded.measure(0.03))
    assert [each.name for each in figures] == [call.name for call in embedded.CALLS]
    assert all(each.per_second >= 5 and 0 < each.slowest < 60 for each in figures)
