"""Problems as annotations of GitHub, of which it takes ten from a step."""

from __future__ import annotations

import pytest

from reconciler.codes import Code
from reconciler.errors import Place, Problem
from reconciler.report.ci.annotations import render_annotations
from tests.support.judges import runner_commands


def error(line: int) -> Problem:
    return Problem(Place("a.yaml", line, 2), "some-rule", "is wrong", "mend it")


def warning(line: int) -> Problem:
    return Problem(Place("a.yaml", line, 2), "some-rule", "looks wrong", severity="warning")


def test_a_problem_is_annotated_at_its_place() -> None:
    assert list(render_annotations([error(3), warning(1)])) == [
        "::error file=a.yaml,line=3,col=2,title=some-rule::is wrong (mend it)",
        "::warning file=a.yaml,line=1,col=2,title=some-rule::looks wrong",
    ]


def test_no_problem_is_no_annotation() -> None:
    assert list(render_annotations([])) == []


@pytest.mark.parametrize(
    ("errors", "warnings", "shown", "last"),
    [
        (10, 0, 10, None),
        (6, 4, 10, None),
        (11, 0, 9, "::error::and 2 more, listed in the log"),
        (9, 2, 9, "::warning::and 2 more, listed in the log"),
        (10, 500, 9, "::error::and 501 more, listed in the log"),
    ],
)
def test_the_worst_are_annotated_and_the_rest_is_counted(
    errors: int, warnings: int, shown: int, last: str | None
) -> None:
    problems = [*map(warning, range(warnings)), *map(error, range(errors))]
    lines = list(render_annotations(problems))
    assert len(lines) == shown + (last is not None)
    kinds = [command.name for command in runner_commands("\n".join(lines[:shown]))]
    assert kinds == ["error"] * min(errors, shown) + ["warning"] * (shown - min(errors, shown))
    assert last is None or lines[-1] == last


def test_problems_of_manifests_are_not_drowned_by_files_that_can_not_be_read() -> None:
    template = Problem(Place("charts/a.yaml", 1, 1), Code.INVALID_YAML, "not valid YAML")
    lines = list(render_annotations([*[template] * 12, error(1)]))
    assert lines[0].startswith("::error file=a.yaml,line=1,")
    assert lines[-1] == "::error::and 4 more, listed in the log"
