"""What GitLab's widget of a merge request reads."""

from __future__ import annotations

from reconciler.report.ci.gitlab_plan import make_plan_widget
from tests.support.documents import change, document


def test_the_widget_has_three_counts_and_nothing_else() -> None:
    plan = document(change(1), change(2), change(3, "create"), change(4, "conflict"))
    assert make_plan_widget(plan) == {"create": 1, "update": 2, "delete": 0}


def test_nothing_to_do_is_three_zeros() -> None:
    assert make_plan_widget(document()) == {"create": 0, "update": 0, "delete": 0}
