"""What there is to show of a plan: the one walk that every renderer for people uses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.diff import Difference, Missing
from reconciler.manifest.load import Declaration
from reconciler.model import Artifact, Json
from reconciler.plan.change import Change, Conflict, Create, Plan, Promotion, Update, change_differences

_IDENTITY = frozenset({"type", "name", "ml_repo", "version"})
_FIRST = ("source", "version_alias", "description", "step", "run_id", "metadata")
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
    for change in plan.changes:
        place = f"{change.declared.place.file}:{change.declared.place.line}" if change.declared else ""
        note, hint = _note(change, takers)
        yield ChangeView(change.action, change.label, place, tuple(_fields(change)), note, hint)


def headline(plan: Plan) -> str:
    """Which control plane is compared with which commit."""
    commit = plan.commit[:10] if plan.commit else ""
    if not plan.in_work_tree:
        source = f"commit {commit}"
    else:
        source = f"the work tree at {commit}" if commit else "the work tree, without a commit"
    return f"{plan.host} (api {plan.api}) against {source}"


def summary(plan: Plan) -> str:
    """The counts, in one line."""
    counts = plan.counts
    parts = [
        f"{counts['create']} to create",
        f"{counts['update']} to update",
        f"{counts['conflict']} in conflict",
        f"{counts['unchanged']} unchanged",
    ]
    if plan.others:
        parts.append(f"{_count(plan.others, 'document')} of other types")
    if plan.undeclared:
        parts.append(f"{_count(plan.undeclared, 'registered version')} not declared")
    return ", ".join(parts)


def validated(declaration: Declaration) -> str:
    """What was found in the files, in one line."""
    errors = sum(problem.severity == "error" for problem in declaration.problems)
    parts = [_count(errors, "error")] if errors else []
    parts.append(
        f"{_count(len(declaration.manifests), 'valid manifest')} in {_count(declaration.files, 'file')}"
    )
    if declaration.others:
        parts.append(f"{_count(declaration.others, 'document')} of other types")
    return ", ".join(parts)


def shown(value: Json | Missing) -> str:
    """A value as JSON on one line."""
    if value is None or isinstance(value, Missing):
        return NOTHING
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _fields(change: Change) -> Iterator[FieldView]:
    if isinstance(change, Create):
        for field in sorted(change.after.keys() - _IDENTITY, key=_FIRST.index):
            yield _created(field, change.after[field])
        return
    for difference in change_differences(change):
        yield FieldView(_dotted(difference), shown(difference.before), shown(difference.after))


def _created(field: str, value: Json) -> FieldView:
    if field == "source" and isinstance(value, Mapping):
        # The one field whose parts are always the same two: as people say it.
        return FieldView(field, None, " ".join(str(value[key]) for key in ("type", "uri") if key in value))
    return FieldView(field, None, shown(value))


def _dotted(difference: Difference) -> str:
    return ".".join(difference.path)


def _note(change: Change, takers: Mapping[tuple[Artifact, int, str], Promotion]) -> tuple[str, str]:
    if isinstance(change, Conflict):
        return change.reason, change.hint
    if isinstance(change, Update) and change.registered.alias:
        taker = takers.get((change.artifact, change.version, change.registered.alias))
        if taker:
            target = f":{taker.target}" if taker.target else "the new version"
            return f"{taker.alias} moves to {target}", ""
    return "", ""
