"""Plans and applies as large as a test asks for, each change made when it is come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.errors import Place, Problem
from reconciler.model import Artifact, Target
from reconciler.planning.document import (
    ChangeDocument,
    GuardResult,
    LeftAlone,
    Origin,
    PlanDocument,
    PromotionDocument,
    Scope,
    Source,
)
from tests.support.builders import COMMIT

SCORER = Artifact("fraud", "scorer")
REPOSITORY = "https://github.com/example/models.git"
BASE = "b" * 40


@dataclass(frozen=True)
class Changes(Collection[ChangeDocument]):
    """So many changes, each made by its number, counted from 0."""

    count: int
    make: Callable[[int], ChangeDocument]

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[ChangeDocument]:
        return map(self.make, range(self.count))

    def __contains__(self, change: object) -> bool:
        return any(change == each for each in self)


def create(number: int = 1, **given: Any) -> ChangeDocument:
    """A version to be created."""
    artifact = given.pop("artifact", Artifact("fraud", f"created-{number}"))
    change = ChangeDocument(
        "create", artifact, 1, None, None, f"models/{artifact.name}.yaml", 1, None, registered(artifact)
    )
    return replace(change, **given)


def update(number: int = 1, **given: Any) -> ChangeDocument:
    """A version whose description and metadata are to change."""
    artifact = given.pop("artifact", Artifact("fraud", f"updated-{number}"))
    before = registered(artifact)
    after = {**before, "description": "Adds merchant history.", "metadata": {"auc": 0.961}}
    change = ChangeDocument(
        "update", artifact, 1, f"id-{number}", f"artifact:example/{artifact}:1",
        f"models/{artifact.name}.yaml", 12, before, after,
    )  # fmt: skip
    return replace(change, **given)


def conflict(number: int = 1, **given: Any) -> ChangeDocument:
    """A version whose contents are declared otherwise."""
    artifact = given.pop("artifact", Artifact("fraud", f"stuck-{number}"))
    after = {**registered(artifact), "source": {"type": "external", "uri": f"s3://models/{artifact.name}/2"}}
    words = {
        "reason": "source of a registered version can not change",
        "hint": "declare it as a new version: 2 is free",
    }
    return replace(update(number, artifact=artifact), action="conflict", after=after, **{**words, **given})


def registered(artifact: Artifact) -> dict[str, Any]:
    """A manifest of version 1."""
    return {
        "type": "artifact-version",
        "ml_repo": artifact.ml_repo,
        "name": artifact.name,
        "version": 1,
        "source": {"type": "external", "uri": f"s3://models/{artifact.name}/1"},
        "description": "Adds device history.",
        "metadata": {"auc": 0.957},
    }


def plan_document(changes: Collection[ChangeDocument], **given: Any) -> PlanDocument:
    """A plan of a commit, with these changes."""
    actions = Counter(change.action for change in changes)
    counts = {action: actions[action] for action in ("create", "update", "delete", "conflict")}
    document = PlanDocument(
        tool_version="0.1.0",
        source=Source(REPOSITORY, COMMIT, (), in_work_tree=False, is_dirty=False),
        target=Target("https://control.example.com", "ml", "example"),
        scope=Scope(("fraud",), pages=1, rows=90, manifests=100),
        counts={
            **counts,
            "unchanged": 80,
            "orphan": 0,
            "other_documents": 2,
            "other_files": 5,
            "undeclared": 0,
        },
        changes=changes,
        promotions=(),
        diagnostics=(),
        guard=GuardResult(),
        digest="9f86d081" * 8,
    )
    return replace(document, **given)


def rich_plan() -> PlanDocument:
    """A plan with one of everything that a page shows."""
    plan = plan_document(
        (
            update(1, **_by("pending")),
            conflict(2, **_by("branch")),
            create(3, **_by("branch")),
            update(4, **_by("drift"), left_alone=(LeftAlone("/metadata/.truefoundry", "internal"),)),
            create(5, **_by("branch"), version=None),
            update(6, **_by("branch"), waits_for="fraud/stuck-2:1"),
        ),
        promotions=(PromotionDocument(SCORER, "v-prod", 1, 2), PromotionDocument(SCORER, "v-live", 1, None)),
        diagnostics=(
            Problem(Place("models/a.yaml", 4, 3), "secret", "looks like a credential", "", "warning"),
        ),
        guard=GuardResult(("12 of 30 registered versions (40 %) would be updated, more than 30 %",)),
    )
    return replace(plan, source=replace(plan.source, base=BASE, paths=("models",)))


def _by(origin: Origin) -> dict[str, Any]:
    return {"origin": origin, "commit": "a" * 40, "author": "A Reviewer"}


def long_plan(count: int) -> PlanDocument:
    """A plan with so many changes: each hundredth is a conflict, of the others each third a creation."""

    def make(number: int) -> ChangeDocument:
        if number % 100 == 0:
            return conflict(number)
        return create(number) if number % 3 == 0 else update(number)

    return plan_document(Changes(count, make))


def applied(plan: PlanDocument) -> ApplyDocument:
    """What became of a plan: its first update failed, and each change began as the one before ended."""
    results: dict[str, Result] = {"create": Result.CREATED, "update": Result.UPDATED}
    outcomes: list[OutcomeDocument] = []
    has_failed = False
    for number, change in enumerate(plan.changes):
        if change.action == "conflict":
            outcome = OutcomeDocument(change, Result.SKIPPED, None, change.reason, change.hint)
        elif change.action == "update" and not has_failed:
            has_failed = True
            outcome = OutcomeDocument(change, Result.FAILED, None, "422, too long", "shorten it", number, 0.5)
        else:
            outcome = OutcomeDocument(
                change, results[change.action], change.version or 7, "", "", number, 0.25
            )
        outcomes.append(outcome)
    return ApplyDocument(plan, outcomes, len(outcomes), 3)


def written(lines: Iterator[str]) -> str:
    """A page as it is printed."""
    return "".join(f"{line}\n" for line in lines)
