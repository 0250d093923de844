"""What there is to show of a plan: the one walk that every renderer for people uses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from reconciler.diff import Missing, find_differences
from reconciler.model import Artifact, Json, Pointer, source_uri, write_path
from reconciler.planning.document import (
    Action,
    ChangeDocument,
    Origin,
    OrphanDocument,
    PlanDocument,
    PromotionDocument,
)
from reconciler.report.count import counted
from reconciler.report.shorten import around_difference, shortened

_IDENTITY = frozenset({"type", "name", "ml_repo", "version"})
_ORDER = ("source", "version_alias", "description", "step", "run_id", "metadata")
_LONGEST_LABEL = 60
_SHORTEST_URI = 20
_LONGEST_ON_A_PAGE = 300
_DAY = len("2026-01-31")
NOTHING = "(none)"
ALLOW_MASS_CHANGE = "if all of it is meant, allow it: --allow-mass-change"
"""What there is to do about a guard that blocks."""
_ORIGINS: Mapping[Origin, str] = {
    "branch": "of this branch",
    "pending": "pending since before this branch",
    "drift": "drift, changed elsewhere",
    "unknown": "not known whose",
}
Takers: TypeAlias = Mapping[tuple[Artifact, int, str], PromotionDocument]
"""The promotions of a plan, by the artifact, the version and the alias that it gives up."""


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field of a change: `before` is `None` where a version is created."""

    path: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change.

    Args:
        action: the verdict.
        label: the identity, in a line's length.
        place: where to look, as `file:line`: the manifest, or the field in the way of a conflict.
        fields: those that differ; of a version to be created, all of them.
        note: why, where that does not follow from the fields.
        hint: what to do about it.
        file: that of `place`; `None` where there is no manifest.
        line: that of `place`, counted from 1.
        origin: who brings the change, as the document says.
        commit: the last one that touched the file, whole id.
        author: of that commit.
        date: of the commit that removed the manifest, ISO 8601.
    """

    action: Action
    label: str
    place: str
    fields: tuple[FieldView, ...]
    note: str = ""
    hint: str = ""
    file: str | None = None
    line: int | None = None
    origin: Origin | None = None
    commit: str | None = None
    author: str | None = None
    date: str | None = None


def change_views(document: PlanDocument) -> Iterator[ChangeView]:
    """The changes of a plan, in its order."""
    takers = takers_of(document)
    for change in document.changes:
        yield change_view(change, takers)


def brief_views(document: PlanDocument) -> Iterator[ChangeView]:
    """The changes of a plan for a page, each as `brief` gives it."""
    return map(brief, change_views(document))


def takers_of(document: PlanDocument) -> Takers:
    """The promotions of a plan, by what gives its alias up."""
    return {(p.artifact, p.source, p.alias): p for p in document.promotions}


def change_view(change: ChangeDocument, takers: Takers) -> ChangeView:
    """One change of a plan whose promotions these are."""
    place = change.place
    return ChangeView(
        action=change.action,
        label=label(change),
        place=f"{place.file}:{place.line}" if place else "no manifest",
        fields=tuple(_FIELDS[change.action](change)),
        note=_note(change, takers),
        hint=change.hint,
        file=place.file if place else None,
        line=place.line if place else None,
        origin=change.origin,
        commit=change.commit,
        author=change.author,
        date=change.date,
    )


def brief(view: ChangeView) -> ChangeView:
    """A change for a page, which wraps lines: texts of at most 300 characters, two sides 600."""
    fields = tuple(map(_brief, view.fields))
    place, note, hint = (_cut(text) for text in (view.place, view.note, view.hint))
    return replace(view, place=place, fields=fields, note=note, hint=hint)


def label(change: ChangeDocument) -> str:
    """The identity; of a version known by its contents, as much of them as fits a line."""
    if change.version is not None or change.after.get("version_alias"):
        return change.label
    room = _LONGEST_LABEL - len(f"{change.artifact} ()")
    return f"{change.artifact} ({shortened(str(source_uri(change.after)), max(room, _SHORTEST_URI))})"


def headline(document: PlanDocument) -> str:
    """Which control plane is compared with which commit."""
    source, target = document.source, document.target
    commit = source.commit[:10] if source.commit else ""
    if not source.in_work_tree:
        read = f"commit {commit}"
    else:
        read = f"the work tree at {commit}" if commit else "the work tree, without a commit"
    tenant = f", tenant {target.tenant}" if target.tenant else ""
    edited = ", edited" if source.is_dirty else ""
    shard = f", shard {document.share.shard}" if document.share else ""
    return f"{target.host} (api {target.api}{tenant}) against {read}{edited}{shard}"


def summary(document: PlanDocument) -> str:
    """What would change, in one line."""
    counts = document.counts
    deleted = f"{counts['delete']:,} to delete, " if counts["delete"] else ""
    return (
        f"{counts['create']:,} to create, {counts['update']:,} to update, {deleted}"
        f"{counts['conflict']:,} in conflict, {counts['unchanged']:,} unchanged"
    )


def brought_by(view: ChangeView) -> str:
    """Whose a change is, in one line; empty where nothing is known of it."""
    parts = [_ORIGINS[view.origin]] if view.origin else []
    if view.action == "delete":
        parts.append(removed_by(view))
    elif view.commit:
        parts.append(f"last edited in {view.commit[:10]}" + (f" by {view.author}" if view.author else ""))
    return ", ".join(parts)


def removed_by(version: ChangeView | OrphanDocument) -> str:
    """What removed the manifest of a version that is registered."""
    if version.commit is None:
        return "removed in the work tree, or by a merge"
    by = f" by {version.author}" if version.author else ""
    return f"removed in {version.commit[:10]}{by}" + (f" on {version.date[:_DAY]}" if version.date else "")


def still_in_use(uses: Sequence[str]) -> str:
    """What refers to a version, in one line; empty where nothing does."""
    return f"still in use: {', '.join(uses)}" if uses else ""


def orphan_text(orphan: OrphanDocument) -> str:
    """An orphan in one line: which, what removed it, and what refers to it."""
    return "; ".join((f"{orphan.label}: {removed_by(orphan)}", *kept_by(orphan)))


def kept_by(orphan: OrphanDocument) -> Sequence[str]:
    """What refers to an orphan, and what deletes it all the same; nothing where nothing refers to it."""
    return (still_in_use(orphan.in_use), "--prune-used deletes it") if orphan.in_use else ()


def pruned_by(document: PlanDocument) -> str:
    """What deletes the orphans that nothing refers to, in one line; empty where there are none."""
    are_used = {bool(orphan.in_use) for orphan in document.orphans.found}
    if False not in are_used:
        return ""
    return "--prune deletes those that are not in use" if True in are_used else "--prune deletes them"


def unknown_orphans(document: PlanDocument) -> str:
    """Why it is not known which registered versions were declared once, and what to do; empty where it is."""
    orphans = document.orphans
    hint = f" ({orphans.hint})" if orphans.hint else ""
    return f"not known, {orphans.unknown}{hint}" if orphans.unknown else ""


def left_alone(document: PlanDocument) -> str:
    """What is nobody's business here, in one line; empty where there is nothing of it."""
    parts = []
    if others := document.counts["other_documents"]:
        parts.append(f"{counted(others, 'document')} of other types")
    if other_files := document.counts["other_files"]:
        parts.append(f"{counted(other_files, 'other file')}")
    not_selected = document.scope.not_selected
    if not_selected:
        parts.append(f"{counted(not_selected, 'manifest')} not selected")
    if orphans := document.scope.orphans_not_selected:
        parts.append(f"{counted(orphans, 'orphan')} not selected")
    if undeclared := document.counts["undeclared"]:
        or_not = " or not selected" if not_selected else ""
        parts.append(f"{counted(undeclared, 'registered version')} not declared{or_not}")
    return ", ".join(parts)


