"""Views of a plan's changes, and sentences about a plan: what all formats for people share."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from reconciler.applying.document import OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.diff import Missing, find_differences
from reconciler.model import Artifact, Json, Pointer, source_uri, write_path
from reconciler.phrases import format_counts
from reconciler.planning.document import (
    Action,
    ChangeDocument,
    Origin,
    OrphanDocument,
    PlanDocument,
    PromotionDocument,
)
from reconciler.report.shorten import shorten_around_difference, shorten_end

_IDENTITY = frozenset({"type", "name", "ml_repo", "version"})
_ORDER = ("source", "version_alias", "description", "step", "run_id", "metadata")
_MAX_LABEL_CHARACTERS = 60
_MIN_URI_CHARACTERS = 20
_MAX_PAGE_CHARACTERS = 300
_DATE_CHARACTERS = len("2026-01-31")
NOTHING = "(none)"
ALLOW_MASS_CHANGE = "if all of it is meant, allow it: --allow-mass-change"
"""The hint where the guard blocks a plan."""
_ORIGINS: Mapping[Origin, str] = {
    "branch": "of this branch",
    "pending": "pending since before this branch",
    "drift": "drift, changed elsewhere",
    "unknown": "not known whose",
}
PromotionsBySource: TypeAlias = Mapping[tuple[Artifact, int, str], PromotionDocument]
"""Promotions by what loses the alias: the artifact, its version, and the alias."""


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field of a change as text; `before` is `None` if the change creates the version."""

    path: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change as text.

    Args:
        action: the verdict.
        label: the identity, short enough for one line.
        place: where to look, as `file:line`: the manifest, or the field in the way of a conflict.
        fields: the fields that differ; all fields of a version that is created.
        note: the reason, where the fields do not show it.
        hint: what to do about it.
        file: the file of `place`; `None` if there is no manifest.
        line: the line of `place`, from 1.
        origin: where the change comes from: this branch, an earlier one, or drift.
        commit: the whole id of the commit that last touched the file.
        author: the author of `commit`.
        date: when `commit` was made, ISO 8601.
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


def view_changes(document: PlanDocument) -> Iterator[ChangeView]:
    """A view of each change of a plan, in the plan's order."""
    promotions = index_promotions(document)
    for change in document.changes:
        yield view_change(change, promotions)


def view_changes_briefly(document: PlanDocument) -> Iterator[ChangeView]:
    """A view of each change of a plan, shortened by `shorten_view`."""
    return map(shorten_view, view_changes(document))


def index_promotions(document: PlanDocument) -> PromotionsBySource:
    """The promotions of a plan, by what loses the alias."""
    return {(p.artifact, p.source, p.alias): p for p in document.promotions}


def view_change(change: ChangeDocument, promotions: PromotionsBySource) -> ChangeView:
    """The view of one change.

    Args:
        change: the change.
        promotions: the promotions of its plan.
    """
    place = change.place
    return ChangeView(
        action=change.action,
        label=format_label(change),
        place=f"{place.file}:{place.line}" if place else "no manifest",
        fields=tuple(_FIELDS[change.action](change)),
        note=_describe_reason(change, promotions),
        hint=change.hint,
        file=place.file if place else None,
        line=place.line if place else None,
        origin=change.origin,
        commit=change.commit,
        author=change.author,
        date=change.date,
    )


def shorten_view(view: ChangeView) -> ChangeView:
    """The same view with texts of at most 300 characters; both sides of a field take 600 together."""
    fields = tuple(map(shorten_field, view.fields))
    texts = (view.place, view.note, view.hint)
    place, note, hint = (shorten_end(text, _MAX_PAGE_CHARACTERS) for text in texts)
    return replace(view, place=place, fields=fields, note=note, hint=hint)


def shorten_field(field: FieldView, most: int = _MAX_PAGE_CHARACTERS) -> FieldView:
    """The same field with texts of at most `most` characters; its sides take twice as many together."""
    path, before, after = shorten_end(field.path, most), field.before, field.after
    if before is None:
        return FieldView(path, None, shorten_end(after, most))
    if max(len(before), len(after)) > most:
        before, after = shorten_around_difference(before, after, 2 * most)
    return FieldView(path, before, after)


