"""A plan as a document: what reviewers read, what is approved by its digest, what machines consume.

Credentials stand in it as their fingerprints. A document made from a plan and one read back from a
file are the same to every renderer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from reconciler.client.port import Extent
from reconciler.compare.selector import Shard
from reconciler.errors import Place, Problem
from reconciler.model import LIMITS, Artifact, Document, Limits, Target, source_uri, version_label

Action: TypeAlias = Literal["create", "update", "delete", "conflict"]
Origin: TypeAlias = Literal["branch", "pending", "drift", "unknown"]
Reason: TypeAlias = Literal["undeclared", "ignored", "internal", "normalised"]


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A difference between a manifest and its registered version that is no change.

    Args:
        path: a JSON pointer into the document.
        reason: why it is left: the manifest does not declare it (`undeclared`), the settings leave it to
            others (`ignored`), it belongs to the platform (`internal`), or it is another way to write the
            same value (`normalised`).
    """

    path: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class ChangeDocument:
    """One change.

    Args:
        action: the verdict.
        artifact: what it is a version of.
        version: its number; `None` where the control plane is to number it.
        id: of the registered version; `None` where there is none.
        fqn: the full name of the registered version.
        file: where the manifest stands; `None` where a version only gives up its alias.
        line: of the manifest, counted from 1.
        before: what is registered.
        after: what is to be registered; empty where that is nothing.
        left_alone: the differences that are no changes, by their paths.
        reason: of a conflict: why it can not be.
        hint: of a conflict: what to do.
        waits_for: the conflict, by its label, that has to be resolved before this is applied.
        origin: whether this branch brings it (`branch`), an earlier commit did that was not applied yet
            (`pending`), or what is registered was changed elsewhere (`drift`); `unknown` where this clone
            lacks the history that tells; `None` without a base.
        commit: the last one that touched the manifest's file, or that removed the manifest, whole id.
        author: of that commit, a name.
        date: of the commit that removed the manifest, ISO 8601.
        in_use: of a deletion: what still refers to the version, e.g. `alias v-prod`.
        renamed_from: of a creation: the version, by its label, that was declared once with the same contents.
        at: of a conflict: where the field stands that is in the way; `None` where nobody looked.
    """

    action: Action
    artifact: Artifact
    version: int | None
    id: str | None
    fqn: str | None
    file: str | None
    line: int | None
    before: Document | None
    after: Document
    left_alone: tuple[LeftAlone, ...] = ()
    reason: str = ""
    hint: str = ""
    waits_for: str = ""
    origin: Origin | None = None
    commit: str | None = None
    author: str | None = None
    date: str | None = None
    in_use: tuple[str, ...] = ()
    renamed_from: str = ""
    at: Place | None = None

    @property
    def place(self) -> Place | None:
        """Where to look: what is in the way of a conflict, else the manifest, where there is one."""
        return self.at or (None if self.file is None else Place(self.file, self.line or 1, 1))

    @property
    def label(self) -> str:
        """The identity, as people write it."""
        alias = self.after.get("version_alias")
        known_by = alias if isinstance(alias, str) else None
        return f"{self.artifact}{version_label(self.version, known_by, source_uri(self.after))}"


class ChangeDocuments(Collection[ChangeDocument]):
    """Changes that are each made when they are iterated over: 100,000 need not be held at once."""

    def __contains__(self, change: object) -> bool:
        return any(change == each for each in self)


@dataclass(frozen=True, slots=True)
class OrphanDocument:
    """A registered version that was declared once, is no longer, and is left alone.

    Args:
        artifact: what it is a version of.
        version: its number.
        id: its id.
        fqn: its full name.
        uri: of its contents; `None` where they have none.
        commit: the one that removed its manifest, whole id; `None` where only the work tree lacks it, or a
            merge left it out.
        author: of that commit, a name.
        date: of that commit, ISO 8601.
        in_use: what still refers to the version, e.g. `alias v-prod`.
        origin: whether this branch removed its manifest, or the base has; `None` without a base.
    """

    artifact: Artifact
    version: int
    id: str
    fqn: str
    uri: str | None
    commit: str | None
    author: str | None
    date: str | None
    in_use: tuple[str, ...]
    origin: Origin | None = None

    @property
    def label(self) -> str:
        """The identity, as people write it."""
        return f"{self.artifact}:{self.version}"