def shown(value: Json | Missing, path: Pointer) -> str:
    """A value of a document as JSON on one line. A field that is null has none; in metadata, null is one."""
    if isinstance(value, Missing) or (value is None and (len(path) == 1 or path[0] != "metadata")):
        return NOTHING
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _brief(field: FieldView) -> FieldView:
    if field.before is None:
        return FieldView(_cut(field.path), None, _cut(field.after))
    before, after = field.before, field.after
    if max(len(before), len(after)) > _LONGEST_ON_A_PAGE:
        before, after = around_difference(before, after, 2 * _LONGEST_ON_A_PAGE)
    return FieldView(_cut(field.path), before, after)


def _cut(text: str) -> str:
    return shortened(text, _LONGEST_ON_A_PAGE)


def _created(change: ChangeDocument) -> Iterator[FieldView]:
    """The fields of a new version."""
    for field in sorted(change.after.keys() - _IDENTITY, key=lambda field: (_rank(field), field)):
        value = change.after[field]
        if field == "source" and isinstance(value, Mapping):
            # Its parts are always the same two: as people say them.
            yield FieldView(field, None, " ".join(str(value[key]) for key in ("type", "uri") if key in value))
        elif value != {}:  # which says nothing of a new version
            yield from (FieldView(path, None, text) for path, text in _parts(value, (field,)))


