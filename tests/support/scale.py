"""How much the random tests do: a little for each commit, a lot with RECONCILER_TESTS=long.

A failure names the seed it began with; RECONCILER_SEED replays it.
"""

from __future__ import annotations

import os
import random

IS_LONG = os.environ.get("RECONCILER_TESTS") == "long"
_REPLAYED = os.environ.get("RECONCILER_SEED")


def runs(short: int, long: int) -> int:
    """How many runs, steps or examples there are to be."""
    return long if IS_LONG else short


def seeds(short: int, long: int) -> list[int]:
    """A seed for each run: always the same for commits, new ones each time in the long run."""
    if _REPLAYED:
        return [int(_REPLAYED)]
    first = random.SystemRandom().randrange(2**31) if IS_LONG else 0
    return list(range(first, first + runs(short, long)))


def replay(seed: int) -> str:
    """What to say of a failure."""
    return f"replay with RECONCILER_SEED={seed}"
