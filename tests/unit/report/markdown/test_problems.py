"""A run without a plan as Markdown: its marker, its bounds, and data that stays data."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given

from reconciler.compare.selector import Shard
from reconciler.errors import Place, Problem
from reconciler.planning.document import Share
from reconciler.report.markdown import budget
from reconciler.report.markdown.marker import About
from reconciler.report.markdown.plan import render_plan_markdown
from reconciler.report.markdown.problems import Failure, render_failure_markdown
from tests.support.documents import document
from tests.support.hostile import TEXTS
from tests.support.judges import read_markdown

ABOUT = About("https://example.com", (), None)


def text(failure: Failure, most_bytes: int = budget.MAX_COMMENT_BYTES) -> str:
    return "".join(f"{line}\n" for line in render_failure_markdown(failure, most_bytes))


def problem(number: int, severity: Literal["error", "warning"]) -> Problem:
    return Problem(Place(f"{number}.yaml", 1, 1), "x", f"problem {number}", "mend it", severity)


@pytest.mark.parametrize("paths", [(), ("models",), ("a", "b")])
@pytest.mark.parametrize("shard", [None, Shard(2, 3)])
def test_the_target_is_that_of_a_plan_of_the_same(paths: tuple[str, ...], shard: Shard | None) -> None:
    plan = document(share=Share(shard, (), {}, {}) if shard else None)
    plan = replace(plan, source=replace(plan.source, paths=paths))
    failure = Failure("plan", About(plan.target.host, paths, shard), "Plan failed")
    of_plan, of_failure = (
        first.split()[3]
        for first in (next(render_plan_markdown(plan)), next(render_failure_markdown(failure)))
    )
    assert of_plan == of_failure


def test_errors_come_first_and_what_does_not_fit_is_counted() -> None:
    problems = [problem(number, "warning" if number % 2 else "error") for number in range(10_000)]
    for most_bytes in (4_000, 60_000, 1_000_000):
        shown = text(Failure("validate", ABOUT, "Validate: many", problems=problems), most_bytes)
        assert len(shown.encode()) <= min(most_bytes, budget.MAX_COMMENT_BYTES)
        lines = [line for line in shown.splitlines() if line.startswith("- ")]
        assert len(lines) > 20
        assert not any("warning" in line for line in lines)
        assert f"Not shown here: {10_000 - len(lines):,} more." in shown
        assert "complete=no -->" in shown
    assert "complete=yes -->" in text(Failure("validate", ABOUT, "Validate", problems=problems[:3]))


def told_of(words: str) -> str:
    found = Problem(Place(words, 1, 1), "x", words, words)
    return text(Failure("plan", ABOUT, "Plan failed", f"a{words}", f"a{words}", [found]))


@given(TEXTS)
def test_what_others_wrote_stays_in_code(hostile: str) -> None:
    shown = told_of(hostile)
    assert read_markdown(shown).structure == read_markdown(told_of("tame")).structure
    assert not shown.partition("\n")[2].lstrip().startswith("<!--")
