"""The applies of shards, put together to one of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TypeAlias

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.model import Artifact
from reconciler.planning.merge import merge_plans

Named: TypeAlias = tuple[str, ApplyDocument]
"""An apply, and what people know it by: the name of its file."""


def merge_applies(named: Sequence[Named], exit_code: int | None) -> ApplyDocument:
    """The apply of the whole.

    The digest of its plan is that of the changes that there is an outcome for: where a run was killed, or
    held back, not all of them are known.

    Args:
        named: the apply of each shard, in any order.
        exit_code: of all of them; `None` where one was killed.

    Raises:
        SavedFileError: they are not all the shards of one apply.
    """
    plan = merge_plans([(name, applied.plan) for name, applied in named])
    outcomes = chain.from_iterable(applied.outcomes for _, applied in named)
    planned = sum(applied.planned for _, applied in named)
    return ApplyDocument(plan, tuple(sorted(outcomes, key=_get_artifact)), planned, exit_code)


def _get_artifact(outcome: OutcomeDocument) -> Artifact:
    return outcome.change.artifact
