"""What a change changes."""

from __future__ import annotations

from reconciler.diff import Difference, find_differences
from reconciler.planning.change import Change


def find_change_differences(change: Change) -> tuple[Difference, ...]:
    """The fields that a change is about; of a creation, all of them."""
    before = change.registered.document if change.registered else {}
    return find_differences(before, change.after)
