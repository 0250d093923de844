"""Whether a plan does too much at once: a wrong path, or a bad merge, shows as a great many changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from reconciler.plan.document import GuardResult


class _Rule(NamedTuple):
    """At most this share, in percent, may become that; where fewer than the floor are registered, any."""

    action: str
    done: str
    percent: int
    floor: int


_RULES = (_Rule("delete", "deleted", 30, 1), _Rule("update", "updated", 30, 10))


def guard(counts: Mapping[str, int], registered: int, *, is_waived: bool) -> GuardResult:
    """What the guard says to a plan.

    Args:
        counts: its changes, by action; those that wait for a conflict among them.
        registered: versions in scope: those that manifests, or changes, are about.
        is_waived: whether the caller allows as much as there is.
    """
    return GuardResult(tuple(_violations(counts, registered)), is_waived=is_waived)


def _violations(counts: Mapping[str, int], registered: int) -> Iterator[str]:
    for rule in _RULES:
        count = counts.get(rule.action, 0)
        if registered >= rule.floor and 100 * count > rule.percent * registered:
            share = -(-1000 * count // registered) / 10  # rounded up: 30.01 is more than 30
            yield (
                f"{count} of {registered} registered versions ({share:g} %) would be {rule.done}, "
                f"more than {rule.percent} %"
            )