@dataclass(frozen=True, slots=True)
class OrphansDocument:
    """The orphans that a plan leaves alone.

    Args:
        found: by artifact and version.
        unknown: why they are not known; empty where they are.
        hint: what to do about that.
    """

    found: tuple[OrphanDocument, ...] = ()
    unknown: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class PromotionDocument:
    """An alias that moves from one version of an artifact to another; `None` is one yet to be numbered."""

    artifact: Artifact
    alias: str
    source: int
    target: int | None

    def __str__(self) -> str:
        target = f":{self.target}" if self.target else "a new version"
        return f"{self.artifact} {self.alias}: :{self.source} -> {target}"


@dataclass(frozen=True, slots=True)
class Source:
    """What was read.

    Args:
        repository: where it came from, without credentials; `None` where git knows no remote.
        commit: whole id; `None` where there is none yet.
        paths: those given, within the repository; none for all of it.
        in_work_tree: whether the work tree was read, and not the commit.
        is_dirty: whether manifests in the work tree differ from the commit; of a plan without changes that is
            not looked at.
        base: the commit that the changes are told apart by.
        defaults: the parts of manifests that the settings give where a manifest does not, as JSON pointers.
    """

    repository: str | None
    commit: str | None
    paths: tuple[str, ...]
    in_work_tree: bool
    is_dirty: bool
    base: str | None = None
    defaults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """How much was looked at.

    Args:
        ml_repos: whose versions were listed, by name.
        pages: of the listings.
        rows: registered versions listed.
        manifests: declared versions compared.
        not_selected: declared versions left out by the caller.
        orphans_not_selected: of what was listed, versions that would be orphans, left out by globs.
    """

    ml_repos: tuple[str, ...]
    pages: int
    rows: int
    manifests: int
    not_selected: int = 0
    orphans_not_selected: int = 0


class SharedMlRepo(NamedTuple):
    """An ML repo that a shard asked: how many versions it has, were listed, and manifests are about."""

    name: str
    versions: int
    listed: int
    declared: int


@dataclass(frozen=True, slots=True)
class Share:
    """Which part of a plan a shard's is, and what its counts are put together by.

    Args:
        shard: the part.
        globs: those that name what is selected of the whole.
        extents: of the ML repos that were asked, by name.
        declared: registered versions that manifests are about, by ML repo.
        limits: how much of the whole may be changed at once.
    """

    shard: Shard
    globs: tuple[str, ...]
    extents: Mapping[str, Extent]
    declared: Mapping[str, int]
    limits: Limits = LIMITS

    @property
    def ml_repos(self) -> tuple[SharedMlRepo, ...]:
        """Those that were asked, by name."""
        found = sorted(self.extents.items())
        return tuple(SharedMlRepo(name, *extent, self.declared.get(name, 0)) for name, extent in found)


@dataclass(frozen=True, slots=True)
class GuardResult:
    """What the guard says: nothing (`violations` is empty), or why not to apply.

    Args:
        violations: all of them, each with its numbers, e.g. `12 of 30 registered versions (40 %) would be
            updated, more than 30 %`.
        is_waived: whether the caller allowed them.
    """

    violations: tuple[str, ...] = ()
    is_waived: bool = False

    @property
    def blocks(self) -> bool:
        """Whether nothing is to be applied."""
        return bool(self.violations) and not self.is_waived


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """A plan.

    Args:
        tool_version: of the program that made it.
        source: what was read.
        target: what was asked.
        scope: how much was looked at.
        counts: by action, and `unchanged`, `other_documents`, `other_files`, `undeclared`.
        changes: in order; walked over anew by every renderer, and made as they are walked over.
        promotions: by artifact and alias.
        diagnostics: warnings about the manifests, in order of place.
        guard: whether it is too much at once.
        digest: of what it would do and what that rests on: 64 hexadecimal digits.
        share: which part of a larger plan it is; `None` where it is the whole.
        orphans: what it leaves alone that was declared once.
        made: when, as `2026-01-31T12:00:00Z`; `None` where that is not known.
    """

    tool_version: str
    source: Source
    target: Target
    scope: Scope
    counts: Mapping[str, int]
    changes: Collection[ChangeDocument]
    promotions: tuple[PromotionDocument, ...]
    diagnostics: tuple[Problem, ...]
    guard: GuardResult
    digest: str
    share: Share | None = None
    orphans: OrphansDocument = OrphansDocument()
    made: str | None = None
