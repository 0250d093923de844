"""The benchmark of a monorepo: it measures runs that find what there is."""

from __future__ import annotations

from tests.bench import monorepo


def test_a_small_monorepo_is_searched() -> None:
    figures = monorepo.measure(files=300, mib=1, repeats=1)
    assert min(figures.grep + figures.validate) > 0
    assert figures.mib > 0
