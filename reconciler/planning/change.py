"""The verdicts, and the plan that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar, Literal, Self, TypeAlias

from reconciler.client.port import Sighting
from reconciler.compare.desired import make_desired_document
from reconciler.errors import Place, Problem
from reconciler.model import (
    LIMITS,
    Artifact,
    Comparison,
    Declared,
    Document,
    Limits,
    Pointer,
    Registered,
    Target,
    version_label,
)
from reconciler.packing import Packed, Packer
from reconciler.planning.document import PromotionDocument, Scope, Share, Source
from reconciler.planning.orphans import NO_ORPHANS, Orphan, Orphans


@dataclass(frozen=True, slots=True)
class Create:
    """A declared version that is not registered. A plan may hold 100,000: its manifest is packed.

    Args:
        artifact: the artifact that gets the version.
        version: the version asked for, or `None` where the control plane is to number it.
        place: where the manifest stands.
        document: of the manifest.
    """

    action: ClassVar[Literal["create"]] = "create"
    artifact: Artifact
    version: int | None
    place: Place
    document: Packed

    @classmethod
    def of(cls, declared: Declared, packer: Packer) -> Self:
        """The creation of what a manifest declares."""
        packed = packer.pack(declared.document)
        return cls(declared.artifact, declared.version, declared.place, packed)

    @property
    def declared(self) -> Declared:
        """The manifest, unpacked each time."""
        return Declared(self.artifact, self.document.value(), self.place)

    @property
    def after(self) -> Document:
        """What will be registered, unpacked each time."""
        return make_desired_document(self.declared, None)

    @property
    def registered(self) -> None:
        """Nothing is registered yet."""
        return

    @property
    def label(self) -> str:
        """The identity, as people write it."""
        if self.version is None:
            return self.declared.label
        return f"{self.artifact}{version_label(self.version, None, None)}"


@dataclass(frozen=True, slots=True)
class Update:
    """A registered version that is to become `after`.

    Without a manifest (`declared` is `None`) it only gives up its alias, which another version takes.
    """

    action: ClassVar[Literal["update"]] = "update"
    declared: Declared | None
    registered: Registered
    after: Document

    @property
    def artifact(self) -> Artifact:
        """The artifact of the version."""
        return self.registered.artifact

    @property
    def version(self) -> int:
        """The version to update."""
        return self.registered.version

    @property
    def place(self) -> Place | None:
        """Where the manifest stands."""
        return self.declared.place if self.declared else None

    @property
    def label(self) -> str:
        """The identity, as people write it."""
        return str(self.registered)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A declared version that can not be reached by any write: it is never sent.

    Args:
        declared: the manifest.
        registered: the version that it contradicts; `None` where it fits several.
        after: what the manifest asks for.
        reason: why it can not be, without a final full stop.
        hint: what to do.
        parts: of the manifest, those that are in the way, by their paths.
        at: where the first of them stands, once that was looked for.
    """

    action: ClassVar[Literal["conflict"]] = "conflict"
    declared: Declared
    registered: Registered | None
    after: Document
    reason: str
    hint: str
    parts: tuple[Pointer, ...] = ()
    at: Place | None = None

    @property
    def artifact(self) -> Artifact:
        """The artifact whose lane is stopped."""
        return self.declared.artifact

    @property
    def place(self) -> Place:
        """Where the manifest stands."""
        return self.declared.place

    @property
    def version(self) -> int | None:
        """The version contradicted."""
        return self.registered.version if self.registered else self.declared.version

    @property
    def label(self) -> str:
        """The identity, as people write it."""
        return str(self.registered) if self.registered else self.declared.label


