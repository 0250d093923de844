"""What is told of all that is wrong: enough to mend it, and never so much that a file could flood a log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from reconciler.codes import Code
from reconciler.errors import Problem

MAX_IN_FILE = 100
MAX_IN_ALL = 10_000
"""Problems told of one file and of all files: so many errors, and as many warnings."""
_ALL = ""


class Problems:
    """Collects problems; where there are more than are told, one more says so, as severe as they are."""

    def __init__(self) -> None:
        self._told: list[Problem] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._full: set[tuple[str, str]] = set()

    def add(self, problems: Iterable[Problem]) -> None:
        """Tell problems, as far as there is room."""
        for problem in problems:
            of_all, of_file = (_ALL, problem.severity), (problem.place.file, problem.severity)
            if self._counts[of_all] >= MAX_IN_ALL:
                self._tell_more(of_all, problem, f"{MAX_IN_ALL:,} {problem.severity}s in all")
            elif self._counts[of_file] >= MAX_IN_FILE:
                self._tell_more(of_file, problem, f"{MAX_IN_FILE} {problem.severity}s in this file")
            else:
                self._counts[of_all] += 1
                self._counts[of_file] += 1
                self._told.append(problem)

    def is_full(self, file: str = _ALL) -> bool:
        """Whether no more errors would be told: of any file, or of this one."""
        return not self._full.isdisjoint({(_ALL, "error"), (file, "error")})

    def in_order(self) -> tuple[Problem, ...]:
        """The problems told, by place."""
        return tuple(sorted(self._told))

    def _tell_more(self, key: tuple[str, str], problem: Problem, bound: str) -> None:
        if key not in self._full:
            self._full.add(key)
            message = f"more than {bound}: only the first are told"
            more = Problem(
                problem.place, Code.TOO_MANY_PROBLEMS, message, "mend those first", problem.severity
            )
            self._told.append(more)
