"""What was measured, as JSON and back, and which of the goals it reaches."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Self

from tests.bench.contenders import (
    CAREFUL,
    CLICK,
    FLOOR,
    IMPORTS,
    OF_CREATIONS,
    SIMPLE,
    TOOL,
    TOOL_AGAIN,
    VALIDATED,
    VENDOR,
    Contender,
    Kind,
    Work,
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One contender at one work.

    Attributes:
        kind: as in `Work`, like the two that follow.
        count: how many manifests.
        latency_ms: the registry's.
        who: the contender.
        wall: seconds, each time.
        cpu: seconds of all its processes, each time.
        mib: at the peak of its largest process.
        mib_together: at the peak of all of them together, of another run.
        requests: how many the registry saw.
        connections: how many they came over.
        peak_in_flight: the most that it was asked at once.
        undeclared: as in `Work`.
    """

    kind: Kind
    count: int
    latency_ms: int
    who: str
    wall: list[float]
    cpu: list[float]
    mib: float
    mib_together: float
    requests: int
    connections: int
    peak_in_flight: int
    undeclared: int = 0

    @property
    def work(self) -> Work:
        """What was done."""
        return Work(self.kind, self.count, self.latency_ms, self.undeclared)

    @property
    def seconds(self) -> float:
        """The median of the times."""
        return median(self.wall)


@dataclass(frozen=True, slots=True)
class Results:
    """A whole run: on what, when, and the figures in the order in which they were taken."""

    about: dict[str, str]
    rows: list[Measured]

    def find(self, work: Work, who: Contender) -> Measured | None:
        """One contender at one work, if it was measured."""
        return next((row for row in self.rows if row.work == work and row.who == who.name), None)

    def save(self, file: Path) -> None:
        """Write a JSON file, which is never half a file.

        Raises:
            OSError: it can not be written.
        """
        document = {"about": self.about, "rows": list(map(asdict, self.rows))}
        unfinished = file.with_name(f"{file.name}.new")
        unfinished.write_text(json.dumps(document, indent=1) + "\n")
        unfinished.replace(file)

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read a file that `save` wrote.

        Raises:
            OSError: it can not be read.
        """
        document = json.loads(file.read_text())
        return cls(document["about"], [Measured(**row) for row in document["rows"]])


@dataclass(frozen=True, slots=True)
class Goal:
    """A line of the table of goals.

    Attributes:
        work: what is done.
        against: what it is held against.
        bound: the figure to be reached.
        is_at_most: whether smaller is better.
        unit: of the figure.
        figure: takes it from the results; `None` where they do not tell.
    """

    work: str
    against: str
    bound: float
    figure: Callable[[Results], float | None]
    is_at_most: bool = True
    unit: str = "x"

    def line(self, results: Results) -> tuple[str, str, str, str, str] | None:
        """Work, against what, goal, figure, and whether it is reached."""
        figure = self.figure(results)
        if figure is None:
            return None
        goal = f"{'at most' if self.is_at_most else 'at least'} {self.bound:g} {self.unit}"
        is_reached = figure <= self.bound if self.is_at_most else figure >= self.bound
        return self.work, self.against, goal, f"{figure:.3g} {self.unit}", "yes" if is_reached else "no"


def reached(results: Results) -> Iterator[tuple[str, str, str, str, str]]:
    """The lines of the table of goals that the results tell something about."""
    for goal in GOALS:
        if line := goal.line(results):
            yield line


def _times(work: Work, one: Contender, other: Contender) -> Callable[[Results], float | None]:
    """How many times as long one takes as the other."""

    def figure(results: Results) -> float | None:
        mine, theirs = results.find(work, one), results.find(work, other)
        return mine.seconds / theirs.seconds if mine and theirs else None

    return figure


def _growth(work: Work, smaller: Work) -> Callable[[Results], float | None]:
    """How many times as long a manifest takes where there are more of them."""

    def figure(results: Results) -> float | None:
        many, few = results.find(work, TOOL), results.find(smaller, TOOL)
        return (many.seconds / work.count) / (few.seconds / smaller.count) if many and few else None

    return figure


def _memory(work: Work) -> Callable[[Results], float | None]:
    def figure(results: Results) -> float | None:
        row = results.find(work, TOOL)
        return row.mib_together if row else None

    return figure


_PLAN_1, _PLAN_10, _PLAN_100 = (Work("plan", count) for count in (1000, 10_000, 100_000))
_APPLY = Work("apply", 1000, 20)
_VALIDATE = Work("validate", VALIDATED)
GOALS = (
    Goal("plan, 1,000 unchanged", CAREFUL.name, 1.0, _times(_PLAN_1, TOOL, CAREFUL)),
    Goal("plan, 10,000 unchanged", CAREFUL.name, 0.6, _times(_PLAN_10, TOOL, CAREFUL)),
    Goal("plan, 10,000 unchanged", FLOOR.name, 3.0, _times(_PLAN_10, TOOL, FLOOR)),
    Goal("the same, second run with the cache", FLOOR.name, 1.0, _times(_PLAN_10, TOOL_AGAIN, FLOOR)),
    Goal(
        "plan, 10,000 unchanged, faster than", SIMPLE.name, 10,
        _times(_PLAN_10, SIMPLE, TOOL), is_at_most=False,
    ),
    Goal(
        "plan, 10,000 unchanged, faster than", f"{VENDOR.name}, dry run", 40,
        _times(_PLAN_10, VENDOR, TOOL), is_at_most=False,
    ),
    Goal("apply, 1,000 creates, 20 ms", CAREFUL.name, 1.15, _times(_APPLY, TOOL, CAREFUL)),
    Goal(
        "apply, 1,000 creates, 20 ms, faster than", VENDOR.name, 18,
        _times(_APPLY, VENDOR, TOOL), is_at_most=False,
    ),
    Goal("plan, 100,000, time per manifest", "plan, 10,000", 1.1, _growth(_PLAN_100, _PLAN_10)),
    Goal("plan, 100,000 unchanged, peak memory", "absolute", 200, _memory(_PLAN_100), unit="MiB"),
    *(
        Goal(f"{work.kind}, 100,000 creations, peak memory", "absolute", 200, _memory(work), unit="MiB")
        for work in (Work(kind, 100_000) for kind in OF_CREATIONS)
    ),
    Goal("--help", CLICK.name, 1.3, _times(Work("help"), TOOL, CLICK)),
    Goal("validate, 100 manifests", IMPORTS.name, 1.5, _times(_VALIDATE, TOOL, IMPORTS)),
)  # fmt: skip
