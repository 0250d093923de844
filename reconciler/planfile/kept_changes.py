"""The changes of a saved plan, checked when they were read, and kept in few bytes from then on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import fields
from itertools import chain
from typing import Any

from reconciler.errors import Place
from reconciler.model import Artifact
from reconciler.packing import Packed, Packer
from reconciler.planning.document import ChangeDocument, ChangeDocuments, LeftAlone

_PLAIN = tuple(
    field.name
    for field in fields(ChangeDocument)
    if field.name not in {"artifact", "left_alone", "in_use", "at"}
)
"""The fields that are JSON as they are."""
_TOGETHER = 32
"""Changes that are packed as one value: of one by itself, half of what it takes is not the change."""


class KeptChanges(ChangeDocuments):
    """Changes in order, each made anew when it is come to.

    Attributes:
        actions: how many there are of each action.
    """

    def __init__(self) -> None:
        self.actions: Counter[str] = Counter()
        self._packer = Packer()
        self._packed: list[Packed] = []
        self._unpacked: list[list[Any]] = []

    def keep(self, changes: Iterable[ChangeDocument]) -> Iterator[ChangeDocument]:
        """Add changes behind the others, each as it is taken from what is returned."""
        for change in changes:
            self._add(change)
            yield change

    def _add(self, change: ChangeDocument) -> None:
        artifact, at = change.artifact, change.at
        parts = [
            [artifact.ml_repo, artifact.name],
            [[each.path, each.reason] for each in change.left_alone],
            change.in_use,
            [at.file, at.line, at.column] if at else None,
            *(getattr(change, name) for name in _PLAIN),
        ]
        self.actions[change.action] += 1
        self._unpacked.append(parts)
        if len(self._unpacked) == _TOGETHER:
            self._packed.append(self._packer.pack(self._unpacked))
            self._unpacked = []

    def __len__(self) -> int:
        return self.actions.total()

    def __iter__(self) -> Iterator[ChangeDocument]:
        packed = chain.from_iterable(each.value() for each in self._packed)
        return (_make_change(*parts) for parts in chain(packed, self._unpacked))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Collection) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # as of a list


def _make_change(
    artifact: list[str], left_alone: list[list[Any]], in_use: list[str], at: list[Any] | None, *plain: Any
) -> ChangeDocument:
    return ChangeDocument(
        artifact=Artifact(*artifact),
        left_alone=tuple(LeftAlone(*each) for each in left_alone),
        in_use=tuple(in_use),
        at=Place(*at) if at else None,
        **dict(zip(_PLAIN, plain, strict=True)),
    )
