"""How much is told of what is wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.errors import Place, Problem
from reconciler.manifest.rules import problems as module
from reconciler.manifest.rules.problems import MAX_PROBLEMS_IN_FILE, Problems


def errors(count: int, file: str = "a.yaml") -> Iterator[Problem]:
    return (Problem(Place(file, line, 1), "some-rule", "wrong") for line in range(1, count + 1))


def warnings(count: int, file: str = "a.yaml") -> Iterator[Problem]:
    return (
        Problem(Place(file, line, 1), "some-rule", "odd", severity="warning") for line in range(1, count + 1)
    )


def told(*groups: Iterator[Problem]) -> list[str]:
    problems = Problems()
    for group in groups:
        problems.add(group)
    return list(map(str, problems.list_by_place()))


def test_problems_are_reported_by_place() -> None:
    assert told(errors(1, "b.yaml"), warnings(1, "a.yaml"), errors(2, "a.yaml")) == [
        "a.yaml:1:1: warning: odd",
        "a.yaml:1:1: wrong",
        "a.yaml:2:1: wrong",
        "b.yaml:1:1: wrong",
    ]


def test_as_many_as_there_is_room_for_are_reported_without_more_ado() -> None:
    assert (
        len(
            told(
                errors(MAX_PROBLEMS_IN_FILE),
                warnings(MAX_PROBLEMS_IN_FILE),
                errors(MAX_PROBLEMS_IN_FILE, "b.yaml"),
            )
        )
        == 300
    )


def test_one_problem_says_that_a_file_has_more_and_is_as_severe() -> None:
    assert told(errors(MAX_PROBLEMS_IN_FILE + 50), errors(1, "b.yaml"))[-2:] == [
        "a.yaml:101:1: more than 100 errors in this file: only the first are told (mend those first)",
        "b.yaml:1:1: wrong",
    ]
    assert told(warnings(MAX_PROBLEMS_IN_FILE + 50))[-1].startswith(
        "a.yaml:101:1: warning: more than 100 warnings in this file: "
    )


def test_warnings_leave_room_for_errors() -> None:
    assert "a.yaml:1:1: wrong" in told(warnings(MAX_PROBLEMS_IN_FILE + 50), errors(1))


def test_one_problem_says_that_there_are_more_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PROBLEMS_IN_ALL", 3)
    assert told(errors(2, "a.yaml"), errors(2, "b.yaml"), errors(2, "c.yaml"), warnings(1, "d.yaml")) == [
        "a.yaml:1:1: wrong",
        "a.yaml:2:1: wrong",
        "b.yaml:1:1: wrong",
        "b.yaml:2:1: more than 3 errors in all: only the first are told (mend those first)",
        "d.yaml:1:1: warning: odd",
    ]


def test_a_file_is_full_when_no_more_of_its_errors_would_be_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PROBLEMS_IN_FILE", 2)
    monkeypatch.setattr(module, "MAX_PROBLEMS_IN_ALL", 4)
    problems = Problems()
    problems.add(errors(2))
    problems.add(warnings(3))
    assert not problems.is_full("a.yaml")
    problems.add(errors(1))
    assert problems.is_full("a.yaml")
    assert not problems.is_full("b.yaml")
    problems.add(errors(2, "b.yaml"))
    assert not problems.is_full()
    problems.add(errors(1, "c.yaml"))
    assert problems.is_full()
    assert problems.is_full("d.yaml")
