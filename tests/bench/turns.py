"""Runs that take turns (A B C, A B C, ...), because a machine's speed drifts within minutes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

_Taken = TypeVar("_Taken")


def take_turns(runs: Sequence[Callable[[], _Taken]], repeats: int) -> list[list[_Taken]]:
    """What each run took, as many times as asked; a first turn, which warms the machine, is left out.

    Args:
        runs: the runs; each tells what it took.
        repeats: turns that count.
    """
    taken: list[list[_Taken]] = [[] for _ in runs]
    for _ in range(repeats + 1):
        for run, of_run in zip(runs, taken, strict=True):
            of_run.append(run())
    return [of_run[1:] for of_run in taken]
