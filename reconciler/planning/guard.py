"""Whether a plan does too much at once: a wrong path, or a bad merge, shows as a great many changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from reconciler.model import LIMITS, Limits
from reconciler.planning.document import GuardResult

_MAX_UNGUARDED_DELETIONS = 1
"""Deletions that are not too much of one ML repo, however small: the rule over all still counts them."""
_MAX_ML_REPOS_NAMED = 10
"""Of the ML repos that lose too much."""


def check_size(
    counts: Mapping[str, int],
    registered: Mapping[str, int],
    deleted: Mapping[str, int],
    limits: Limits = LIMITS,
    *,
    is_waived: bool,
) -> GuardResult:
    """What the guard says to a plan.

    Args:
        counts: its changes, by action; those that wait for a conflict among them.
        registered: versions in scope, by ML repo, see `count_in_scope`.
        deleted: those of them that are to be deleted, by ML repo.
        limits: how much is too much.
        is_waived: whether the caller allows as much as there is.
    """
    everywhere = _find_violations(counts, sum(registered.values()), limits)
    return GuardResult(
        (*everywhere, *_find_ml_repo_violations(registered, deleted, limits)), is_waived=is_waived
    )


def count_in_scope(
    declared: Mapping[str, int], without_manifest: Iterable[tuple[str, str | None]]
) -> Counter[str]:
    """How many registered versions manifests, or changes, are about, by ML repo.

    Args:
        declared: of manifests, by ML repo.
        without_manifest: ML repo and id of what is changed and not declared, which may be there twice.
    """
    return Counter(declared) + Counter(ml_repo for ml_repo, _ in set(without_manifest))


def _find_violations(counts: Mapping[str, int], registered: int, limits: Limits) -> Iterator[str]:
    for action, done, floor in (("delete", "deleted", 1), ("update", "updated", limits.at_least)):
        count = counts.get(action, 0)
        if registered >= floor and _is_too_much(count, registered, limits):
            yield _describe_violation(count, registered, "registered versions", done, limits)


def _find_ml_repo_violations(
    registered: Mapping[str, int], deleted: Mapping[str, int], limits: Limits
) -> Iterator[str]:
    """Where there are several ML repos, those that lose too much: large ones do not hide the small ones."""
    if len(registered) == 1:
        return
    found = [
        name
        for name, count in sorted(deleted.items())
        if count > _MAX_UNGUARDED_DELETIONS and _is_too_much(count, registered[name], limits)
    ]
    for name in found[:_MAX_ML_REPOS_NAMED]:
        of = f"registered versions in ML repo {name}"
        yield _describe_violation(deleted[name], registered[name], of, "deleted", limits)
    if more := found[_MAX_ML_REPOS_NAMED:]:
        yield f"of {len(more):,} more ML repos too, more than {limits.percent} % would be deleted"


def _is_too_much(count: int, registered: int, limits: Limits) -> bool:
    return 100 * count > limits.percent * registered


def _describe_violation(count: int, registered: int, of: str, done: str, limits: Limits) -> str:
    share = -(-1000 * count // registered) / 10  # rounded up: 30.01 is more than 30
    return f"{count:,} of {registered:,} {of} ({share:g} %) would be {done}, more than {limits.percent} %"
