"""The changes of a saved plan, checked when they were read, and kept in few bytes from then on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from reconciler.model import Artifact
from reconciler.packing import Packed, Packer
from reconciler.planning.document import ChangeDocument, LeftAlone


class KeptChanges(Collection[ChangeDocument]):
    """Changes in order, each made anew when it is come to.

    Attributes:
        actions: how many there are of each action.
    """

    def __init__(self) -> None:
        self.actions: Counter[str] = Counter()
        self._packer = Packer()
        self._packed: list[Packed] = []

    def keep(self, changes: Iterable[ChangeDocument]) -> Iterator[ChangeDocument]:
        """Add changes behind the others, each as it is taken from what is returned."""
        for change in changes:
            self._add(change)
            yield change

    def _add(self, change: ChangeDocument) -> None:
        artifact, left_alone = change.artifact, [[each.path, each.reason] for each in change.left_alone]
        parts = [
            [artifact.ml_repo, artifact.name], left_alone, change.in_use, change.action, change.version,
            change.id, change.fqn, change.file, change.line, change.before, change.after, change.reason,
            change.hint, change.waits_for, change.origin, change.commit, change.author, change.date,
        ]  # fmt: skip
        self.actions[change.action] += 1
        self._packed.append(self._packer.pack(parts))

    def __len__(self) -> int:
        return len(self._packed)

    def __iter__(self) -> Iterator[ChangeDocument]:
        return (_change(*packed.value()) for packed in self._packed)

    def __contains__(self, change: object) -> bool:
        return any(change == each for each in self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Collection) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # as of a list


def _change(artifact: list[str], left_alone: list[Any], in_use: list[str], *others: Any) -> ChangeDocument:
    alone = tuple(LeftAlone(path, reason) for path, reason in left_alone)
    action, version, id_, fqn, file, line, before, after, *told = others
    reason, hint, waits_for, origin, commit, author, date = told
    return ChangeDocument(
        action, Artifact(*artifact), version, id_, fqn, file, line, before, after,
        alone, reason, hint, waits_for, origin, commit, author, date, tuple(in_use),
    )  # fmt: skip
