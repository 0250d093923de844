"""The benchmark of history: it measures plans that find what there is."""

from __future__ import annotations

from tests.bench import history


def test_the_history_of_a_small_repository_is_measured() -> None:
    figures = history.measure(commits=30, manifests=60, repeats=1)
    assert min(figures.git_log, figures.history, figures.history_again) > 0
