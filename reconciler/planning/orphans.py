"""Which registered versions were declared once, and are no longer: ours, and wanted by nobody.

Git remembers whose a version is; nothing is noted on the control plane. A manifest that stood in any commit
owns the version of its number, if that has contents that such a manifest gave it: they can not change, so
where they differ, somebody else has registered another version under the number. A manifest without one
owns what its alias and its contents both name, because an alias alone may have been given to somebody
else's version since.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from reconciler.compare.match import get_version_key, list_version_keys
from reconciler.model import PARKING_ALIAS, Artifact, Outline, Registered

_Key: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Removal:
    """The commit that removed a manifest.

    Args:
        commit: its full id.
        author: a name; `None` where there is none.
        date: ISO 8601 with an offset; `None` where it is none.
    """

    commit: str
    author: str | None
    date: str | None


@dataclass(frozen=True, slots=True)
class Orphan:
    """A registered version that was declared once, and is no longer.

    Args:
        registered: the version.
        ml_repo_id: the id of its ML repo.
        removal: what removed its manifest; `None` where only the work tree lacks it, or a merge left it out.
        in_use: what still refers to the version, e.g. `alias v-prod`.
    """

    registered: Registered
    ml_repo_id: str
    removal: Removal | None
    in_use: tuple[str, ...]

    @property
    def artifact(self) -> Artifact:
        """The artifact of the version."""
        return self.registered.artifact

    @property
    def label(self) -> str:
        """The identity, as people write it."""
        return str(self.registered)


class Pruning(Enum):
    """Which orphans a plan deletes; it leaves the others alone."""

    NONE = "none"
    UNUSED = "unused"
    """Those that nothing refers to."""
    ALL = "all"

    def takes(self, orphan: Orphan) -> bool:
        """Whether an orphan is deleted."""
        return self is Pruning.ALL or (self is Pruning.UNUSED and not orphan.in_use)


@dataclass(frozen=True, slots=True)
class Orphans:
    """The orphans of a repository.

    Args:
        found: by artifact and version.
        unknown: why they are not known, without a final full stop; empty where they are.
        hint: what to do about that.
    """

    found: tuple[Orphan, ...] = ()
    unknown: str = ""
    hint: str = ""


NO_ORPHANS = Orphans()


@dataclass(frozen=True, slots=True)
class Aliased:
    """A version by its alias."""

    artifact: Artifact
    alias: str

    @property
    def label(self) -> str:
        """The identity, as people write it."""
        return f"{self.artifact}@{self.alias}"


def list_labelled(row: Registered) -> Sequence[Registered | Aliased]:
    """What a glob may know a registered version as: by its number first, then by its alias if it has one."""
    return (row, Aliased(row.artifact, row.alias)) if row.alias else (row,)


class DeclaredOnce:
    """What earlier manifests were about, as far as it may be registered, and is not declared.

    Args:
        are_wanted: says of an earlier manifest whether its version may be.
    """

    def __init__(self, are_wanted: Callable[[Outline], bool]) -> None:
        self._are_wanted = are_wanted
        self._holders: dict[_Key, list[tuple[str | None, str]]] = {}
        self._artifacts: set[Artifact] = set()

    def add(self, outlines: Iterable[Outline]) -> None:
        """Add earlier manifests; their places are in the contents that hold them."""
        for outline in outlines:
            if self._are_wanted(outline):
                self._artifacts.add(outline.artifact)
                self._holders.setdefault(_make_own_key(outline), []).append((outline.uri, outline.place.file))

    @property
    def artifacts(self) -> Sequence[Artifact]:
        """The artifacts that these were versions of, in order."""
        return sorted(self._artifacts)

    def find_holders(self, row: Registered) -> Sequence[str]:
        """The contents in which manifests own a registered version; none where it is not ours."""
        found = [holder for key in _list_keys(row) for holder in self._holders.get(key, ())]
        is_ours = any(uri is None or uri == row.uri for uri, _ in found)
        return [name for _, name in found] if is_ours else ()


class DeclaredNow:
    """What manifests are about now, selected or not.

    Args:
        manifests: all of them.
        artifacts: those that are asked for.
    """

    def __init__(self, manifests: Iterable[Outline], artifacts: Collection[Artifact]) -> None:
        wanted = frozenset(artifacts)
        self._known = {
            (each.artifact, *get_version_key(each)) for each in manifests if each.artifact in wanted
        }

    def names(self, row: Registered) -> bool:
        """Whether any manifest fits a registered version, in whatever way."""
        return any((row.artifact, *key) in self._known for key in list_version_keys(row))


def list_uses(row: Registered, released: Collection[str]) -> tuple[str, ...]:
    """What refers to a registered version: its tags, and its alias, unless a plan takes that away.

    An alias that an interrupted apply had parked is nobody's use.

    Args:
        row: the version.
        released: the ids of the versions that a plan takes their alias from.
    """
    tags = (f"tag {tag}" for tag in sorted(row.tags))
    if not row.alias or row.alias.startswith(PARKING_ALIAS) or row.id in released:
        return tuple(tags)
    return f"alias {row.alias}", *tags


def _make_own_key(outline: Outline) -> _Key:
    """By what a manifest owns a version: its number, else all that it says of its alias and contents."""
    if outline.version is not None:
        return outline.artifact, outline.version
    return outline.artifact, outline.alias, outline.uri


def _list_keys(row: Registered) -> Iterator[_Key]:
    """By what a registered version may be owned."""
    yield row.artifact, row.version
    if row.uri is not None:
        yield row.artifact, None, row.uri
        if row.alias is not None:
            yield row.artifact, row.alias, row.uri