def format_label(change: ChangeDocument) -> str:
    """The identity for one line; where only the contents name the version, the beginning of their URI."""
    if change.version is not None or change.after.get("version_alias"):
        return change.label
    room = _MAX_LABEL_CHARACTERS - len(f"{change.artifact} ()")
    return f"{change.artifact} ({shorten_end(str(source_uri(change.after)), max(room, _MIN_URI_CHARACTERS))})"


def describe_comparison(document: PlanDocument) -> str:
    """Which control plane is compared with which commit, in one line."""
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


def format_summary(document: PlanDocument) -> str:
    """How many changes of each kind a plan has, in one line."""
    counts = document.counts
    deleted = f"{counts['delete']:,} to delete, " if counts["delete"] else ""
    return (
        f"{counts['create']:,} to create, {counts['update']:,} to update, {deleted}"
        f"{counts['conflict']:,} in conflict, {counts['unchanged']:,} unchanged"
    )


def describe_origin(view: ChangeView) -> str:
    """Where a change comes from, and its commit and author; empty if nothing is known."""
    parts = [_ORIGINS[view.origin]] if view.origin else []
    if view.action == "delete":
        parts.append(describe_removal(view))
    elif view.commit:
        parts.append(f"last edited in {view.commit[:10]}" + (f" by {view.author}" if view.author else ""))
    return ", ".join(parts)


def describe_removal(version: ChangeView | OrphanDocument) -> str:
    """Which commit removed the manifest of a registered version, by whom and when."""
    if version.commit is None:
        return "removed in the work tree, or by a merge"
    by = f" by {version.author}" if version.author else ""
    date = (version.date or "")[:_DATE_CHARACTERS]
    return f"removed in {version.commit[:10]}{by}" + (f" on {date}" if date else "")


def describe_uses(uses: Sequence[str]) -> str:
    """What refers to a version, in one line; empty if nothing does."""
    return f"still in use: {', '.join(uses)}" if uses else ""


def describe_orphan(orphan: OrphanDocument) -> str:
    """An orphan in one line: its identity, what removed its manifest, and what refers to it."""
    return "; ".join((f"{orphan.label}: {describe_removal(orphan)}", *explain_kept_orphan(orphan)))


def explain_kept_orphan(orphan: OrphanDocument) -> Sequence[str]:
    """Why `--prune` keeps an orphan that is in use, and what deletes it; empty if it is not in use."""
    return (describe_uses(orphan.in_use), "--prune-used deletes it") if orphan.in_use else ()


def describe_pruning(document: PlanDocument) -> str:
    """The option that deletes the orphans; empty if there are none that it would delete."""
    are_used = {bool(orphan.in_use) for orphan in document.orphans.found}
    if False not in are_used:
        return ""
    return "--prune deletes those that are not in use" if True in are_used else "--prune deletes them"


def explain_unknown_orphans(document: PlanDocument) -> str:
    """Why orphans could not be looked for, and what to do about it; empty if they were."""
    orphans = document.orphans
    hint = f" ({orphans.hint})" if orphans.hint else ""
    return f"not known, {orphans.unknown}{hint}" if orphans.unknown else ""


def describe_left_alone(document: PlanDocument) -> str:
    """How much was read or listed that the plan does not touch, in one line; empty if nothing."""
    counts, scope = document.counts, document.scope
    or_not = " or not selected" if scope.not_selected else ""
    counted = format_counts(
        (counts["other_documents"], "document", " of other types"),
        (counts["other_files"], "other file", ""),
        (scope.not_selected, "manifest", " not selected"),
        (scope.orphans_not_selected, "orphan", " not selected"),
        (counts["undeclared"], "registered version", f" not declared{or_not}"),
    )
    return ", ".join(counted)


