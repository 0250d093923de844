"""Plans as documents, made without planning: as large as a test needs them, and of any kind of change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import Any

from reconciler.model import Artifact, Target
from reconciler.planning.document import Action, ChangeDocument, GuardResult, PlanDocument, Scope, Source
from tests.support.builders import COMMIT, HOST, TENANT

DIGEST = "d1" * 32


def change(
    number: int = 0, action: Action = "update", ml_repo: str = "fraud", **given: Any
) -> ChangeDocument:
    """Version 1 of the artifact of a number, with a few fields that differ; `given` is what is to be else."""
    artifact = Artifact(ml_repo, f"scorer-{number}")
    after = {
        "type": "artifact-version",
        "ml_repo": ml_repo,
        "name": artifact.name,
        "version": 1,
        "source": {"type": "external", "uri": f"s3://models/{artifact.name}"},
        "description": f"new words of {number}",
        "metadata": {"rows": number},
    }
    usual: dict[str, Any] = {
        "version": 1,
        "id": None if action == "create" else f"id-{number}",
        "fqn": None,
        "file": f"models/{artifact.name}.yaml",
        "line": 1,
        "before": None if action == "create" else {**after, "description": f"old words of {number}"},
        "after": after,
        "reason": "source of a registered version can not change" if action == "conflict" else "",
        "hint": "declare it as a new version: 2 is free" if action == "conflict" else "",
    }
    return ChangeDocument(action=action, artifact=artifact, **{**usual, **given})


class Changes(Collection[ChangeDocument]):
    """Changes that are made as they are walked over, and how often that was."""

    def __init__(self, number: int, make: Callable[[int], ChangeDocument] = change) -> None:
        self._number = number
        self._make = make
        self.walks = 0

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[ChangeDocument]:
        self.walks += 1
        return map(self._make, range(self._number))

    def __contains__(self, change: object) -> bool:
        return any(change == each for each in self)


def document(*changes: ChangeDocument, **given: Any) -> PlanDocument:
    """A plan of these changes; `given` is what is to be else, `changes` among it."""
    found: Collection[ChangeDocument] = given.get("changes", changes)
    counts = Counter(each.action for each in found)
    usual: dict[str, Any] = {
        "tool_version": "0.1.0",
        "source": Source(None, COMMIT, (), in_work_tree=False, is_dirty=False),
        "target": Target(HOST, "ml", TENANT),
        "scope": Scope(("fraud",), 1, 30, 12),
        "counts": {
            **{action: counts[action] for action in ("create", "update", "delete", "conflict")},
            "unchanged": 0,
            "orphan": 0,
            "other_documents": 0,
            "other_files": 0,
            "undeclared": 0,
        },
        "changes": found,
        "promotions": (),
        "diagnostics": (),
        "guard": GuardResult(),
        "digest": DIGEST,
    }
    return PlanDocument(**{**usual, **given})
