"""How much the random tests do: a little for each commit, more in `.ci/laws`, a lot in the long run.

`RECONCILER_TESTS` names the tier: `quick`, which is the usual one, `laws` or `long`. In `quick` the seeds are
always the same, so that a commit fails for what it changes; elsewhere they are new each time, a failure names
the one it began with, and RECONCILER_SEED replays it.

A law is repeated in rounds of its quick count. With RECONCILER_LAWS_SECONDS all laws together get about that
long: each its share and what the laws before it left over, and no new round is begun when that is used up.
"""

from __future__ import annotations

import functools
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import pytest
from hypothesis import settings

TIER = os.environ.get("RECONCILER_TESTS", "quick")
LAWS_SECONDS = float(os.environ.get("RECONCILER_LAWS_SECONDS", "inf"))
_REPLAYED = os.environ.get("RECONCILER_SEED")
_FIRST_SEED = 0
if TIER != "quick":
    # Workers inherit it, because all of them have to find the same tests.
    _NEW_SEED = str(random.SystemRandom().randrange(2**31))
    _FIRST_SEED = int(os.environ.setdefault("RECONCILER_FIRST_SEED", _NEW_SEED))
_Test = TypeVar("_Test", bound=Callable[..., None])
_Case = TypeVar("_Case")


class Allowance:
    """The time that the laws of one worker may still take.

    Attributes:
        share: seconds, of each law.
    """

    def __init__(self) -> None:
        self.share = float("inf")
        self._ends = float("inf")
        self._unused = 0.0

    def begin(self) -> None:
        """A law begins, and may take its share and what others left over."""
        self._ends = time.monotonic() + self.share + self._unused

    def end(self) -> None:
        """The law has ended."""
        self._unused = self._ends - time.monotonic()

    @property
    def is_used_up(self) -> bool:
        """Whether the law that is running should come to its end."""
        return time.monotonic() > self._ends


ALLOWANCE = Allowance()


def runs(quick: int, laws: int, long: int) -> int:
    """How many runs, steps or examples there are to be, by the tier."""
    return {"quick": quick, "laws": laws, "long": long}[TIER]


def seeds(quick: int, laws: int, long: int) -> Iterator[int]:
    """A seed for each run, until there are enough or the time is used up; one at least."""
    if _REPLAYED:
        yield int(_REPLAYED)
        return
    for number in range(runs(quick, laws, long)):
        if number and ALLOWANCE.is_used_up:
            return
        yield _FIRST_SEED + number


def choose_cases(cases: Sequence[_Case], quick: int) -> Iterator[_Case]:
    """Each of some cases in random order, until the time is used up; one of so many in the usual tier."""
    if TIER == "quick":
        yield from cases[first_seed() % quick :: quick]
        return
    for number, case in enumerate(random.Random(first_seed()).sample(cases, len(cases))):  # noqa: S311
        if number and ALLOWANCE.is_used_up:
            return
        yield case


def first_seed() -> int:
    """The seed of a test that makes one run."""
    return next(seeds(1, 1, 1))


def is_cut_short() -> bool:
    """Whether fewer were tried than there should be: how often something happened says nothing then."""
    return _REPLAYED is not None or ALLOWANCE.is_used_up


def replay(seed: int) -> str:
    """What to say of a failure."""
    return f"replay with RECONCILER_SEED={seed}"


def law(quick: int, laws: int, long: int) -> Callable[[_Test], _Test]:
    """Marks a test with `@given`, which stands below it, as a law, and says how many examples it tries."""
    size = min(quick, runs(quick, laws, long))
    rounds = -(-runs(quick, laws, long) // size)

    def decorate(test: _Test) -> _Test:
        tries_one_round = settings(max_examples=size)(test)

        @functools.wraps(tries_one_round)
        def try_all(*args: Any, **kwargs: Any) -> None:
            for number in range(rounds):
                if number and ALLOWANCE.is_used_up:
                    return
                tries_one_round(*args, **kwargs)

        marked: _Test = pytest.mark.law(try_all)
        return marked

    return decorate
