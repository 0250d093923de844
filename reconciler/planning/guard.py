"""Whether a plan does too much at once: a wrong path, or a bad merge, shows as a great many changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.model import LIMITS, Limits
from reconciler.planning.document import GuardResult


def guard(
    counts: Mapping[str, int], registered: int, limits: Limits = LIMITS, *, is_waived: bool
) -> GuardResult:
    """What the guard says to a plan.

    Args:
        counts: its changes, by action; those that wait for a conflict among them.
        registered: versions in scope: those that manifests, or changes, are about.
        limits: how much is too much.
        is_waived: whether the caller allows as much as there is.
    """
    return GuardResult(tuple(_violations(counts, registered, limits)), is_waived=is_waived)


def _violations(counts: Mapping[str, int], registered: int, limits: Limits) -> Iterator[str]:
    for action, done, floor in (("delete", "deleted", 1), ("update", "updated", limits.at_least)):
        count = counts.get(action, 0)
        if registered >= floor and 100 * count > limits.percent * registered:
            share = -(-1000 * count // registered) / 10  # rounded up: 30.01 is more than 30
            yield (
                f"{count:,} of {registered:,} registered versions ({share:g} %) would be {done}, "
                f"more than {limits.percent} %"
            )
