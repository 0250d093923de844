"""The errors that users meet."""

from __future__ import annotations

import re
from typing import Literal

import pytest

from reconciler import errors
from reconciler.errors import InvalidManifestsError, Place, Problem, ReconcilerError, RefusedError

HERE = Place("models/a.yaml", 3, 7)


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (Problem(HERE, "some-rule", "is wrong"), "models/a.yaml:3:7: is wrong"),
        (Problem(HERE, "some-rule", "is wrong", "mend it"), "models/a.yaml:3:7: is wrong (mend it)"),
        (
            Problem(HERE, "some-rule", "looks wrong", severity="warning"),
            "models/a.yaml:3:7: warning: looks wrong",
        ),
    ],
)
def test_a_problem_reads_as_compilers_write_them(problem: Problem, expected: str) -> None:
    assert str(problem) == expected


@pytest.mark.parametrize("severity", ["error", "warning"])
def test_the_head_of_a_problem_can_be_searched_for_by_its_code(severity: Literal["error", "warning"]) -> None:
    problem = Problem(HERE, "some-rule", "is wrong", "mend it", severity)
    assert problem.head == f"models/a.yaml:3:7: {severity}[some-rule]: is wrong"


def test_problems_are_ordered_by_file_then_line_as_a_number() -> None:
    places = [Place("b", 1, 1), Place("a", 10, 1), Place("a", 9, 2), Place("a", 9, 1)]
    assert [
        str(problem.place) for problem in sorted(Problem(place, "some-rule", "x") for place in places)
    ] == [
        "a:9:1",
        "a:9:2",
        "a:10:1",
        "b:1:1",
    ]


@pytest.mark.parametrize(
    ("count", "expected"), [(1, "1 error in the manifests"), (2, "2 errors in the manifests")]
)
def test_warnings_are_carried_and_not_counted(count: int, expected: str) -> None:
    problems = (
        Problem(HERE, "some-rule", "w", severity="warning"),
        *[Problem(HERE, "some-rule", "e")] * count,
    )
    error = InvalidManifestsError(problems)
    assert str(error) == expected
    assert error.problems == problems


def test_every_error_says_what_and_what_to_do() -> None:
    assert (str(ReconcilerError("what", "do")), ReconcilerError("what", "do").hint) == ("what", "do")
    assert ReconcilerError("what").hint == ""
    refused = RefusedError("what", 409, "do")
    assert (str(refused), refused.status, refused.hint) == ("what", 409, "do")


def test_the_tree_of_errors_is_the_one_drawn() -> None:
    drawn = re.findall(r"^\W*(\w+Error)\b", errors.__doc__ or "", re.MULTILINE)
    defined = [name for name in vars(errors) if name.endswith("Error")]
    assert sorted(drawn) == sorted(defined)
    assert all(issubclass(getattr(errors, name), ReconcilerError) for name in defined)
