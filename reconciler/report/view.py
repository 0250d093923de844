"""What there is to show of a plan: the one walk that every renderer for people uses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.diff import Missing
from reconciler.manifest.secrets import masked
from reconciler.model import Artifact, Json, Pointer
from reconciler.plan.change import Change, Conflict, Create, Plan, Promotion, Update, change_differences
from reconciler.report.count import counted
from reconciler.report.shorten import around_difference, shortened

_IDENTITY = frozenset({"type", "name", "ml_repo", "version"})
_ORDER = ("source", "version_alias", "description", "step", "run_id", "metadata")
_LONGEST_LABEL = 60
_SHORTEST_URI = 20
_LONGEST_ON_A_PAGE = 300
NOTHING = "(none)"


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field of a change: `before` is `None` where a version is created."""

    path: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change. `note` says why, where that does not follow from the fields."""

    action: str
    label: str
    place: str
    fields: tuple[FieldView, ...]
    note: str = ""
    hint: str = ""


def change_views(plan: Plan) -> Iterator[ChangeView]:
    """The changes of a plan, in its order."""
    takers = {(p.artifact, p.source, p.alias): p for p in plan.promotions}
    for lane in plan.lanes:
        for change in lane.changes:
            note, hint = _note(change, lane.conflict, takers)
            fields = tuple(_created(change) if isinstance(change, Create) else _changed(change))
            yield ChangeView(change.action, label(change), _place(change), fields, note, hint)


def brief_views(plan: Plan) -> Iterator[ChangeView]:
    """The changes of a plan for a page, which wraps lines: texts of at most 300 characters, two sides 600."""
    for view in change_views(plan):
        fields = tuple(map(_brief, view.fields))
        place, note, hint = (_cut(text) for text in (view.place, view.note, view.hint))
        yield replace(view, place=place, fields=fields, note=note, hint=hint)


def label(change: Change) -> str:
    """The identity; of a version known by its contents, as much of them as fits a line."""
    unpinned = change.declared if change.registered is None else None
    if unpinned is None or unpinned.version is not None or unpinned.alias is not None:
        return change.label
    uri = str(masked(unpinned.uri, ("source", "uri")))
    room = _LONGEST_LABEL - len(f"{change.artifact} ()")
    return f"{change.artifact} ({shortened(uri, max(room, _SHORTEST_URI))})"


def headline(plan: Plan) -> str:
    """Which control plane is compared with which commit."""
    commit = plan.commit[:10] if plan.commit else ""
    if not plan.in_work_tree:
        source = f"commit {commit}"
    else:
        source = f"the work tree at {commit}" if commit else "the work tree, without a commit"
    return f"{plan.host} (api {plan.api}) against {source}"


def summary(plan: Plan) -> str:
    """What would change, in one line."""
    counts = plan.counts
    return (
        f"{counts['create']} to create, {counts['update']} to update, {counts['conflict']} in conflict, "
        f"{counts['unchanged']} unchanged"
    )


def left_alone(plan: Plan) -> str:
    """What is nobody's business here, in one line; empty where there is nothing of it."""
    parts = []
    if plan.others:
        parts.append(f"{counted(plan.others, 'document')} of other types")
    if plan.undeclared:
        parts.append(f"{counted(plan.undeclared, 'registered version')} not declared")
    return ", ".join(parts)


def shown(value: Json | Missing, path: Pointer = ()) -> str:
    """A value as JSON on one line; credentials by their fingerprints."""
    if value is None or isinstance(value, Missing):
        return NOTHING
    return json.dumps(masked(value, path), ensure_ascii=False, separators=(", ", ": "))


def _brief(field: FieldView) -> FieldView:
    if field.before is None:
        return FieldView(_cut(field.path), None, _cut(field.after))
    before, after = field.before, field.after
    if max(len(before), len(after)) > _LONGEST_ON_A_PAGE:
        before, after = around_difference(before, after, 2 * _LONGEST_ON_A_PAGE)
    return FieldView(_cut(field.path), before, after)


def _cut(text: str) -> str:
    return shortened(text, _LONGEST_ON_A_PAGE)


def _place(change: Change) -> str:
    if change.declared is None:
        return "no manifest"
    return f"{change.declared.place.file}:{change.declared.place.line}"


def _created(change: Create) -> Iterator[FieldView]:
    """The fields of a new version; of metadata, a line for each key."""
    for field in sorted(change.after.keys() - _IDENTITY, key=_ORDER.index):
        value = masked(change.after[field], (field,))
        if field == "source" and isinstance(value, Mapping):
            # Its parts are always the same two: as people say them.
            yield FieldView(field, None, " ".join(str(value[key]) for key in ("type", "uri") if key in value))
        elif field == "metadata" and isinstance(value, Mapping):
            for key in sorted(value):
                yield FieldView(f"{field}.{key}", None, shown(value[key]))
        else:
            yield FieldView(field, None, shown(value))


def _changed(change: Change) -> Iterator[FieldView]:
    """The fields that differ, in the order of those of a new version; fields unknown to us last."""
    found = change_differences(change)
    for difference in sorted(found, key=lambda found: (_rank(found.path[0]), found.path)):
        before, after = (shown(side, difference.path) for side in (difference.before, difference.after))
        yield FieldView(".".join(difference.path), before, after)


def _rank(field: str) -> int:
    return _ORDER.index(field) if field in _ORDER else len(_ORDER)


def _note(
    change: Change, conflict: Conflict | None, takers: Mapping[tuple[Artifact, int, str], Promotion]
) -> tuple[str, str]:
    if isinstance(change, Conflict):
        return change.reason, change.hint
    if conflict:
        return f"waits until the conflict of {label(conflict)} is resolved", ""
    if isinstance(change, Update) and change.registered.alias:
        taker = takers.get((change.artifact, change.version, change.registered.alias))
        if taker:
            target = f":{taker.target}" if taker.target else "the new version"
            return f"{taker.alias} moves to {target}", ""
    return "", ""