@dataclass(frozen=True, slots=True)
class Delete:
    """A registered version that nobody declares any longer, and that is to go.

    Args:
        orphan: the version, and what removed its manifest.
    """

    action: ClassVar[Literal["delete"]] = "delete"
    declared: ClassVar[None] = None
    place: ClassVar[None] = None
    after: ClassVar[Document] = MappingProxyType({})
    orphan: Orphan

    @property
    def registered(self) -> Registered:
        """What is registered."""
        return self.orphan.registered

    @property
    def artifact(self) -> Artifact:
        """The artifact of the version."""
        return self.registered.artifact

    @property
    def version(self) -> int:
        """The version to delete."""
        return self.registered.version

    @property
    def label(self) -> str:
        """The identity, as people write it."""
        return str(self.registered)


Change: TypeAlias = Create | Update | Conflict | Delete


@dataclass(frozen=True, slots=True)
class Lane:
    """The changes of one artifact, in the order of their writes, and what they were decided by."""

    artifact: Artifact
    changes: tuple[Change, ...]
    seen: Sighting

    @property
    def conflict(self) -> Conflict | None:
        """The first conflict, which stops the lane."""
        return next((change for change in self.changes if isinstance(change, Conflict)), None)


@dataclass(frozen=True)
class Plan:
    """Every change that is not `unchanged`, lane by lane, and the deletions last.

    Args:
        lanes: by artifact; none without a change.
        promotions: the aliases that move.
        unchanged: manifests that are registered as declared.
        others: documents of other types, left to other tools.
        other_files: YAML and JSON files that can hold no manifest, which are not read.
        declared: registered versions that manifests are about, by ML repo.
        undeclared: registered versions in the ML repos read that no manifest or deletion, and no orphan, is.
        warnings: about the manifests, in order of place.
        source: what was read.
        target: what was asked.
        scope: how much was looked at.
        comparison: how manifests were compared with what is registered.
        share: which part of a larger plan it is; `None` where it is the whole.
        orphans: registered versions that were declared once, and are left alone.
        deletes: those that are not, by artifact and version.
        passing: registered versions that commits of this branch alone declared, and took out again.
        limits: how much may be changed at once.
        made: when, in UTC; `None` where nobody has looked at a clock.
    """

    lanes: tuple[Lane, ...]
    promotions: tuple[PromotionDocument, ...]
    unchanged: int
    others: int
    other_files: int
    declared: Mapping[str, int]
    undeclared: int
    warnings: tuple[Problem, ...]
    source: Source
    target: Target
    scope: Scope
    comparison: Comparison
    share: Share | None = None
    orphans: Orphans = NO_ORPHANS
    deletes: tuple[Delete, ...] = ()
    passing: tuple[Registered, ...] = ()
    limits: Limits = LIMITS
    made: datetime | None = None

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Every change, in order."""
        return (*(change for lane in self.lanes for change in lane.changes), *self.deletes)

    @property
    def has_writes(self) -> bool:
        """Whether an apply would send anything."""
        free = any(not lane.conflict for lane in self.lanes)
        return free or (bool(self.deletes) and self.conflict is None)

    @property
    def conflict(self) -> Conflict | None:
        """The first conflict, which all deletions wait for."""
        return next((lane.conflict for lane in self.lanes if lane.conflict), None)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many changes of each action, and how many manifests are unchanged."""
        counts = dict.fromkeys(("create", "update", "delete", "conflict"), 0)
        for change in self.changes:
            counts[change.action] += 1
        return {**counts, "unchanged": self.unchanged, "orphan": len(self.orphans.found)}

    def with_places(self, places: Mapping[Place, Place]) -> Plan:
        """The same plan, in which each conflict has the place of the field that is in its way.

        Args:
            places: by where the manifest begins.
        """
        return replace(self, lanes=tuple(_locate_conflicts(lane, places) for lane in self.lanes))


def _locate_conflicts(lane: Lane, places: Mapping[Place, Place]) -> Lane:
    changes = (
        replace(change, at=places[change.declared.place]) if isinstance(change, Conflict) else change
        for change in lane.changes
    )
    return replace(lane, changes=tuple(changes))