def describe_results(outcomes: Iterable[OutcomeDocument]) -> str:
    """How many outcomes there are of each result, in one line; empty if there are none."""
    counts = Counter(outcome.result for outcome in outcomes)
    return ", ".join(f"{counts[result]:,} {result}" for result in Result if counts[result])


def format_value(value: Json | Missing, path: Pointer) -> str:
    """A value as JSON on one line; `(none)` if it is missing, or null outside of metadata."""
    if isinstance(value, Missing) or (value is None and (len(path) == 1 or path[0] != "metadata")):
        return NOTHING
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _view_created(change: ChangeDocument) -> Iterator[FieldView]:
    """The fields of a version that is created, in a fixed order."""
    for field in sorted(change.after.keys() - _IDENTITY, key=lambda field: (_rank_field(field), field)):
        value = change.after[field]
        if field == "source" and isinstance(value, Mapping):
            # Its parts are always the same two: as people say them.
            yield FieldView(field, None, " ".join(str(value[key]) for key in ("type", "uri") if key in value))
        elif value != {}:  # which says nothing of a new version
            yield from (FieldView(path, None, text) for path, text in _split_value(value, (field,)))


def _view_changed(change: ChangeDocument) -> Iterator[FieldView]:
    """The fields that differ, in the same order as for a new version; unknown fields last."""
    found = find_differences(change.before or {}, change.after)
    for difference in sorted(found, key=lambda found: (_rank_field(found.path[0]), found.path)):
        path, before, after = difference.path, difference.before, difference.after
        if format_value(before, path) == NOTHING:
            yield from (FieldView(name, NOTHING, text) for name, text in _split_value(after, path))
        elif format_value(after, path) == NOTHING:
            yield from (FieldView(name, text, NOTHING) for name, text in _split_value(before, path))
        else:
            yield FieldView(write_path(path), format_value(before, path), format_value(after, path))


def _split_value(value: Json | Missing, path: Pointer) -> Iterator[tuple[str, str]]:
    """The path and the text of a value; of a mapping, those of each of its entries, in order."""
    name = write_path(path)
    # Below a long key, the paths of thousands of parts would take a thousand times the room of the values.
    if isinstance(value, Mapping) and value and len(name) <= _MAX_PAGE_CHARACTERS:
        for key in sorted(value):
            yield from _split_value(value[key], (*path, key))
    else:
        yield name, format_value(value, path)


def _view_deleted(change: ChangeDocument) -> Iterator[FieldView]:
    """The source and the alias of a version that is deleted."""
    for field in _view_created(replace(change, after=change.before or {})):
        if field.path in {"source", "version_alias"} and field.after != NOTHING:
            yield FieldView(field.path, field.after, NOTHING)


_FIELDS: Mapping[Action, Callable[[ChangeDocument], Iterator[FieldView]]] = {
    "create": _view_created,
    "update": _view_changed,
    "delete": _view_deleted,
    "conflict": _view_changed,
}


def _rank_field(field: str) -> int:
    return _ORDER.index(field) if field in _ORDER else len(_ORDER)


def _describe_reason(change: ChangeDocument, promotions: PromotionsBySource) -> str:
    if change.action == "conflict":
        return change.reason
    if change.action == "delete":
        waiting = f"waits until nothing is in conflict, as {change.waits_for} is" if change.waits_for else ""
        return "; ".join(filter(None, (describe_uses(change.in_use), waiting)))
    if change.waits_for or change.renamed_from:
        former = change.renamed_from and f"a new name for {change.renamed_from}, which is no longer declared"
        waiting = change.waits_for and f"waits until the conflict of {change.waits_for} is resolved"
        return "; ".join(filter(None, (former, waiting)))
    alias = change.before.get("version_alias") if change.before else None
    if isinstance(alias, str) and change.version is not None:
        promotion = promotions.get((change.artifact, change.version, alias))
        if promotion:
            target = f":{promotion.target}" if promotion.target else "the new version"
            return f"{alias} moves to {target}"
    return ""