def _changed(change: ChangeDocument) -> Iterator[FieldView]:
    """The fields that differ, in the order of those of a new version; fields unknown to us last."""
    found = find_differences(change.before or {}, change.after)
    for difference in sorted(found, key=lambda found: (_rank(found.path[0]), found.path)):
        path, before, after = difference.path, difference.before, difference.after
        if shown(before, path) == NOTHING:
            yield from (FieldView(name, NOTHING, text) for name, text in _parts(after, path))
        elif shown(after, path) == NOTHING:
            yield from (FieldView(name, text, NOTHING) for name, text in _parts(before, path))
        else:
            yield FieldView(write_path(path), shown(before, path), shown(after, path))


def _parts(value: Json | Missing, path: Pointer) -> Iterator[tuple[str, str]]:
    """A value that stands alone, mappings taken apart: the path and the text of each part, in order."""
    name = write_path(path)
    # Below a long key, the paths of thousands of parts would take a thousand times the room of the values.
    if isinstance(value, Mapping) and value and len(name) <= _LONGEST_ON_A_PAGE:
        for key in sorted(value):
            yield from _parts(value[key], (*path, key))
    else:
        yield name, shown(value, path)


def _deleted(change: ChangeDocument) -> Iterator[FieldView]:
    """Of what is to go, what it is known by."""
    for field in _created(replace(change, after=change.before or {})):
        if field.path in {"source", "version_alias"} and field.after != NOTHING:
            yield FieldView(field.path, field.after, NOTHING)


_FIELDS: Mapping[Action, Callable[[ChangeDocument], Iterator[FieldView]]] = {
    "create": _created,
    "update": _changed,
    "delete": _deleted,
    "conflict": _changed,
}


def _rank(field: str) -> int:
    return _ORDER.index(field) if field in _ORDER else len(_ORDER)


def _note(change: ChangeDocument, takers: Takers) -> str:
    if change.action == "conflict":
        return change.reason
    if change.action == "delete":
        waiting = f"waits until nothing is in conflict, as {change.waits_for} is" if change.waits_for else ""
        return "; ".join(filter(None, (still_in_use(change.in_use), waiting)))
    if change.waits_for or change.renamed_from:
        former = f"a new name for {change.renamed_from}, which is no longer declared"
        waiting = f"waits until the conflict of {change.waits_for} is resolved"
        told = (former if change.renamed_from else "", waiting if change.waits_for else "")
        return "; ".join(filter(None, told))
    alias = change.before.get("version_alias") if change.before else None
    if isinstance(alias, str) and change.version is not None:
        taker = takers.get((change.artifact, change.version, alias))
        if taker:
            target = f":{taker.target}" if taker.target else "the new version"
            return f"{alias} moves to {target}"
    return ""
