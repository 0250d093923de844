"""The problems to show: enough to mend what is wrong, and never so many that a file could flood a log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from reconciler.codes import Code
from reconciler.errors import Problem

MAX_PROBLEMS_IN_FILE = 100
MAX_PROBLEMS_IN_ALL = 10_000
"""Problems shown of one file and of all files: so many errors, and as many warnings."""
_ALL_FILES = ""


class Problems:
    """Collects problems; where there are too many, one more says so, as severe as they are."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._full: set[tuple[str, str]] = set()

    def add(self, problems: Iterable[Problem]) -> None:
        """Keep problems, as far as the bounds allow."""
        for problem in problems:
            of_all, of_file = (_ALL_FILES, problem.severity), (problem.place.file, problem.severity)
            if self._counts[of_all] >= MAX_PROBLEMS_IN_ALL:
                self._add_notice(of_all, problem, f"{MAX_PROBLEMS_IN_ALL:,} {problem.severity}s in all")
            elif self._counts[of_file] >= MAX_PROBLEMS_IN_FILE:
                self._add_notice(of_file, problem, f"{MAX_PROBLEMS_IN_FILE} {problem.severity}s in this file")
            else:
                self._counts[of_all] += 1
                self._counts[of_file] += 1
                self._problems.append(problem)

    def is_full(self, file: str = _ALL_FILES) -> bool:
        """Whether no more errors would be kept: of any file, or of this one."""
        return not self._full.isdisjoint({(_ALL_FILES, "error"), (file, "error")})

    def list_by_place(self) -> tuple[Problem, ...]:
        """The problems kept, by place."""
        return tuple(sorted(self._problems))

    def _add_notice(self, key: tuple[str, str], problem: Problem, bound: str) -> None:
        if key not in self._full:
            self._full.add(key)
            message = f"more than {bound}: only the first are told"
            more = Problem(
                problem.place, Code.TOO_MANY_PROBLEMS, message, "mend those first", problem.severity
            )
            self._problems.append(more)
